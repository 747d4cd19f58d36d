"""Numbers that say how good a classifier is, from true and predicted class indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support


def report(true: Sequence[int], predicted: Sequence[int], labels: Sequence[str]) -> dict[str, Any]:
    """Return accuracy, macro_f1, weighted_f1, rows and per-class precision, recall, f1, support.

    Args:
        true: class indices, one per row; at least one.
        predicted: class indices, one per row.
        labels: class names by index.

    Macro F1 is the plain mean over the classes that occur in `true` or `predicted` (scikit-learn's default), so a class
    that a file doesn't have doesn't pull it down.
    """
    actual, guess = np.asarray(true), np.asarray(predicted)
    everything = np.arange(len(labels))
    present = np.union1d(actual, guess)
    precision, recall, f1, support = precision_recall_fscore_support(actual, guess, labels=everything, zero_division=0)
    return {
        "rows": len(actual),
        "accuracy": float(accuracy_score(actual, guess)),
        "macro_f1": float(f1_score(actual, guess, labels=present, average="macro", zero_division=0)),
        "weighted_f1": float(f1_score(actual, guess, labels=present, average="weighted", zero_division=0)),
        "classes": {
            label: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "support": int(support[i])}
            for i, label in enumerate(labels)
        },
    }
