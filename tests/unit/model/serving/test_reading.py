"""A reading: topic, sentiment, names and the tone towards each, from one pass, in any backend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.core.gravity.event_kinds import EVENT_KINDS
from squall.model.outputs import probabilities
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.json_lines import score_lines
from squall.model.serving.severities import OF_NAMES
from squall.model.tasks import DEFAULT_TASKS, EVENTS, MENTION_EVENTS, MENTION_SENTIMENT, MENTION_SEVERITY, NAMES, SEVERITY, TaskSpec
from tests.support.engines import save_checkpoint, tampered_engine, tiny_settings

TASKS = (*DEFAULT_TASKS, NAMES, MENTION_SENTIMENT)
TEXT = "Bank shares fall &amp; gold rise https://t.co/x as OIL deal is up"


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("mentions"), tiny_base, tasks=TASKS, case=True)


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Iterator[ScoringEngine]:
    with ScoringEngine.open(tiny_settings(checkpoint)) as engine:
        yield engine


def _span(text: str, name: str) -> tuple[int, int]:
    return text.index(name), text.index(name) + len(name)


def test_one_pass_answers_for_every_head(checkpoint: Path) -> None:
    engine, backend = tampered_engine(tiny_settings(checkpoint))
    with engine:
        reading = engine.read([TEXT])
        assert reading.topic.shape == (1, 20)
        assert reading.sentiment.shape == (1, 3)
        assert reading.names[0]
        assert reading.tone(0, [_span(TEXT, "gold")]).shape == (1, 3)
    assert len(backend.batches) == 1


def test_the_tone_of_a_span_is_the_mean_of_its_tokens_logits(engine: ScoringEngine) -> None:
    model = engine._model
    (tokens,) = model.tokenizer.aligned([TEXT])
    logits = model.execution.backend.logits([tokens.ids])[MENTION_SENTIMENT.name][0]
    start, end = _span(TEXT, "gold rise")
    inside = [i for i, (first, last) in enumerate(tokens.offsets) if first < end and last > start and first < last]
    expected = probabilities(MENTION_SENTIMENT, logits[inside].mean(0))
    np.testing.assert_allclose(engine.read([TEXT]).tone(0, [(start, end)])[0], expected, atol=2e-3)


def test_a_span_that_was_cut_off_has_the_tone_of_its_text(engine: ScoringEngine) -> None:
    text = "gold rise " * 200
    reading = engine.read(["oil fall", text])
    np.testing.assert_allclose(reading.tone(1, [(len(text) - 5, len(text) - 1)]), reading.sentiment[1:])
    assert not np.allclose(reading.tone(1, [(0, 4)]), reading.sentiment[1:])


def test_without_the_heads_no_name_is_found_and_the_tone_is_the_texts(tiny_base: Path, tmp_path: Path) -> None:
    with ScoringEngine.open(tiny_settings(save_checkpoint(tmp_path, tiny_base))) as engine:
        reading = engine.read([TEXT, ""])
        assert reading.names == [[], []]
        np.testing.assert_array_equal(reading.tone(0, [(0, 4), (5, 11)]), np.repeat(reading.sentiment[:1], 2, axis=0))
        with pytest.raises(ConfigurationError, match="no task 'mention_sentiment'"):
            reading.towards(MENTION_SENTIMENT.name, 0, [(0, 4)])


def test_the_case_of_a_word_changes_what_is_read(engine: ScoringEngine, checkpoint: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(checkpoint / "model.safetensors")
    torch.manual_seed(5)
    weights["case.weight"] = torch.randn_like(weights["case.weight"])
    save_file(weights, checkpoint / "model.safetensors")
    with ScoringEngine.open(tiny_settings(checkpoint)) as cased:
        lower, upper = cased.read(["gold rise", "Gold rise"]).sentiment
        assert not np.allclose(lower, upper, atol=1e-4)
    lower, upper = engine.read(["gold rise", "Gold rise"]).sentiment
    np.testing.assert_allclose(lower, upper, atol=1e-6)  # a case that was never learnt says nothing


@settings(max_examples=40)
@given(st.lists(st.text(alphabet="abGOLDgold fed 🚀e\u0301\x00&;<", max_size=60), max_size=12), st.data())
def test_spans_anywhere_in_odd_texts_have_probabilities(engine: ScoringEngine, texts: list[str], data: st.DataObject) -> None:
    reading = engine.read(texts)
    for row, text in enumerate(texts):
        places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
        found = reading.tone(row, data.draw(st.lists(places, max_size=6)))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.sum(1), 1.0, atol=1e-5)
        for span in reading.names[row]:
            assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize(("output", "total"), [("softmax", True), ("ordinal", True), ("sigmoid", False)])
def test_heads_of_other_outputs_need_no_code(tiny_base: Path, tmp_path: Path, output: str, total: bool) -> None:
    tasks = [TaskSpec("grave", ("calm", "bad", "worst"), "text", output), TaskSpec("events", ("fire", "fraud"), "spans", output)]  # type: ignore[arg-type]
    folder = save_checkpoint(tmp_path, tiny_base, tasks=(*DEFAULT_TASKS, *tasks))
    with ScoringEngine.open(tiny_settings(folder)) as engine:
        reading = engine.read([TEXT])
    for found in (reading.probabilities["grave"], reading.towards("events", 0, [(0, 4)])):
        assert ((found > 0) & (found < 1)).all()
        assert np.allclose(found.sum(1), 1.0, atol=1e-5) == total


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "precision", "close"), [("onnx", "fp32", 1e-4), ("onnx", "int8", 0.3), ("eager", "bf16", 0.05), ("eager", "int8", 0.3)]
)
def test_every_backend_reads_the_same(checkpoint: Path, engine: ScoringEngine, backend: str, precision: str, close: float) -> None:
    from squall.core.errors import ConfigurationError as Unsupported

    texts = [TEXT, "Gold", "oil deal of the BANK is WEAK on the day", ""]
    try:
        other = ScoringEngine.open(tiny_settings(checkpoint, backend=backend, precision=precision))
    except Unsupported as error:
        pytest.skip(str(error))
    with other, ScoringEngine.open(tiny_settings(checkpoint)) as same:
        found, expected = other.read(texts), same.read(texts)
        np.testing.assert_allclose(found.sentiment, expected.sentiment, atol=close)
        for row, text in enumerate(texts):
            spans = [(0, len(text))]
            np.testing.assert_allclose(found.tone(row, spans), expected.tone(row, spans), atol=close)
        if close < 0.01:
            assert found.names == expected.names


GRAVITY = (SEVERITY, EVENTS, MENTION_SEVERITY, replace(MENTION_EVENTS, threshold=0.3))


@pytest.fixture(scope="module")
def grave(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("grave"), tiny_base, tasks=(*DEFAULT_TASKS, *GRAVITY))


def test_severity_is_the_power_mean_of_the_grades_where_no_names_are_read(grave: Path) -> None:
    with ScoringEngine.open(tiny_settings(grave)) as engine:
        reading = engine.read([TEXT, "Gold", ""])
    assert reading.severity is not None
    assert (reading.severity.shape, reading.severity.dtype) == ((3,), np.float32)
    by_hand = (reading.probabilities["severity"] * np.sqrt([0, 0.25, 0.5, 0.75, 1])).sum(1) ** 2
    np.testing.assert_allclose(reading.severity, by_hand, atol=1e-6)


def test_severity_is_raised_by_that_for_the_organisations_of_the_text(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "named", tiny_base, tasks=(*DEFAULT_TASKS, NAMES, *GRAVITY))
    with ScoringEngine.open(tiny_settings(folder)) as engine:
        reading = engine.read([TEXT, "Gold", ""])
    assert reading.severity is not None
    roots = (reading.probabilities["severity"] * np.sqrt([0, 0.25, 0.5, 0.75, 1])).sum(1)
    for row in range(2):
        tokens = reading.name_chances(row)
        towards = reading.towards("mention_severity", row, [(start, end) for start, end, _, _ in tokens])
        of_each = (towards * np.sqrt([0, 0.25, 0.5, 0.75, 1])).sum(1)
        named = max(chance * root for (_, _, chance, _), root in zip(tokens, of_each, strict=True))
        assert reading.severity[row] == pytest.approx((1 - (1 - roots[row]) * (1 - OF_NAMES * named)) ** 2, abs=1e-3)
        found = reading.mention_severity(row, [tokens[0][:2]])
        assert found is not None
        assert found[0] == pytest.approx(of_each[0] ** 2, abs=1e-3)
    assert reading.severity[2] == pytest.approx(roots[2] ** 2, abs=1e-6)


def test_of_a_span_that_was_cut_off_nothing_is_said_of_how_grave_it_is(grave: Path) -> None:
    with ScoringEngine.open(tiny_settings(grave)) as engine:
        reading = engine.read([TEXT])
    found = reading.mention_severity(0, [(0, 4), (900, 904)])
    assert found is not None
    assert reading.severity is not None
    assert found.dtype == np.float32
    assert 0 <= found[0] <= 1
    assert np.isnan(found[1])
    assert reading.mention_severity(0, []) is not None


def test_events_are_those_that_reach_the_checkpoints_threshold_likeliest_first(grave: Path) -> None:
    with ScoringEngine.open(tiny_settings(grave)) as engine:
        by_default = engine.read([TEXT])
    found = by_default.probabilities["events"][0]
    assert [name for name, _ in by_default.events(0)] == [EVENT_KINDS[i] for i in np.argsort(-found) if found[i] >= EVENTS.threshold]
    body = json.loads((grave / "config.json").read_text())
    limit = float(np.sort(found)[-3])
    next(task for task in body["tasks"] if task["name"] == "events")["threshold"] = limit - 1e-4
    (grave / "config.json").write_text(json.dumps(body))
    with ScoringEngine.open(tiny_settings(grave)) as engine:
        events = engine.read([TEXT]).events(0)
    assert [name for name, _ in events] == [EVENT_KINDS[i] for i in np.argsort(-found)[:3]]
    assert [probability for _, probability in events] == sorted((p for _, p in events), reverse=True)


def test_events_of_a_users_own_are_read_by_their_names(tiny_base: Path, tmp_path: Path) -> None:
    own = replace(EVENTS, labels=("supply_chain", "fire"), threshold=0.001)
    with ScoringEngine.open(tiny_settings(save_checkpoint(tmp_path, tiny_base, tasks=(*DEFAULT_TASKS, own)))) as engine:
        assert {name for name, _ in engine.read([TEXT]).events(0)} == {"supply_chain", "fire"}


def test_what_happened_to_a_name_is_the_mean_over_its_places_and_nothing_where_none_was_read(grave: Path) -> None:
    with ScoringEngine.open(tiny_settings(grave)) as engine:
        reading = engine.read([TEXT])
    places = [(0, 4), (5, 9)]
    mean = reading.towards("mention_events", 0, places).mean(0)
    found = reading.mention_events(0, [*places, (900, 904)])
    assert found is not None
    assert [name for name, _ in found] == [EVENT_KINDS[i] for i in np.argsort(-mean, kind="stable") if mean[i] >= 0.3]
    np.testing.assert_allclose([probability for _, probability in found], sorted((p for p in mean if p >= 0.3), reverse=True), atol=1e-6)
    assert 0 < len(found) < len(EVENT_KINDS)
    assert reading.mention_events(0, [(900, 904)]) == reading.mention_events(0, []) == []


def test_without_the_heads_nothing_is_said_of_severity_and_events(engine: ScoringEngine) -> None:
    reading = engine.read([TEXT])
    assert (reading.severity, reading.events(0)) == (None, [])
    assert (reading.mention_severity(0, [(0, 4)]), reading.mention_events(0, [(0, 4)])) == (None, None)


def test_a_scored_line_has_severity_and_events_or_null_and_none(grave: Path, engine: ScoringEngine) -> None:
    with ScoringEngine.open(tiny_settings(grave)) as graded:
        reading = graded.read([TEXT])
        [line] = score_lines([TEXT.encode()], graded)
    assert reading.severity is not None
    assert line["severity"] == pytest.approx(float(reading.severity[0]), abs=1e-5)
    assert [event["name"] for event in line["events"]] == [name for name, _ in reading.events(0)]
    assert line["events"]
    assert all(event.keys() == {"name", "probability"} for event in line["events"])
    [without] = score_lines([TEXT.encode()], engine)
    assert (without["severity"], without["events"]) == (None, [])
