"""Heads of every kind and output are data: a recipe names them, a run learns them, evaluation measures them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.evaluation import metrics
from squall.model.evaluation.evaluate import evaluate
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import expected_position, is_known, ordinal_answer, probabilities, target_array
from squall.model.serving.engine import ScoringEngine
from squall.model.spans import UNKNOWN, Span, parse_spans
from squall.model.tasks import MENTION_SENTIMENT, TaskSpec
from squall.model.training.config import TrainConfig
from squall.model.training.losses import Objective, Targets, divergence, span_logits
from squall.model.training.recipe import load_recipe
from squall.model.training.run import run
from squall.model.training.techniques.temperature_scaling import fit_temperature
from tests.support.engines import tiny_settings
from tests.support.labelled import QUIET

GRAVE = TaskSpec("grave", ("calm", "bad", "worst"), "text", "ordinal")
EVENTS = TaskSpec("events", ("oil", "gold", "fed"), "text", "sigmoid")
TONE = TaskSpec("tone", ("negative", "positive"), "spans")


def test_a_label_is_read_as_its_output_needs_it() -> None:
    assert EVENTS.label("fed; oil") == EVENTS.label(["fed", "oil", "fed"]) == (0, 2)
    assert EVENTS.label("none") == EVENTS.label([]) == ()
    assert GRAVE.label("bad") == GRAVE.label("0.5") == 0.5
    assert GRAVE.label(2, ("calm", "bad", "worst")) == 1.0
    for task, value in ((GRAVE, "1.5"), (GRAVE, "grim"), (EVENTS, "fire;oil")):
        with pytest.raises(ValueError, match=f"is not a label of {task.name}: allowed are"):
            task.label(value)


def test_a_tokens_task_has_one_tag_per_token() -> None:
    with pytest.raises(ConfigurationError, match="one tag per token"):
        TaskSpec("x", ("O", "B", "I"), "tokens", "sigmoid")
    with pytest.raises(ConfigurationError, match="allowed are softmax, sigmoid, ordinal"):
        TaskSpec("x", ("a", "b"), "text", "log")  # type: ignore[arg-type]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8), st.integers(2, 6))
def test_a_number_between_grades_comes_back_as_their_mean(numbers: list[float | None], grades: int) -> None:
    task = TaskSpec("grave", tuple(map(str, range(grades))), "text", "ordinal")
    targets = target_array(task, numbers)
    known = is_known(targets)
    assert known.tolist() == [number is not None for number in numbers]
    np.testing.assert_allclose(expected_position(targets[known]), [number for number in numbers if number is not None], atol=1e-5)
    np.testing.assert_allclose(targets[known].sum(1), 1.0, atol=1e-5)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.integers(0, 5))
def test_a_sure_grade_is_its_own_answer_and_doubt_answers_no_more_than_the_expected_grade(shares: list[float], sure: int) -> None:
    grades = len(shares)
    found = np.array(shares, dtype=np.float32) / np.float32(sum(shares))
    assert 0 <= ordinal_answer(found) <= expected_position(found) + 1e-5
    certain = np.eye(grades, dtype=np.float32)[sure % grades]
    assert ordinal_answer(certain) == pytest.approx((sure % grades) / (grades - 1), abs=1e-6)


def test_the_loss_of_a_span_is_that_of_its_tokens_mean() -> None:
    logits = {"tone": torch.tensor([[[0.0, 0.0], [2.0, 0.0], [4.0, 0.0], [9.0, 9.0]]])}
    targets = Targets({"tone": torch.tensor([0])}, {}, None, {"tone": torch.tensor([[0, 1, 3]])})
    torch.testing.assert_close(span_logits(logits["tone"], targets.places["tone"]), torch.tensor([[3.0, 0.0]]))
    loss = Objective([TONE], TrainConfig())(logits, targets)
    assert loss.item() == pytest.approx(np.log1p(np.exp(-3.0)), rel=1e-5)


def test_a_batch_without_spans_costs_nothing() -> None:
    logits = {"tone": torch.zeros(1, 3, 2, requires_grad=True)}
    empty = Targets({"tone": torch.zeros(0, dtype=torch.int64)}, {}, None, {"tone": torch.zeros(0, 3, dtype=torch.int64)})
    loss = Objective([TONE], TrainConfig())(logits, empty)
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize("task", [EVENTS, GRAVE])
def test_teachers_and_r_drop_know_every_output(task: TaskSpec) -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5]], requires_grad=True)
    soft = torch.from_numpy(probabilities(task, logits.detach().numpy()))
    targets = Targets({task.name: torch.from_numpy(target_array(task, [None]))}, {task.name: soft})
    loss = Objective([task], TrainConfig(teacher_share=1.0))({task.name: logits}, targets)
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    other = torch.tensor([[0.0, 0.0, 0.0]])
    assert divergence(logits, logits, targets.labels[task.name], task.output).item() == pytest.approx(0.0, abs=1e-6)
    assert divergence(logits, other, targets.labels[task.name], task.output).item() > 0.1


def test_the_temperature_of_labels_by_themselves_softens_each() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (2000, 3)).astype(np.float32)
    targets = (rng.random((2000, 3)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    assert fit_temperature(logits * 3, targets, "sigmoid") == pytest.approx(3.0, rel=0.1)


def test_unjudged_stretches_are_neither_right_nor_wrong() -> None:
    report = metrics.span_report([[Span(0, 4), Span(5, 9, UNKNOWN)]], [[Span(0, 4), Span(6, 8), Span(10, 12)]], ("",))
    assert (report["spans"], report["recall"], report["precision"]) == (1, 1.0, 0.5)
    task = TaskSpec("entity", ("O", "B", "I"), "tokens")
    assert parse_spans([{"start": 0, "end": 2, "label": "?"}], "gold", task) == (Span(0, 2, UNKNOWN),)


def test_spans_may_be_given_by_name() -> None:
    assert parse_spans('{"Gold": "Bullish"}', "oil and gold", MENTION_SENTIMENT) == (Span(8, 12, "positive"),)
    with pytest.raises(ValueError, match="does not name 'fed'"):
        parse_spans({"fed": "neutral"}, "gold", MENTION_SENTIMENT)


def test_the_interval_holds_the_share_and_shrinks_with_more_texts() -> None:
    rng = np.random.default_rng(2)
    right = rng.random(4000) < 0.8
    low, high = metrics.bootstrap_interval(np.arange(4000), right)
    few = metrics.bootstrap_interval(np.arange(100), right[:100])
    assert low < right.mean() < high
    assert high - low < 0.03 < few[1] - few[0]


def _rows(number: int) -> list[dict[str, object]]:
    """Two names in each text, the first falls and the second rises; how grave and which events by words as well."""
    rng = random.Random(3)
    rows: list[dict[str, object]] = []
    for _ in range(number):
        first, second = rng.sample(["oil", "gold", "fed", "bank"], 2)
        fall, rise = rng.choice(["fall", "down", "weak"]), rng.choice(["rise", "up", "strong"])
        texts, signs = [f"{first} {fall}", f"{second} {rise}"], ["negative", "positive"]
        order = rng.sample([0, 1], 2)
        text = " a day ".join(texts[i] for i in order)
        grave = {"fall": 1.0, "down": 0.5, "weak": 0.0}[fall]
        names = [name for name in (first, second) if name != "bank"]
        tones = {f"{(first, second)[i]} {(fall, rise)[i]}": signs[i] for i in order}
        rows.append({"text": text, "tone": tones, "grave": grave, "events": names})
    return rows


RECIPE = """
[[task]]
name = "tone"
kind = "spans"
labels = ["negative", "positive"]
[[task]]
name = "grave"
output = "ordinal"
labels = ["calm", "bad", "worst"]
[[task]]
name = "events"
output = "sigmoid"
labels = ["oil", "gold", "fed"]
[[part]]
path = "rows.jsonl"
labels = { grave = "grave", events = "events" }
spans = { tone = "tone" }
[train]
case = true
epochs = 10
batch_rows = 16
learning_rate = 3e-3
head_learning_rate = 1e-2
patience = 10
precision = "fp32"
threads = 1
dev_share = 0.2
dev_fold = 2
keep = "last"
"""


@pytest.mark.slow
def test_a_recipe_alone_adds_heads_of_each_output(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, _rows(400))), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    recipe = load_recipe(tmp_path / "recipe.toml", {"base": str(tiny_base), "out": tmp_path / "run"}, {})
    best = run(recipe, QUIET)
    assert best["epoch"] == 10
    assert best["tasks"]["tone"]["accuracy"] > 0.9
    assert best["tasks"]["tone"]["mixed"]["accuracy"] > 0.9  # one label per text would have half of them
    assert best["tasks"]["grave"]["mean_absolute_error"] < 0.1
    assert best["tasks"]["events"]["macro_f1"] > 0.9
    assert set(best["calibration"]) == {"tone", "grave", "events"}
    network = MultiTaskNetwork.load(tmp_path / "run" / "best")
    assert network.config.tasks == recipe.tasks
    with ScoringEngine.open(tiny_settings(tmp_path / "run" / "best"), needed=()) as engine:
        for task in recipe.tasks:
            found = evaluate(engine, tmp_path / "run" / "held_out.jsonl", task.name, label=task.name)
            assert found["macro_f1"] == pytest.approx(best["tasks"][task.name]["macro_f1"], abs=0.02)
            assert found["classes"]


def test_folds_hold_out_each_row_once() -> None:
    from squall.model.data.dev_split import split
    from squall.model.data.examples import Example

    rows = [Example(f"text number {i}", {"topic": 0}) for i in range(200)]
    held = [row.text for fold in range(5) for row in split(rows, dev_share=0.2, seed=1, fold=fold)[1]]
    assert sorted(held) == sorted(row.text for row in rows)
    with pytest.raises(ConfigurationError, match="no fold 5"):
        split(rows, dev_share=0.2, seed=1, fold=5)
