"""Temperatures and how far probabilities are off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax

from squall.core.errors import ConfigurationError
from squall.model.evaluation.calibration import (
    BINS,
    expected_calibration_error,
    negative_log_likelihood,
    reliability,
)
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import DEFAULT_TASKS, MISSING, TaskSpec
from squall.model.training.techniques.temperature_scaling import fit_temperature, fold_temperature

SEEDS = st.integers(0, 10_000)


def _drawn(seed: int, rows: int = 400, labels: int = 3, scale: float = 2.0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn from their softmax: calibrated by construction."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, labels)) * scale
    drawn = (softmax(logits, axis=1).cumsum(1) < rng.random((rows, 1))).sum(1)
    return logits, np.minimum(drawn, labels - 1)


@given(SEEDS, st.floats(0.2, 8.0))
def test_a_temperature_never_raises_the_loss_and_never_changes_a_label(seed: int, heat: float) -> None:
    logits, labels = _drawn(seed)
    logits *= heat
    temperature = fit_temperature(logits, labels)
    before, after = (softmax(logits / t, axis=1) for t in (1.0, temperature))
    assert negative_log_likelihood(after, labels.tolist()) <= negative_log_likelihood(before, labels.tolist()) + 1e-12
    assert (before.argmax(1) == after.argmax(1)).all()


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_that_data_were_spoilt_with_is_found(heat: float) -> None:
    logits, labels = _drawn(1, rows=20_000)
    assert fit_temperature(logits * heat, labels) == pytest.approx(heat, rel=0.05)


@given(st.integers(1, 30), st.floats(3.0, 20.0))
def test_a_few_sure_rows_that_all_came_out_right_make_no_head_certain(rows: int, margin: float) -> None:
    logits = np.tile([margin, 0.0, 0.0], (rows, 1))
    assert 0.3 < fit_temperature(logits, np.zeros(rows, dtype=np.int64)) <= 1


def test_the_same_rows_give_the_same_temperature_and_unlabelled_rows_none() -> None:
    logits, labels = _drawn(2)
    found = fit_temperature(logits, labels)
    more = np.concatenate([logits, np.full((50, 3), 9.0)])
    assert fit_temperature(more, np.concatenate([labels, np.full(50, MISSING)])) == found == fit_temperature(logits, labels)


def test_no_labelled_row_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="no held-out row"):
        fit_temperature(np.zeros((2, 3)), [MISSING, MISSING])


@given(SEEDS, st.integers(1, 300), st.integers(1, 20))
def test_bins_hold_every_row_once_within_their_edges(seed: int, rows: int, count: int) -> None:
    logits, labels = _drawn(seed, rows=rows)
    bins = reliability(softmax(logits, axis=1), labels.tolist(), count)
    assert len(bins) == count
    assert sum(found.rows for found in bins) == rows
    assert all(found.low - 1e-9 <= found.confidence <= found.high + 1e-9 for found in bins if found.rows)
    assert 0 <= expected_calibration_error(bins) <= 1


def test_the_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = [[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2
    bins = reliability(probabilities, [0, 0, 1, 1, 1, 1])  # sure and half right; doubtful and always right
    assert expected_calibration_error(bins) == pytest.approx(4 / 6 * 0.4 + 2 / 6 * 0.4)
    assert negative_log_likelihood([[0.5, 0.5]], [1]) == pytest.approx(np.log(2))


def test_calibrated_probabilities_have_a_small_error() -> None:
    logits, labels = _drawn(3, rows=20_000)
    right = reliability(softmax(logits, axis=1), labels.tolist(), BINS)
    sure = reliability(softmax(logits * 3, axis=1), labels.tolist(), BINS)
    assert expected_calibration_error(right) < 0.02 < 0.1 < expected_calibration_error(sure)


def test_a_folded_head_gives_the_scaled_logits_and_leaves_the_others(tiny_base: Path) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, DEFAULT_TASKS, name="tiny").eval()
    ids, mask = torch.tensor([[2, 5, 6, 3]]), torch.ones((1, 4), dtype=torch.long)
    with torch.no_grad():
        before = network(ids, mask)
        fold_temperature(network, "topic", 2.0)
        after = network(ids, mask)
    torch.testing.assert_close(after["topic"], before["topic"] / 2)
    torch.testing.assert_close(after["sentiment"], before["sentiment"])


def test_only_text_tasks_and_positive_temperatures_are_folded(tiny_base: Path) -> None:
    tasks = (*DEFAULT_TASKS, TaskSpec("entity", ("O", "B", "I"), "tokens"))
    network = MultiTaskNetwork.from_base(tiny_base, tasks, name="tiny")
    for task, temperature in (("entity", 2.0), ("topic", 0.0), ("topic", float("nan")), ("mood", 1.0)):
        with pytest.raises(ConfigurationError):
            fold_temperature(network, task, temperature)
