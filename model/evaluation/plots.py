"""Plots of a run and of a checkpoint's mistakes, as PNG files. Drawn without pyplot, so threads and callers share no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from squall.model.evaluation.calibration import Bin

_BLUE, _ORANGE, _GREY = "#2f6f9f", "#d9822b", "#8a8f98"
_DPI = 130


def confusion_png(path: Path, confusion: ArrayLike, labels: Sequence[str]) -> None:
    """Draw counts (rows true, columns predicted), coloured by the share of the true label's rows."""
    counts = np.asarray(confusion, dtype=np.int64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = max(4.2, 2.6 + 0.46 * len(labels))
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = np.arange(len(labels))
    axes.set_xticks(ticks, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, labels)
    axes.set(xlabel="predicted", ylabel="true", title=f"Confusion, {counts.sum():,} rows, accuracy {_accuracy(counts):.1%}")
    for row, column in np.argwhere(counts):
        shade = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=8, color=shade)
    figure.colorbar(image, ax=axes, label="share of the true label", fraction=0.046, pad=0.02)
    _write(figure, path)


def reliability_png(path: Path, bins: Sequence[Bin], ece: float) -> None:
    """Draw accuracy over confidence per bin beside the diagonal of perfect calibration, and how many rows are in each bin."""
    figure = Figure(figsize=(5.2, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [found for found in bins if found.rows]
    width = bins[0].high - bins[0].low if bins else 1.0
    middles = [(found.low + found.high) / 2 for found in filled]
    upper.bar(middles, [found.accuracy for found in filled], width=width * 0.92, color=_BLUE, label="accuracy of the bin")
    upper.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1, label="perfect calibration")
    upper.scatter(
        [x.confidence for x in filled], [x.accuracy for x in filled], color=_ORANGE, s=18, zorder=3, label="at its mean confidence"
    )
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy", title=f"Reliability, expected calibration error {ece:.3f}")
    upper.legend(loc="upper left", frameon=False)
    lower.bar(middles, [found.rows for found in filled], width=width * 0.92, color=_GREY)
    lower.set(xlabel="probability of the top label", ylabel="rows", yscale="log")
    _write(figure, path)


def curves_png(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Draw a run: loss per epoch, and held-out macro F1 per task.

    Args:
        path: the file to write.
        history: one mapping per epoch: `epoch`, `step`, `loss`, `dev` (task → `accuracy`, `macro_f1`).
    """
    figure = Figure(figsize=(9.6, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [entry["epoch"] for entry in history]
    left.plot(epochs, [entry["loss"] for entry in history], marker="o", color=_BLUE)
    left.set(xlabel="epoch", ylabel="training loss", title="Loss")
    for task in dict.fromkeys(name for entry in history for name in entry["dev"]):
        measured = [entry for entry in history if task in entry["dev"]]
        scores = [entry["dev"][task]["macro_f1"] for entry in measured]
        right.plot([entry["epoch"] for entry in measured], scores, marker="o", label=f"{task} (best {max(scores):.3f})")
    right.set(xlabel="epoch", ylabel="macro F1", title="Held-out rows")
    if right.lines:
        right.legend(frameon=False)
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
    _write(figure, path)


def _accuracy(counts: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    return float(np.trace(counts) / counts.sum()) if counts.sum() else 0.0


def _write(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_png(path)  # type: ignore[no-untyped-call]
