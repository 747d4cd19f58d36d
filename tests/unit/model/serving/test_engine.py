"""The engine: order, company, odd texts, threads; and what is built on it: evaluation and scored lines."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.core.records import SENTIMENTS, TOPICS
from squall.model.evaluation.evaluate import evaluate
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.dynamic_int8 import DynamicInt8Linear, quantise
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.json_lines import score_lines
from squall.model.serving.reading import Reading
from squall.model.tasks import DEFAULT_TASKS, TaskSpec
from tests.support.engines import ENTITY, save_checkpoint, tiny_settings

PRECISIONS = ["fp32", "int8"]
ODD = ["", " ", "\x00", "a\x00b", "🚀🚀 to the moon", "\ud800", "https://t.co/x", "x" * 300_000, "gold " * 5_000, "&amp;", "ﷺ", "\u200b"]


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), tiny_base)


@pytest.fixture(scope="module", params=PRECISIONS)
def engine(request: pytest.FixtureRequest, checkpoint: Path) -> Iterator[ScoringEngine]:
    with ScoringEngine.open(tiny_settings(checkpoint, precision=request.param)) as engine:
        yield engine


TEXTS = st.lists(st.text(alphabet="abcdefgold fed 🚀\x00&;", max_size=80), max_size=24)


@settings(max_examples=40)
@given(TEXTS, st.randoms(use_true_random=False))
def test_a_text_scores_the_same_in_any_company_and_place(engine: ScoringEngine, texts: list[str], rng: object) -> None:
    together = engine.read(texts)
    order = list(range(len(texts)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    shuffled = engine.read([texts[i] for i in order])
    for place, i in enumerate(order):
        np.testing.assert_allclose(shuffled.sentiment[place], together.sentiment[i], atol=1e-5)
        alone = engine.read([texts[i]])
        np.testing.assert_allclose(alone.topic[0], together.topic[i], atol=1e-5)
        np.testing.assert_allclose(alone.sentiment[0], together.sentiment[i], atol=1e-5)


def test_no_texts_give_no_scores_of_the_right_shape(engine: ScoringEngine) -> None:
    scores = engine.read([])
    assert len(scores) == 0
    assert scores.topic.shape == (0, len(TOPICS))
    assert scores.sentiment.shape == (0, len(SENTIMENTS))


def test_odd_texts_get_finite_probabilities_that_sum_to_one(engine: ScoringEngine) -> None:
    scores = engine.read(ODD)
    for values, width in ((scores.topic, len(TOPICS)), (scores.sentiment, len(SENTIMENTS))):
        assert values.shape == (len(ODD), width)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        np.testing.assert_allclose(values.sum(1), 1.0, atol=1e-5)


def test_more_texts_than_are_tokenised_at_once_keep_their_order(engine: ScoringEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{word} rise {i % 7 * 'the '}" for i, word in enumerate(["gold", "oil", "fed"] * 10)]
    whole = engine.read(texts)
    monkeypatch.setattr("squall.model.serving.engine._CHUNK", 4)
    np.testing.assert_allclose(engine.read(texts).topic, whole.topic, atol=1e-5)


def test_threads_get_their_own_answers(engine: ScoringEngine) -> None:
    texts = [f"{word} {verb}" for word in ("gold", "oil", "fed", "bank") for verb in ("rise", "fall")]
    expected = {text: engine.read([text]).topic[0] for text in texts}
    wrong: list[str] = []

    def work(text: str) -> None:
        for _ in range(10):
            if not np.allclose(engine.read([text, "the quiet day"]).topic[0], expected[text], atol=1e-5):
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_int8_stays_close_to_fp32(checkpoint: Path) -> None:
    texts = ["gold rise", "bank shares fall on profit loss", "fed rates cut the day"]
    exact, rough = (ScoringEngine.open(ModelSettings(path=checkpoint, precision=p, device="cpu")).read(texts) for p in ("fp32", "int8"))
    np.testing.assert_allclose(rough.sentiment, exact.sentiment, atol=0.08)


def test_int8_gives_the_same_sums_with_and_without_the_processors_help() -> None:
    torch.manual_seed(0)
    layer = DynamicInt8Linear(torch.nn.Linear(48, 32))
    inputs = torch.randn(2, 5, 48)
    layer.native = False
    slow = layer(inputs)
    layer.native = True
    torch.testing.assert_close(layer(inputs), slow, atol=1e-5, rtol=1e-5)


def test_quantising_replaces_every_linear_layer() -> None:
    module = quantise(torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))))
    assert not [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]
    assert module(torch.zeros(3, 4)).shape == (3, 2)


def test_the_version_distinguishes_weights_and_precision(checkpoint: Path, tmp_path: Path, tiny_base: Path) -> None:
    def version(folder: Path, precision: str) -> str:
        return ScoringEngine.open(ModelSettings.model_validate({"path": folder, "precision": precision, "device": "cpu"})).model_version

    torch.manual_seed(12)
    MultiTaskNetwork.from_base(tiny_base, DEFAULT_TASKS, name="tiny-1").save(tmp_path, (tiny_base / "tokenizer.json").read_text())
    names = [version(checkpoint, "fp32"), version(checkpoint, "int8"), version(tmp_path, "fp32")]
    assert len(set(names)) == 3
    assert all(name.startswith("tiny-1-") and len(name) == len("tiny-1-") + 8 for name in names)
    assert version(checkpoint, "fp32") == names[0]


def test_columns_follow_our_order_whatever_the_checkpoints_order(tiny_base: Path, tmp_path: Path) -> None:
    torch.manual_seed(13)
    turned = (TaskSpec("sentiment", ("positive", "negative", "neutral")), TaskSpec("topic", TOPICS))
    MultiTaskNetwork.from_base(tiny_base, turned, name="tiny-1").save(tmp_path, (tiny_base / "tokenizer.json").read_text())
    engine = ScoringEngine.open(ModelSettings(path=tmp_path, precision="fp32", device="cpu"))
    own = engine.read(["gold"]).probabilities["sentiment"][0]
    np.testing.assert_allclose(engine.read(["gold"]).sentiment[0], own[[1, 2, 0]])


def test_a_checkpoint_without_one_of_our_heads_is_a_clear_error(tiny_base: Path, tmp_path: Path) -> None:
    tasks = (TaskSpec("mood", ("bad", "good")),)
    MultiTaskNetwork.from_base(tiny_base, tasks, name="tiny-1").save(tmp_path, (tiny_base / "tokenizer.json").read_text())
    with pytest.raises(ConfigurationError, match="no topic head"):
        ScoringEngine.open(ModelSettings(path=tmp_path))


def test_a_folder_without_a_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a model folder"):
        ScoringEngine.open(ModelSettings(path=tmp_path))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_asking_for_a_gpu_that_is_not_there_is_a_clear_error(checkpoint: Path) -> None:
    with pytest.raises(ConfigurationError, match="no GPU"):
        ScoringEngine.open(ModelSettings(path=checkpoint, device="cuda"))


def test_lines_and_objects_come_back_in_order_and_bad_ones_say_why(engine: ScoringEngine) -> None:
    lines = [
        b"gold rise\n",
        b"\n",
        b'{"text": "oil fall", "id": 7}\n',
        b"{broken\n",
        b"\xff\xfe\n",
        b'{"id": 8, "text": 3}',
        b'{"text": " "}',
        b"{}",
    ]
    results = list(score_lines(lines, engine, batch=3))
    assert [(r.get("line"), r.get("text"), r.get("id")) for r in results] == [
        (None, "gold rise", None),
        (None, "oil fall", 7),
        (4, None, None),
        (5, None, None),
        (6, None, 8),
        (7, None, None),
        (8, None, None),
    ]
    assert [r["error"].split(":")[0] for r in results[2:]] == [
        "broken JSON",
        "not UTF-8 at byte 0",
        "field text is int, not a string",
        "field text is empty",
        "field text is missing",
    ]
    first = results[0]
    assert first["topic"] in TOPICS
    assert first["sentiment"] == SENTIMENTS[int(np.argmax([first["p_negative"], first["p_neutral"], first["p_positive"]]))]
    assert first["p_negative"] + first["p_neutral"] + first["p_positive"] == pytest.approx(1, abs=1e-4)
    assert first["score"] == pytest.approx(first["p_positive"] - first["p_negative"], abs=1e-5)
    assert first["model_version"] == engine.model_version
    json.dumps(results)


def test_a_line_of_json_without_a_text_is_an_error_and_a_text_that_looks_like_json_is_read(engine: ScoringEngine) -> None:
    values = [b"null", b"[1, 2]", b"12", b"-3.5e2", b"true"]
    assert [line["error"].split(",")[0] for line in score_lines(values, engine)] == [
        "the JSON value null",
        "a JSON array",
        "the JSON value 12",
        "the JSON value -3.5e2",
        "the JSON value true",
    ]
    texts = ["null and void", "[Update] oil falls", "12 dead in blast", '"Gold rises"', "- gold", "true or not"]
    assert [line["text"] for line in score_lines([text.encode() for text in texts], engine)] == texts


def test_a_line_may_bring_names_and_the_caller_adds_what_it_knows_of_them(engine: ScoringEngine) -> None:
    lines = [b'{"text": "gold rise", "entities": ["gold", "Royal Mail"]}', b"oil fall", b'{"text": "a", "entities": "gold"}']
    lines += [b'{"text": "a", "entities": [""]}', json.dumps({"text": "a", "entities": ["x"] * 101}).encode()]

    def extend(text: str, reading: Reading, row: int, names: Sequence[str] | None) -> dict[str, Any]:
        return {"entities": [[name, round(float(reading.tone(row, [(0, 4)])[0].sum()), 3)] for name in names or ()]}

    first, second, *bad = score_lines(lines, engine, extend=extend)
    assert first["entities"] == [["gold", 1.0], ["Royal Mail", 1.0]]
    assert second["entities"] == []
    assert [line["error"] for line in bad] == ["field entities is not a list of names"] * 2 + [
        "field entities has 101 names, at most 100 are read"
    ]


def test_evaluation_compares_the_engines_own_answers(engine: ScoringEngine, tmp_path: Path) -> None:
    texts = ["gold rise", "oil fall", "fed rates cut", "quiet day"]
    answers = engine.read(texts).sentiment.argmax(1).tolist()
    answers[3] = (answers[3] + 1) % 3
    path = tmp_path / "labelled.csv"
    order = ("neutral", "positive", "negative")  # integers of the file
    numbers = [order.index(SENTIMENTS[answer]) for answer in answers]
    path.write_text("text,label\n" + "".join(f"{text},{number}\n" for text, number in zip(texts, numbers, strict=True)))
    found = evaluate(engine, path, "sentiment", order=order)
    assert (found["rows"], found["accuracy"], found["model_version"]) == (4, 0.75, engine.model_version)


@pytest.mark.parametrize(
    ("task", "order", "body", "said"),
    [
        ("mood", None, "text,label\na,1\n", "allowed are topic, sentiment"),
        ("sentiment", ("up", "down"), "text,label\na,1\n", "--labels: 'up' is not a label"),
        ("sentiment", None, "text,label\na,\n", "column label is empty throughout"),
        ("sentiment", None, "text,label\na,1\nb,9\n", "row 2"),
    ],
)
def test_evaluation_names_what_is_wrong(
    engine: ScoringEngine, tmp_path: Path, task: str, order: tuple[str, ...] | None, body: str, said: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(body)
    with pytest.raises(ConfigurationError) as caught:
        evaluate(engine, path, task, order=order)
    assert said in str(caught.value)


def test_lines_contain_the_spans_of_a_tokens_task_in_the_text_as_given(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, tiny_base, tasks=(*DEFAULT_TASKS, ENTITY))
    with ScoringEngine.open(tiny_settings(folder)) as engine:
        text = "bank &amp; oil deal https://t.co/x strong gold"
        (line,) = score_lines([text.encode()], engine)
        (spans,) = engine.read([text]).spans["entity"]
    assert line["entity"] == [{"start": s.start, "end": s.end, "text": text[s.start : s.end]} for s in spans]
    assert spans


def test_a_checkpoint_of_other_tasks_can_be_measured_but_not_put_into_the_stream(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, tiny_base, tasks=(TaskSpec("mood", ("bad", "good")), ENTITY))
    with pytest.raises(ConfigurationError, match="no topic head"):
        ScoringEngine.open(tiny_settings(folder))
    with ScoringEngine.open(tiny_settings(folder), needed=()) as engine:
        found = engine.read(["oil up"])
        assert found.probabilities["mood"].shape == (1, 2)
        assert len(found.spans["entity"]) == 1
        with pytest.raises(ConfigurationError, match="no topic head"):
            _ = found.topic
