"""A mixture of heads: what it answers, in the folder, in the engine, in training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import CONFIG_FILE, BranchConfig, NetworkConfig, read_config
from squall.model.data.examples import Example
from squall.model.mixture import Mixture
from squall.model.network import MultiTaskNetwork, pad
from squall.model.outputs import softmax
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import TaskSpec
from squall.model.training.config import TrainConfig
from squall.model.training.finalisation import finalise
from squall.model.training.techniques.branching import planned_branch
from squall.model.training.techniques.distillation import score_with_teachers
from squall.model.training.techniques.head_blending import Blend
from squall.model.training.techniques.head_mixture import LearntMixture, by_convention
from squall.model.training.trainer import Trainer
from tests.support.engines import tiny_settings
from tests.support.labelled import MOOD, QUIET, SUBJECT, TASKS, rows

OTHER = TaskSpec("other_mood", MOOD.labels)
GATE = TaskSpec("convention", ("own", "other"))
HEADS = (MOOD, SUBJECT, OTHER, GATE)
MIXTURE = Mixture(task=MOOD.name, other=OTHER.name, gate=GATE.name)
LEARNT = LearntMixture(task=MOOD.name, other=OTHER.name, gate=GATE.name, sources=("mine",))
TEXTS = ["up up", "down", "gold oil down up", ""]


def _logits(rows: int, labels: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, (rows, labels), elements=st.floats(-20, 20, width=32))


@given(_logits(3, 2), _logits(3, 2), _logits(3, 2))
def test_the_answer_is_a_distribution_between_those_of_both_heads(own: np.ndarray, other: np.ndarray, gate: np.ndarray) -> None:
    found = MIXTURE.mixed({MOOD.name: own, OTHER.name: other, GATE.name: gate})
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    low, high = np.minimum(softmax(own), softmax(other)), np.maximum(softmax(own), softmax(other))
    assert ((found >= low - 1e-6) & (found <= high + 1e-6)).all()


def test_a_sure_gate_lets_one_head_answer() -> None:
    own, other, gate = (np.float32([[-2, 1]]), np.float32([[3, 0]]), np.float32([[40, -40]]))
    np.testing.assert_allclose(MIXTURE.mixed({MOOD.name: own, OTHER.name: other, GATE.name: gate}), softmax(own), atol=1e-6)
    np.testing.assert_allclose(MIXTURE.mixed({MOOD.name: own, OTHER.name: other, GATE.name: -gate}), softmax(other), atol=1e-6)


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        ((MOOD, SUBJECT, GATE), "no task 'other_mood'"),
        ((MOOD, SUBJECT, TaskSpec(OTHER.name, ("good", "bad")), GATE), "different labels"),
        ((MOOD, SUBJECT, OTHER, TaskSpec(GATE.name, ("a", "b", "c"))), "has 3 labels"),
        ((MOOD, SUBJECT, OTHER, TaskSpec(GATE.name, ("a", "b"), "text", "sigmoid")), "three softmax heads"),
    ],
)
def test_heads_that_can_t_be_mixed_are_told(tasks: tuple[TaskSpec, ...], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        MIXTURE.check(tasks)


def _saved(base: Path, folder: Path) -> Path:
    torch.manual_seed(3)
    network = MultiTaskNetwork.from_base(base, HEADS, name="tiny-1", mixture=MIXTURE).eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=1.0)  # type: ignore[arg-type]
    network.save(folder, (base / "tokenizer.json").read_text())
    return folder


def test_the_engine_answers_with_the_mixture_and_hides_its_parts(tiny_base: Path, tmp_path: Path) -> None:
    folder = _saved(tiny_base, tmp_path / "mixed")
    assert read_config(folder).mixture == MIXTURE
    with ScoringEngine.open(tiny_settings(folder), (MOOD, SUBJECT)) as engine:
        found = engine.read(TEXTS)
        assert [task.name for task in engine.tasks] == [MOOD.name, SUBJECT.name] == list(found.probabilities)
        ids = engine._model.tokenizer.ids(TEXTS)
    with torch.inference_mode():
        logits = {name: values.numpy() for name, values in MultiTaskNetwork.load(folder)(*pad(ids)).items()}
    np.testing.assert_allclose(found.probabilities[MOOD.name], MIXTURE.mixed(logits), atol=1e-4)
    np.testing.assert_allclose(found.probabilities[SUBJECT.name], softmax(logits[SUBJECT.name]), atol=1e-4)


def test_a_checkpoint_from_before_there_were_mixtures_loads(tiny_base: Path, tmp_path: Path) -> None:
    folder = _saved(tiny_base, tmp_path / "mixed")
    body = json.loads((folder / CONFIG_FILE).read_text())
    del body["mixture"]
    (folder / CONFIG_FILE).write_text(json.dumps({**body, "format": 3}))
    assert read_config(folder).mixture is None
    assert read_config(folder).answered == HEADS


def test_labels_go_to_the_head_whose_convention_their_set_follows() -> None:
    mine, theirs = Example("a", {"mood": 1, "subject": 2}, "mine"), Example("b", {"mood": 0}, "theirs")
    given_to_other, none = Example("c", {"other_mood": 1}, "theirs"), Example("d", {"subject": 1}, "mine")
    assert [row.labels for row in by_convention([mine, theirs, given_to_other, none], LEARNT)] == [
        {"mood": 1, "subject": 2, "convention": 0},
        {"other_mood": 0, "convention": 1},
        {"other_mood": 1, "convention": 1},
        {"subject": 1},
    ]
    assert by_convention([mine], None) == [mine]


SETTINGS = TrainConfig(epochs=4, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5)


def _base_with_a_branch(tiny_base: Path, tmp_path: Path) -> Path:
    """A checkpoint that knows moods as `mine` labels them, with a head on a branch."""
    first = Trainer(tiny_base, (MOOD,), SETTINGS, tmp_path / "first", QUIET)
    moods = [row for row in rows(320, 1) if "mood" in row.labels]
    first.fit(first.encode(moods), first.encode([row for row in rows(80, 2) if "mood" in row.labels]))
    config = SETTINGS.model_copy(update={"branch_layers": 1})
    second = Trainer(tmp_path / "first" / "best", TASKS, config, tmp_path / "second", QUIET)
    second.fit(second.encode(rows(320, 3)), second.encode(rows(80, 4)))
    return tmp_path / "second" / "best"


def _two_conventions(number: int, seed: int) -> list[Example]:
    """Texts of two sets: what one calls bad the other calls good, and a word tells them apart."""
    made = []
    for at, row in enumerate(row for row in rows(number, seed) if "mood" in row.labels):
        theirs = bool(at % 2)
        mood = 1 - row.labels["mood"] if theirs else row.labels["mood"]  # type: ignore[operator]
        made.append(Example(f"{'day day' if theirs else 'deal deal'} {row.text}", {"mood": mood}, "theirs" if theirs else "mine"))
    return made


def test_new_heads_are_learnt_while_the_rest_stays_to_the_last_bit_and_both_sets_are_answered(tiny_base: Path, tmp_path: Path) -> None:
    base = _base_with_a_branch(tiny_base, tmp_path)
    update = {"branch_layers": 1, "branch_frozen": True, "mixture": LEARNT, "epochs": 12, "keep": "last"}
    train, dev = (by_convention(_two_conventions(*drawn), LEARNT) for drawn in ((800, 5), (160, 6)))
    third = Trainer(base, HEADS, SETTINGS.model_copy(update=update), tmp_path / "third", QUIET)
    assert [task.name for task in third.learning] == [OTHER.name, GATE.name]
    found = finalise(third, third.fit(third.encode(train), third.encode(dev)), train, dev)
    before, after = (MultiTaskNetwork.load(folder).state_dict() for folder in (base, tmp_path / "third" / "best"))
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert read_config(tmp_path / "third" / "best").mixture == MIXTURE
    assert {name: scores["accuracy"] > 0.9 for name, scores in found["by_source"].items()} == {"mood/mine": True, "mood/theirs": True}
    with ScoringEngine.open(tiny_settings(tmp_path / "third" / "best"), TASKS) as engine:
        texts = _two_conventions(160, 6)
        answers = engine.read([row.text for row in texts]).probabilities[MOOD.name].argmax(1)
    assert np.mean([answer == row.labels["mood"] for answer, row in zip(answers, texts, strict=True)]) > 0.9


def test_what_a_gate_favours_is_put_in_once_however_often_a_run_goes_on(tiny_base: Path, tmp_path: Path) -> None:
    base = _base_with_a_branch(tiny_base, tmp_path)
    favouring = LEARNT.model_copy(update={"favour": 30.0})
    settings = SETTINGS.model_copy(
        update={"branch_layers": 1, "branch_frozen": True, "mixture": favouring, "epochs": 1, "calibrate": False}
    )
    train, dev = (by_convention(_two_conventions(*drawn), LEARNT) for drawn in ((200, 5), (160, 6)))
    run = Trainer(base, HEADS, settings, tmp_path / "run", QUIET)
    best = run.fit(run.encode(train), run.encode(dev))
    learnt = float(MultiTaskNetwork.load(tmp_path / "run" / "best").heads[GATE.name].bias[0].detach())  # type: ignore[index, union-attr]

    def bias(folder: str) -> float:
        network = MultiTaskNetwork.load(tmp_path / folder / "best")
        assert network.config.mixture == MIXTURE.model_copy(update={"favour": 30.0})
        return float(network.heads[GATE.name].bias[0].detach())  # type: ignore[index, union-attr]

    finalise(run, best, train, dev)
    assert bias("run") == pytest.approx(learnt + np.log(30), abs=0.01)
    finalise(run, best, train, dev)  # as a finished run that is resumed
    assert bias("run") == pytest.approx(learnt + np.log(30), abs=0.01)
    more = TaskSpec("more", ("a", "b"))
    labelled = [[Example(row.text, {**row.labels, "more": len(row.text) % 2}, row.source) for row in part] for part in (train, dev)]
    again = Trainer(tmp_path / "run" / "best", (*HEADS, more), settings, tmp_path / "again", QUIET)
    assert [task.name for task in again.learning] == ["more"]
    finalise(again, again.fit(again.encode(labelled[0]), again.encode(labelled[1])), *labelled)
    assert bias("again") == pytest.approx(learnt + np.log(30), abs=0.01)


def test_frozen_without_new_heads_or_without_a_branch_and_a_forgotten_mixture_are_errors(tiny_base: Path, tmp_path: Path) -> None:
    base = _base_with_a_branch(tiny_base, tmp_path)
    frozen = SETTINGS.model_copy(update={"branch_layers": 1, "branch_frozen": True})
    with pytest.raises(ConfigurationError, match="no head that the base lacks"):
        Trainer(base, TASKS, frozen, tmp_path / "none", QUIET)
    with pytest.raises(ConfigurationError, match="needs a base with a branch"):
        planned_branch(frozen, NetworkConfig({}, TASKS), (*TASKS, OTHER))
    with pytest.raises(ConfigurationError, match="branch_frozen needs a branch"):
        planned_branch(SETTINGS.model_copy(update={"branch_frozen": True}), None, TASKS)
    mixed = NetworkConfig({}, HEADS, branch=BranchConfig(1, frozenset({OTHER.name, GATE.name})), mixture=MIXTURE)
    with pytest.raises(ConfigurationError, match="mixture is empty"):
        planned_branch(SETTINGS.model_copy(update={"branch_layers": 1}), mixed, HEADS)


def test_a_teacher_with_a_mixture_teaches_what_it_answers(tiny_base: Path, tmp_path: Path) -> None:
    folder = _saved(tiny_base, tmp_path / "mixed")
    config = SETTINGS.model_copy(update={"teachers": (folder,)})
    soft = score_with_teachers([Example(text, {}, "x") for text in TEXTS[:3]], TASKS, config, tmp_path / "soft", QUIET).soft
    with ScoringEngine.open(tiny_settings(folder), TASKS) as engine:
        found = engine.read(TEXTS[:3]).probabilities
    for task in TASKS:
        np.testing.assert_allclose(soft[task.name], found[task.name], atol=0.02)  # teachers read in bf16 where there is


def test_a_run_that_blends_a_head_of_the_mixture_away_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    blend = Blend(into=MOOD.name, other=OTHER.name, share=0.5)
    with pytest.raises(ConfigurationError, match="blend drops other_mood"):
        Trainer(tiny_base, HEADS, SETTINGS.model_copy(update={"mixture": LEARNT, "blend": blend}), tmp_path / "run", QUIET)
