"""The chart in an alert e-mail: negative documents over the day before, with what was expected. Draws plain numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import matplotlib.dates
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DAY_MINUTES: Final = 1440
_dates: Any = matplotlib.dates  # it carries no types
_INK, _GREY, _RED, _BLUE = "#30343b", "#9aa5b1", "#c0392b", "#2e86c1"


@dataclass(frozen=True, slots=True)
class AlertChart:
    """What is drawn: consecutive bars of equal length.

    Attributes:
        edges: n + 1 times between which the n bars lie.
        observed: (n,) negative documents in each bar.
        expected: (n,) expected number.
        limit: (n,) number up to which history explains a count.
        bar_minutes: length of a bar.
        window_minutes: length of the alert's window, which ends at the last edge; it is marked.
    """

    edges: Sequence[datetime]
    observed: Sequence[int]
    expected: Sequence[float]
    limit: Sequence[float]
    bar_minutes: int
    window_minutes: int


def draw(data: AlertChart) -> bytes:
    """Return a PNG of 5.4 by 2.6 inches at 150 dpi: 810 by 390 pixels."""
    figure = Figure(figsize=(5.4, 2.6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    edges = _dates.date2num(list(data.edges))
    back = data.bar_minutes * np.arange(len(data.observed) - 1, -1, -1)
    colours = np.where(back < data.window_minutes, _RED, _GREY).tolist()
    axes.bar(edges[:-1], data.observed, width=np.diff(edges) * 0.9, align="edge", color=colours, label="negative documents")
    axes.stairs(data.limit, edges, baseline=0, fill=True, color=_BLUE, alpha=0.13, label="explained by history")
    axes.stairs(data.expected, edges, baseline=None, color=_BLUE, linewidth=1.4, label="expected")
    axes.axvspan(edges[-1] - data.window_minutes / _DAY_MINUTES, edges[-1], color=_RED, alpha=0.08)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, max(*data.observed, *data.expected, 1.0) * 1.15)
    locator = _dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates.ConciseDateFormatter(locator))
    axes.set_ylabel(f"per {data.bar_minutes} min", color=_INK, fontsize=8)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()
