"""The loss: what is summed, and what each refinement does to it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from squall.model.tasks import MISSING
from squall.model.training.config import TrainConfig
from squall.model.training.losses import Objective, Targets, balanced_weights, divergence
from tests.support.labelled import MENTION, MOOD, TASKS


def _loss(config: TrainConfig, logits: dict[str, torch.Tensor], labels: dict[str, list[int]], **soft: torch.Tensor) -> torch.Tensor:
    targets = Targets({name: torch.tensor(values) for name, values in labels.items()}, soft)
    tasks = [task for task in (*TASKS, MENTION) if task.name in logits]
    loss: torch.Tensor = Objective(tasks, config)(logits, targets)
    return loss


def test_the_loss_is_the_weighted_sum_over_labels_that_are_there() -> None:
    logits = {"mood": torch.tensor([[2.0, 0.0], [0.0, 0.0]]), "subject": torch.zeros(2, 3)}
    loss = _loss(TrainConfig(loss_weights={"subject": 0.5}), logits, {"mood": [0, MISSING], "subject": [MISSING, 2]})
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2.0)) + 0.5 * math.log(3), rel=1e-6)


def test_a_batch_without_any_label_of_a_task_adds_nothing_and_no_nan() -> None:
    logits = {"mood": torch.zeros(1, 2, requires_grad=True), "subject": torch.zeros(1, 3, requires_grad=True)}
    loss = _loss(TrainConfig(), logits, {"mood": [1], "subject": [MISSING]})
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    gradient = logits["subject"].grad
    assert gradient is None or not gradient.any()


def test_tokens_without_a_tag_do_not_count() -> None:
    logits = {"mention": torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(1))}
    loss = _loss(TrainConfig(), logits, {"mention": [[MISSING, 1, 2, MISSING]]})  # type: ignore[list-item]
    assert loss.item() == pytest.approx(functional.cross_entropy(logits["mention"][0, 1:3], torch.tensor([1, 2])).item())


def test_easy_rows_count_less_with_focal_loss() -> None:
    logits, labels = {"mood": torch.tensor([[6.0, 0.0], [0.0, 1.0]])}, {"mood": [0, 0]}
    plain, focal = _loss(TrainConfig(), logits, labels), _loss(TrainConfig(focal_gamma=2.0), logits, labels)
    hard = functional.cross_entropy(logits["mood"][1:], torch.tensor([0])).item()
    right = math.exp(-hard)
    assert focal.item() == pytest.approx((1 - right) ** 2 * hard / 2, rel=1e-3)
    assert focal < plain


def test_teachers_are_learned_from_even_where_no_label_is() -> None:
    logits = {"mood": torch.zeros(2, 2, requires_grad=True)}
    soft = torch.tensor([[0.9, 0.1], [0.2, 0.8]])
    loss = _loss(TrainConfig(teacher_share=0.5), logits, {"mood": [MISSING, MISSING]}, mood=soft)
    expected = (soft * (soft.log() - math.log(0.5))).sum(1).mean().item()
    assert loss.item() == pytest.approx(0.5 * expected, rel=1e-5)
    loss.backward()
    gradient = logits["mood"].grad
    assert gradient is not None
    assert gradient[0, 0] < 0 < gradient[1, 0]


def test_a_student_that_agrees_with_its_teachers_has_no_loss() -> None:
    logits = {"mood": torch.tensor([[1.0, -0.5], [0.3, 0.2]])}
    for heat in (1.0, 3.0):
        config = TrainConfig(teacher_share=1.0, teacher_temperature=heat)
        loss = _loss(config, logits, {"mood": [0, MISSING]}, mood=functional.softmax(logits["mood"], -1))
        assert loss.item() == pytest.approx(0.0, abs=1e-6)


def test_a_teachers_vectors_pull_the_networks_own_towards_them_through_a_learned_matrix() -> None:
    objective = Objective(TASKS, TrainConfig(teacher_vectors=2.0), widths=(3, 2))
    assert objective.projection is not None
    logits = {"mood": torch.zeros(2, 2), "subject": torch.zeros(2, 3)}
    labels = {name: torch.full((2,), MISSING) for name in logits}
    own = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]], requires_grad=True)
    wanted = objective.projection(own).detach()
    assert objective(logits, Targets(labels, {}, wanted), vectors=own).item() == pytest.approx(0.0, abs=1e-10)
    loss = objective(logits, Targets(labels, {}, wanted + 0.5), vectors=own)
    assert loss.item() == pytest.approx(2.0 * 0.25, rel=1e-5)
    loss.backward()
    assert own.grad is not None
    assert own.grad.abs().sum() > 0
    assert objective.projection.weight.grad is not None


def test_learned_weights_fall_for_the_task_that_stays_uncertain() -> None:
    objective = Objective(TASKS, TrainConfig(learn_loss_weights=True))
    optimizer = torch.optim.SGD(objective.parameters(), lr=0.5)
    logits = {"mood": torch.tensor([[5.0, 0.0]]), "subject": torch.tensor([[3.0, 0.0, 0.0]])}
    targets = Targets({"mood": torch.tensor([0]), "subject": torch.tensor([1])}, {})
    for _ in range(60):
        optimizer.zero_grad()
        objective(logits, targets).backward()
        optimizer.step()
    weights = objective.weights()
    assert weights["mood"] > 1 > weights["subject"]
    hard = functional.cross_entropy(logits["subject"], torch.tensor([1])).item()
    assert weights["subject"] == pytest.approx(1 / (2 * hard), rel=0.05)  # where e^-s L + s/2 is least


def test_two_equal_passes_add_no_divergence_and_different_ones_do() -> None:
    one, other = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    labels = torch.tensor([0])
    assert divergence(one, one, labels).item() == pytest.approx(0.0, abs=1e-7)
    assert divergence(one, other, labels).item() == pytest.approx(divergence(other, one, labels).item())
    objective = Objective((MOOD,), TrainConfig(r_drop=1.0))
    targets = Targets({"mood": labels}, {})
    same, apart = objective({"mood": one}, targets, {"mood": one}), objective({"mood": one}, targets, {"mood": other})
    assert apart > same


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.floats(0, 1))
def test_balanced_weights_have_mean_one_over_the_rows_and_favour_rare_classes(labels: list[int], power: float) -> None:
    array = np.asarray([*labels, MISSING], dtype=np.int64)
    weights = balanced_weights(array, 4, power).numpy()
    assert weights[np.asarray(labels)].mean() == pytest.approx(1.0, rel=1e-4)
    counts = np.bincount(labels, minlength=4)
    order = [c for c in np.argsort(counts) if counts[c]]
    assert all(weights[a] >= weights[b] - 1e-6 for a, b in itertools.pairwise(order))
    assert not weights[counts == 0].any()
