"""Prints the metrics of one task."""

from __future__ import annotations

from typing import Any

from squall.cli.output import echo

_NAMES = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "ece": "calibration error",
    "mean_absolute_error": "mean absolute error",
    "spearman": "rank correlation",
}


def print_metrics(found: dict[str, Any]) -> None:
    """Print one task's metrics, then precision, recall and rows of each class."""
    echo("  " + "   ".join(f"{name} {found[key]:.4f}" for key, name in _NAMES.items() if key in found))
    for name, part in (("accuracy", found), ("accuracy where labels of one text differ", found.get("mixed", {}))):
        if "interval" in part:
            low, high = part["interval"]
            echo(f"  {name} {part['accuracy']:.4f}, 95% interval {low:.4f} to {high:.4f}, of {part.get('spans', found['rows'])} spans")
    width = max(len(name) for name in found["classes"])
    echo(f"  {'':{width}}  precision  recall   rows")
    for name, scores in found["classes"].items():
        echo(f"  {name:{width}}  {scores['precision']:9.3f}  {scores['recall']:6.3f}  {scores['support']:5d}")
