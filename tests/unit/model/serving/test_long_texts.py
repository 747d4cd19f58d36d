"""Texts with more tokens than the network reads: what is read, and that answers lie where the names stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.app.linking import entity_objects, open_linker, wanted_entities
from squall.core.config.entities import EntitySettings
from squall.core.config.settings import ModelSettings
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.json_lines import score_lines
from squall.model.serving.long_texts import tokenised
from squall.model.spans import Span
from squall.model.tasks import DEFAULT_TASKS, MENTION_EVENTS, MENTION_SENTIMENT, MENTION_SEVERITY, NAMES
from squall.model.text_tokenizer import TextTokenizer
from tests.support.engines import save_checkpoint, tampered_engine, tiny_settings

TASKS = (*DEFAULT_TASKS, NAMES, MENTION_SENTIMENT, MENTION_SEVERITY, MENTION_EVENTS)
MOST = 64
CALM = "Gold is up on the day. "
GRAVE = "The bank files for bankruptcy after fraud."
LONG = "Oil deal is up\n\n" + CALM * 20 + GRAVE + " " + CALM * 20
SENTENCES = st.lists(
    st.sampled_from(
        [CALM, GRAVE, "Fed &amp; oil https://t.co/x <5901.T> fell.\n\n", "🚀 GOLD e\u0301 ", "\x00 fall\u200b", "苹果破产。", "oil " * 30]
    ),
    max_size=30,
).map("".join)


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("long"), tiny_base, tasks=TASKS, case=True)


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[ScoringEngine]:
    with ScoringEngine.open(tiny_settings(checkpoint, max_tokens=MOST)) as engine:
        yield engine


@pytest.fixture(scope="module")
def tokenizer(engine: ScoringEngine) -> TextTokenizer:
    return engine._model.tokenizer


def place(text: str, name: str) -> tuple[int, int]:
    return text.index(name), text.index(name) + len(name)


@settings(max_examples=25)
@given(st.lists(SENTENCES, max_size=5))
def test_tokens_never_exceed_the_limit_and_stand_in_their_order_where_the_text_has_them(tokenizer: TextTokenizer, texts: list[str]) -> None:
    aligned, parts = tokenised(tokenizer, texts, lambda _: (), tokenizer.aligned, lambda text: len(text.ids))
    ids, _ = tokenised(tokenizer, texts, lambda _: (), tokenizer.ids, len)
    assert ids == [text.ids for text in aligned]
    whole = tokenizer.aligned(texts)
    for number, (text, tokens) in enumerate(zip(texts, aligned, strict=True)):
        assert 0 < len(tokens.ids) <= MOST
        assert len(tokens.ids) == len(tokens.offsets) == len(tokens.inner)
        real = [(start, end) for start, end in tokens.offsets if start < end]
        assert all(0 <= start < end <= len(text) for start, end in real)
        assert [start for start, _ in real] == sorted(start for start, _ in real)
        if number in parts:
            assert all(any(a <= start < b for a, b in parts[number]) for start, _ in real)
        else:
            assert tokens == whole[number]


def test_a_short_text_is_read_as_it_is_and_nobody_is_asked_whom_it_is_about(tokenizer: TextTokenizer) -> None:
    def fail(_: int) -> list[tuple[float, list[tuple[int, int]]]]:
        raise AssertionError

    texts = ["", CALM, "gold " * (MOST - 2), "https://t.co/" + "x" * 400 + " gold"]
    aligned, parts = tokenised(tokenizer, texts, fail, tokenizer.aligned, lambda text: len(text.ids))
    assert (aligned, dict(parts)) == (tokenizer.aligned(texts), {})
    assert len(aligned[2].ids) == MOST
    with pytest.raises(AssertionError):
        tokenised(tokenizer, [*texts, "gold " * (MOST - 1)], fail, tokenizer.aligned, lambda text: len(text.ids))


def test_the_network_reads_what_it_would_read_of_the_excerpt_alone(checkpoint: Path) -> None:
    engine, backend = tampered_engine(tiny_settings(checkpoint, max_tokens=MOST))
    alone = f"Oil deal is up\n\n{CALM}{GRAVE}"
    with engine:
        found, expected = engine.read([LONG]), engine.read([alone])
        np.testing.assert_allclose(found.topic, expected.topic, atol=1e-5)
        here, there = [place(LONG, "bank"), place(LONG, "fraud")], [place(alone, "bank"), place(alone, "fraud")]
        np.testing.assert_allclose(found.tone(0, here), expected.tone(0, there), atol=1e-3)
        beginning, moved = alone.index(GRAVE), LONG.index(GRAVE) - alone.index(GRAVE)
        for span in expected.names[0]:  # one that reaches over the gap is two
            if span.end <= beginning:
                assert span in found.names[0] or span.end == beginning - 1
            elif span.start > beginning:
                assert Span(span.start + moved, span.end + moved, span.label) in found.names[0]
    assert max(max(batch) for batch in backend.batches) <= MOST


def test_names_were_looked_for_in_what_was_read_only(engine: ScoringEngine) -> None:
    reading = engine.read([LONG, CALM, ""])
    start, end = place(LONG, GRAVE)
    first, *_, last = reading.names_within(0)
    assert (first[0], last) == (0, (start, end))
    assert reading.names_within(1) == [(0, len(CALM.rstrip()))]
    assert reading.names_within(2) == []
    unread = LONG.rindex("Gold")
    severities = reading.mention_severity(0, [place(LONG, "bank"), (unread, unread + 4)])
    assert severities is not None
    assert np.isnan(severities).tolist() == [False, True]
    assert reading.mention_events(0, [(unread, unread + 4)]) == []
    np.testing.assert_allclose(reading.tone(0, [(unread, unread + 4)])[0], reading.sentiment[0])


def test_no_name_reaches_over_what_was_not_read(engine: ScoringEngine) -> None:
    texts = [LONG, LONG.replace("Oil deal is up", "GOLD FED OIL"), CALM * 30 + "Fed deal\n" + GRAVE]
    for row, spans in enumerate(engine.read(texts).spans[NAMES.name]):
        within = engine.read(texts).names_within(row)
        assert all(any(start <= span.start and span.end <= end for start, end in within) for span in spans)


def test_whom_a_text_should_be_read_about_is_asked_by_its_number_in_the_call(
    engine: ScoringEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("squall.model.serving.engine._CHUNK", 2)
    asked: list[int] = []
    at = LONG.rindex("Gold")

    def wanted(number: int) -> list[tuple[float, list[tuple[int, int]]]]:
        asked.append(number)
        return [(1.0, [(at, at + 4)])]

    reading = engine.read([CALM, LONG, CALM, CALM, LONG], wanted=wanted)
    assert asked == [1, 4]
    assert [any(start <= at < end for start, end in reading.names_within(row)) for row in (1, 3, 4)] == [True, False, True]


def test_texts_of_any_length_take_bounded_time_and_memory(engine: ScoringEngine) -> None:
    texts = [CALM + "Ok. " * 120_000, "x" * 480_000, "\n" * 480_000, "。" * 480_000, ". " * 100_000, "A.B. " * 50_000]
    reading = engine.read(texts)
    assert np.isfinite(reading.topic).all()
    assert all(end <= 12_000 for row in range(len(texts)) for _, end in reading.names_within(row))


@pytest.mark.slow
def test_the_shipped_model_sees_a_disaster_at_the_end_of_a_long_text() -> None:
    calm = (
        "The company opened a new office in Leeds. Analysts expect demand for phones to stay firm. Customers can order the device from"
        " Friday. The board meets again in March. Its designers showed two new colours. A spokesman for Bosch was not there. "
    )
    news = "Separately, Wirecard filed for insolvency after auditors found 1.9 billion euros missing."
    texts = ["Apple reports record profit\n\n" + calm * 3, "Apple reports record profit\n\n" + calm * 3 + news]
    linker = open_linker(EntitySettings())
    extra = {"extend": entity_objects(linker), "want": wanted_entities(linker)}
    lines = [*({"text": text} for text in texts), {"text": texts[0], "entities": ["Bosch"]}]
    with ScoringEngine.open(ModelSettings(threads=2)) as engine:
        quiet, grave, asked = score_lines([json.dumps(line).encode() for line in lines], engine, **extra)  # type: ignore[arg-type]
    assert quiet["severity"] < 0.3 < 0.5 < grave["severity"]
    assert "insolvency" in [event["name"] for event in grave["events"]]
    (wirecard,) = [entity for entity in grave["entities"] if entity["name"] == "Wirecard"]
    assert wirecard["severity"] > 0.5
    assert texts[1][wirecard["start"] : wirecard["end"]] == "Wirecard"
    assert asked["entities"][0]["severity"] is not None
