"""`squall.score` and `squall.Model`, with the shipped weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import squall
from squall.model.tasks import DEFAULT_TASKS, EVENTS, MENTION_SEVERITY, SEVERITY
from tests.support.engines import save_checkpoint, tiny_settings

TEXTS = ["Bank shares plunge after fraud probe and profit warning", "", "Apple stock jumps to record high after strong earnings beat"]


@pytest.fixture(scope="module")
def model() -> Iterator[squall.Model]:
    with squall.Model() as opened:
        yield opened


def test_importing_squall_loads_neither_torch_nor_pandas_nor_chdb() -> None:
    code = "import sys, squall; print([name for name in ('torch', 'pandas', 'chdb', 'pydantic', 'faust') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_imported_and_an_unknown_one_is_an_attribute_error() -> None:
    for name in squall.__all__:
        assert getattr(squall, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = squall.scores  # type: ignore[attr-defined]
    assert set(squall.__all__) == set(dir(squall))


def test_every_task_has_a_label_and_probabilities_that_sum_to_one(model: squall.Model) -> None:
    scores = model.score(TEXTS)
    assert (len(scores), set(scores.tasks), scores.model_version) == (3, {"topic", "sentiment", "severity", "events"}, model.version)
    for name, classes in model.tasks.items():
        task = scores[name]
        assert task.probabilities.shape == (3, len(classes))
        if name == "events":  # any number of them at once
            continue
        np.testing.assert_allclose(task.probabilities.sum(axis=1), 1.0, atol=1e-5)
        assert task.labels == [classes[i] for i in task.probabilities.argmax(axis=1)]
    assert (scores["sentiment"].labels[0], scores["sentiment"].labels[2]) == ("negative", "positive")


def test_the_example_of_the_docs_has_the_labels_that_it_shows(model: squall.Model) -> None:
    scores = model.score(["Harbor Union Bank halts withdrawals", "Apple beats estimates"])
    assert scores["sentiment"].labels == ["negative", "positive"]
    assert (scores["sentiment"].classes, len(scores["topic"].classes)) == (("negative", "neutral", "positive"), 20)


def test_the_shared_model_answers_as_one_of_ones_own(model: squall.Model) -> None:
    np.testing.assert_array_equal(squall.score(TEXTS)["sentiment"].probabilities, model.score(TEXTS)["sentiment"].probabilities)


def test_the_frame_and_the_dictionaries_hold_the_same_numbers(model: squall.Model) -> None:
    scores = model.score(TEXTS)
    frame, rows = scores.to_frame(), list(scores)
    assert list(frame["text"]) == [row["text"] for row in rows] == TEXTS
    assert list(frame["sentiment"]) == [row["sentiment"] for row in rows]
    np.testing.assert_allclose(frame["sentiment: negative"], [row["sentiment_probabilities"]["negative"] for row in rows])
    assert len(frame.columns) == 1 + sum(1 + len(classes) for classes in model.tasks.values()) == 1 + 4 + 20 + 3 + 5 + 15


def test_no_texts_give_no_scores(model: squall.Model) -> None:
    scores = model.score([])
    assert (len(scores), scores["topic"].labels, len(scores.to_frame())) == (0, [], 0)


def test_any_iterable_of_strings_will_do(model: squall.Model) -> None:
    assert model.score(text for text in TEXTS).texts == tuple(TEXTS)


@pytest.mark.parametrize(
    ("texts", "message"), [("one", "a single string"), (["fine", None], r"texts\[1\] is NoneType"), ([b"x"], r"texts\[0\] is bytes")]
)
def test_what_is_not_a_list_of_strings_is_refused_by_name(model: squall.Model, texts: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        model.score(texts)  # type: ignore[arg-type]


def test_an_unknown_task_names_those_that_there_are(model: squall.Model) -> None:
    with pytest.raises(KeyError, match="this model has topic, sentiment, severity, events"):
        model.score(TEXTS)["mood"]


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(squall.ConfigurationError, match=str(tmp_path)):
        squall.Model(tmp_path)


def test_texts_have_the_entities_that_they_are_about(model: squall.Model) -> None:
    scores = model.score(["Apple beats estimates", "Nothing happened at all"])
    [apple] = scores.entities[0]
    assert (apple.name, apple.entity, apple.start, apple.end) == ("Apple", "company:apple-inc", 0, 5)
    assert apple.p_negative + apple.p_neutral + apple.p_positive == pytest.approx(1)
    assert scores.entities[1] == []
    assert [row["entities"] for row in scores] == [[apple.as_dict()], []]


def test_names_of_the_caller_get_their_tone_in_their_order(model: squall.Model) -> None:
    scores = model.score(["Apple beats estimates", "Apple beats estimates"], entities=[["Nobody AG", "apple"], None])
    assert [(each.name, each.start) for each in scores.entities[0]] == [("Nobody AG", None), ("apple", 0)]
    assert [each.entity for each in scores.entities[1]] == ["company:apple-inc"]


def test_names_that_do_not_fit_their_texts_are_an_error(model: squall.Model) -> None:
    with pytest.raises(ValueError, match="entities has 1 items, texts has 2"):
        model.score(["a", "b"], entities=[["c"]])
    with pytest.raises(ValueError, match="is no name"):
        model.score(["a"], entities=[["!!"]])


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        (["Royal Mail"], r"entities\[0\] is str; pass \['Royal Mail'\]"),
        ([[1]], r"entities\[0\] has 1, which is not a string"),
        ([[None]], r"entities\[0\] has None"),
        ([5], r"entities\[0\] is int; pass a list of names"),
        ([{"Royal Mail"}], r"entities\[0\] is set"),
        ("R", "entities is str"),
        ({"a": ["b"]}, "entities is dict"),
    ],
)
def test_entities_of_another_type_are_told_with_their_place(model: squall.Model, entities: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        model.score(["Royal Mail strikes"], entities=entities)


def test_ids_stand_for_names(model: squall.Model) -> None:
    scores = model.score(["VW recalls cars"], entities=[["company:volkswagen-ag", "found:alpenbank"]])
    found = [(each.name, each.entity, each.start) for each in scores.entities[0]]
    assert found == [("company:volkswagen-ag", "company:volkswagen-ag", 0), ("found:alpenbank", "found:alpenbank", None)]


def test_heads_with_a_number_or_several_labels_answer_with_these(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, tiny_base, tasks=(*DEFAULT_TASKS, SEVERITY, replace(EVENTS, threshold=1e-9), MENTION_SEVERITY))
    with squall.Model(settings=squall.load_settings().model_copy(update={"model": tiny_settings(folder)})) as tiny:
        scores = tiny.score(["Apple shares fall", ""])
    frame, rows = scores.to_frame(), list(scores)
    assert [row["severity"] for row in rows] == [float(number) for number in scores["severity"].numbers] == list(frame["severity"])
    assert all(0 <= row["severity"] <= 1 for row in rows)
    for row, names in zip(rows, frame["events"], strict=True):
        assert {event["name"] for event in row["events"]} == set(EVENTS.labels) == set(names.split(";"))
        assert [event["probability"] for event in row["events"]] == sorted(row["events_probabilities"].values(), reverse=True)
    [apple] = rows[0]["entities"]
    assert 0 <= apple["severity"] <= 1


def test_a_model_without_these_heads_says_none_and_no_events(tiny_base: Path, tmp_path: Path) -> None:
    settings = squall.load_settings().model_copy(update={"model": tiny_settings(save_checkpoint(tmp_path, tiny_base))})
    with squall.Model(settings=settings) as tiny:
        [row] = tiny.score(["Apple shares fall"])
    assert (row["severity"], row["events"], [each["severity"] for each in row["entities"]]) == (None, [], [None])
