"""Reports of text labels and of spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.model.evaluation.metrics import report, span_report
from squall.model.spans import Span

LABELS = ("negative", "neutral", "positive")


def test_a_report_counts_rows_and_scores_each_class() -> None:
    found = report([0, 0, 1, 1], [0, 1, 1, 1], LABELS)
    assert found["rows"] == 4
    assert found["accuracy"] == 0.75
    assert found["classes"]["negative"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2}
    assert found["classes"]["positive"]["support"] == 0
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2)
    assert "ece" not in found


def test_probabilities_add_calibration_and_the_confusion_of_all_labels() -> None:
    found = report([0, 2], [0, 0], LABELS, [[0.8, 0.1, 0.1], [0.6, 0.2, 0.2]])
    assert found["confusion"] == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert found["ece"] == pytest.approx(0.4)  # 0.2 off and 0.6 off
    assert found["nll"] == pytest.approx(0.916, abs=1e-3)


def test_only_exact_spans_count() -> None:
    true = [[Span(0, 4, "up"), Span(9, 12, "down")], [], [Span(1, 2, "up")]]
    guess = [[Span(0, 4, "up"), Span(9, 13, "down")], [], [Span(1, 2, "down")]]
    found = span_report(true, guess, ("up", "down"))
    assert (found["rows"], found["spans"]) == (3, 3)
    assert found["precision"] == found["recall"] == found["f1"] == pytest.approx(1 / 3)
    assert found["classes"]["up"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2}
    assert found["classes"]["down"]["f1"] == 0
    assert found["macro_f1"] == pytest.approx(1 / 3)
    assert found["accuracy"] == pytest.approx(1 / 3)


def test_spans_without_labels_are_one_class() -> None:
    assert span_report([[Span(0, 1)]], [[Span(0, 1)]], ("",))["classes"] == {"span": {"precision": 1, "recall": 1, "f1": 1, "support": 1}}


def test_no_spans_at_all_is_no_error() -> None:
    found = span_report([[], []], [[], []], ("up",))
    assert (found["accuracy"], found["f1"], found["macro_f1"]) == (1.0, 0.0, 0.0)


SPANS = st.lists(st.lists(st.builds(Span, st.integers(0, 3), st.integers(4, 6), st.sampled_from(("a", "b"))), max_size=4), max_size=5)


@given(SPANS, SPANS)
def test_swapping_truth_and_guess_swaps_precision_and_recall(left: list[list[Span]], right: list[list[Span]]) -> None:
    rows = min(len(left), len(right))
    one, other = span_report(left[:rows], right[:rows], ("a", "b")), span_report(right[:rows], left[:rows], ("a", "b"))
    assert (one["precision"], one["recall"], one["f1"]) == (other["recall"], other["precision"], other["f1"])
    assert all(0 <= one[key] <= 1 for key in ("precision", "recall", "f1", "macro_f1", "accuracy"))
