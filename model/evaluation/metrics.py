"""Accuracy, F1, precision and recall, from true and predicted class indices or spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from squall.model.evaluation.calibration import expected_calibration_error, negative_log_likelihood, reliability
from squall.model.spans import Span


def report(true: Sequence[int], predicted: Sequence[int], labels: Sequence[str], probabilities: ArrayLike | None = None) -> dict[str, Any]:
    """Return accuracy, macro_f1, weighted_f1, rows and per-class precision, recall, f1, support.

    Args:
        true: class indices, one per row; at least one.
        predicted: class indices, one per row.
        labels: class names by index.
        probabilities: shape (rows, labels), rows sum to 1; with them come `ece` (expected calibration error), `nll` (negative
            log-likelihood) and `confusion` (counts, rows true, columns predicted).

    Macro F1 is the plain mean over the classes that occur in `true` or `predicted` (scikit-learn's default), so a class
    that a file doesn't have doesn't pull it down.
    """
    actual, guess = np.asarray(true), np.asarray(predicted)
    everything = np.arange(len(labels))
    present = np.union1d(actual, guess)
    precision, recall, f1, support = precision_recall_fscore_support(actual, guess, labels=everything, zero_division=0)
    found = {
        "rows": len(actual),
        "accuracy": float(accuracy_score(actual, guess)),
        "macro_f1": float(f1_score(actual, guess, labels=present, average="macro", zero_division=0)),
        "weighted_f1": float(f1_score(actual, guess, labels=present, average="weighted", zero_division=0)),
        "classes": {
            label: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "support": int(support[i])}
            for i, label in enumerate(labels)
        },
    }
    if probabilities is not None:
        found["ece"] = expected_calibration_error(reliability(probabilities, true))
        found["nll"] = negative_log_likelihood(probabilities, true)
        found["confusion"] = confusion_matrix(actual, guess, labels=everything).tolist()
    return found


def span_report(true: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]], labels: Sequence[str]) -> dict[str, Any]:
    """Return how many spans were found exactly: same text, start, end and label.

    Args:
        true: the spans of each text.
        predicted: the spans found in each text, in the same order.
        labels: span labels, see `squall.model.spans.span_labels`.

    Returns:
        `rows` (texts), `spans` (true ones), `precision, recall, f1` over all spans, `macro_f1` (mean over the labels that
        occur), `accuracy` (share of texts with nothing missed, added or mislabelled), and `classes`: per label
        `precision, recall, f1, support`; the empty label is called `span`.
    """
    hits: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    given: Counter[str] = Counter()
    exact = 0
    for actual, guess in zip(map(set, true), map(set, predicted), strict=True):
        hits.update(span.label for span in actual & guess)
        wanted.update(span.label for span in actual)
        given.update(span.label for span in guess)
        exact += actual == guess
    classes = {label or "span": {**_rates(hits[label], given[label], wanted[label]), "support": wanted[label]} for label in labels}
    present = [classes[label or "span"]["f1"] for label in labels if wanted[label] or given[label]]
    return {
        "rows": len(true),
        "spans": wanted.total(),
        "accuracy": exact / len(true) if len(true) else 0.0,
        **_rates(hits.total(), given.total(), wanted.total()),
        "macro_f1": float(np.mean(present)) if present else 0.0,
        "classes": classes,
    }


def _rates(hits: int, given: int, wanted: int) -> dict[str, float]:
    return {
        "precision": hits / given if given else 0.0,
        "recall": hits / wanted if wanted else 0.0,
        "f1": 2 * hits / (given + wanted) if given + wanted else 0.0,
    }
