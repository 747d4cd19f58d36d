"""Accuracy, F1, precision and recall, from true and predicted class indices or spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from squall.model.evaluation.calibration import expected_calibration_error, negative_log_likelihood, reliability
from squall.model.outputs import expected_position, ordinal_answer
from squall.model.spans import UNKNOWN, Span
from squall.model.tasks import TaskSpec

_HALF = 0.5
"""Share from which a label of a task with several at once is true."""


def task_report(task: TaskSpec, targets: NDArray[Any], probabilities: NDArray[Any], numbers: NDArray[Any] | None = None) -> dict[str, Any]:
    """Return the metrics that fit the output of a text or spans task.

    Args:
        task: says how its labels are answered.
        targets: what is true, as `squall.model.outputs.target_array` gives it, one per row or span; at least one.
        probabilities: shape (n, labels).
        numbers: what an ordinal task answers, shape (n,); None: the answer of `probabilities` alone.

    Returns:
        softmax: `report`. sigmoid: `several_report`. ordinal: `report` of the nearest grades, and `mean_absolute_error` and `spearman` of
        the numbers (from 0 to 1).
    """
    if task.output == "sigmoid":
        return several_report(targets, probabilities, task.labels, task.threshold)
    if task.output == "softmax":
        return report(targets.tolist(), probabilities.argmax(1).tolist(), task.labels, probabilities)
    true = expected_position(targets)
    guessed = ordinal_answer(probabilities.astype(np.float32)) if numbers is None else numbers
    last = len(task.labels) - 1
    grades, guesses = (np.rint(np.asarray(values) * last).astype(int).tolist() for values in (true, guessed))
    varied = len(set(true.tolist())) > 1 and len(set(guessed.tolist())) > 1
    return {
        **report(grades, guesses, task.labels, probabilities),
        "mean_absolute_error": float(np.abs(true - guessed).mean()),
        "spearman": float(spearmanr(true, guessed).statistic) if varied else 0.0,
    }


def mention_report(task: TaskSpec, texts: NDArray[Any], targets: NDArray[Any], probabilities: NDArray[Any]) -> dict[str, Any]:
    """Return the metrics of a spans task: those of `task_report` per span, and how sure they are.

    Args:
        task: the spans task.
        texts: which text each span is in, shape (spans,).
        targets: as for `task_report`, one per span.
        probabilities: shape (spans, labels).

    Returns:
        `task_report`'s; `interval`, a 95% interval of the accuracy (bootstrap over texts); `mixed`: `spans, accuracy, interval` of the
        texts whose spans have different labels, which one label per text cannot get right.
    """
    found = task_report(task, targets, probabilities)
    if task.output == "sigmoid":
        right = ((targets > _HALF) == (probabilities >= task.threshold)).all(1)
        keys = [tuple(row) for row in targets.tolist()]
    else:
        classes = targets if targets.ndim == 1 else targets.argmax(1)
        right = classes == probabilities.argmax(1)
        keys = [(number,) for number in classes.tolist()]
    labels: dict[int, set[tuple[float, ...]]] = {}
    for text, key in zip(texts.tolist(), keys, strict=True):
        labels.setdefault(text, set()).add(key)
    mixed = np.asarray([len(labels[text]) > 1 for text in texts.tolist()])
    found["interval"] = bootstrap_interval(texts, right)
    if mixed.any():
        accuracy, interval = float(right[mixed].mean()), bootstrap_interval(texts[mixed], right[mixed])
        found["mixed"] = {"spans": int(mixed.sum()), "accuracy": accuracy, "interval": interval}
    return found


def bootstrap_interval(groups: NDArray[Any], right: NDArray[Any], draws: int = 1000, seed: int = 0) -> list[float]:
    """Return the 95% interval of the share of `right`, by drawing groups with replacement (Efron and Tibshirani 1993, chapter 13).

    Args:
        groups: what each entry belongs to, shape (n,); entries of one group are drawn together.
        right: whether each entry is right, shape (n,).
        draws: how many samples.
        seed: of the draws.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    counts = np.bincount(numbers)
    hits = np.bincount(numbers, weights=np.asarray(right, dtype=np.float64))
    rng = np.random.default_rng(seed)
    shares = []
    for _ in range(draws):
        drawn = rng.integers(0, len(counts), len(counts))
        shares.append(hits[drawn].sum() / counts[drawn].sum())
    low, high = np.percentile(shares, [2.5, 97.5])
    return [float(low), float(high)]


def several_report(targets: ArrayLike, probabilities: ArrayLike, labels: Sequence[str], threshold: float = _HALF) -> dict[str, Any]:
    """Return the metrics of a task with several labels at once.

    Args:
        targets: 1 where a label applies, else 0; shape (rows, labels).
        probabilities: of each label by itself, shape (rows, labels).
        labels: their names.
        threshold: probability from which a label counts as given.

    Returns:
        `rows`, `accuracy` (share of rows with exactly the right labels), `precision, recall, f1` over all labels, `macro_f1` (mean over the
        labels that occur), `nll` (mean over rows and labels) and `classes`: per label `precision, recall, f1, support`.
    """
    true, found = np.asarray(targets) > _HALF, np.asarray(probabilities, dtype=np.float64)
    guessed = found >= threshold
    hits, given, wanted = (true & guessed).sum(0), guessed.sum(0), true.sum(0)
    classes = {label: {**_rates(int(hits[i]), int(given[i]), int(wanted[i])), "support": int(wanted[i])} for i, label in enumerate(labels)}
    present = [classes[label]["f1"] for i, label in enumerate(labels) if wanted[i] or given[i]]
    likelihood = np.where(true, found, 1 - found)
    return {
        "rows": len(true),
        "accuracy": float((true == guessed).all(1).mean()),
        **_rates(int(hits.sum()), int(given.sum()), int(wanted.sum())),
        "macro_f1": float(np.mean(present)) if present else 0.0,
        "nll": float(-np.log(np.maximum(likelihood, 1e-12)).mean()),
        "classes": classes,
    }


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
        true: the spans of each text; what overlaps an `UNKNOWN` one is not counted.
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
        if unknown := {span for span in actual if span.label == UNKNOWN}:
            actual = {span for span in actual if span not in unknown}
            guess = {span for span in guess if not any(span.start < other.end and span.end > other.start for other in unknown)}
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
