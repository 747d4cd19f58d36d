"""Which sentences sound grave, and how that is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from squall.model.excerpt.word_weights import WEIGHTS_FILE, buckets, digest, severities, shipped_weights
from squall.model.training.word_weights import fit, labelled_texts

LABELLED = Path(__file__).resolve().parents[4] / "model" / "labelled"


def test_words_count_by_letters_and_not_by_case_or_digits() -> None:
    assert buckets("Profit falls 47%") == buckets("PROFIT, falls 32%!")
    assert buckets("Profit falls 47%") != buckets("Profit falls 4.7%")
    assert buckets("bank fails") != buckets("fails bank")
    assert len(buckets("a b a b")) == 4
    assert buckets("") == buckets("\ud800 .") == set()


def test_the_shipped_weights_are_small_and_put_the_grave_before_the_calm() -> None:
    assert WEIGHTS_FILE.stat().st_size < 300_000
    grave = [
        "Wirecard filed for insolvency after auditors found 1.9 billion euros missing.",
        "An explosion at the plant killed 12 workers.",
    ]
    calm = ["The company opened a new office in Leeds.", "Customers can order the device from Friday.", ""]
    weights = shipped_weights()
    assert severities(weights, grave).min() > severities(weights, calm).max() + 0.2


def test_equal_texts_give_equal_weights_and_bytes(tmp_path: Path) -> None:
    texts, severities = ["bank fails", "bank opens", "plant burns", "plant opens"] * 3, np.array([1.0, 0.0, 0.75, 0.0] * 3)
    first, second = fit(texts, severities), fit(texts, severities)
    assert digest(first) == digest(second) != digest(fit(texts, 1 - severities))
    for name, weights in (("a.npz", first), ("b.npz", second)):
        weights.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert first.severity("bank fails") > first.severity("bank opens") + 0.2


@pytest.mark.slow
def test_the_shipped_weights_are_those_that_the_command_learns() -> None:
    learnt, shipped = fit(*labelled_texts(LABELLED, 1)), shipped_weights()
    assert np.abs(learnt.weights.astype(int) - shipped.weights).max() <= 1  # another machine's sums round otherwise
    np.testing.assert_allclose([learnt.scale, learnt.base], [shipped.scale, shipped.base], rtol=1e-3)
