"""The chart in an alert e-mail: the windows that were judged, each with its limit, and their negative share. Draws plain numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _GREY, _RED, _PALE, _BLUE, _LIMIT = "#30343b", "#9aa5b1", "#c0392b", "#e6a79f", "#2e86c1", "#b9770e"
_HEADROOM: Final = 1.28
"""Of the highest bar, for the number above it and the legend."""
_LIMIT_SHOWN: Final = 3.0
"""A limit this many times as high as the highest bar is cut off: it would press the bars flat."""


@dataclass(frozen=True, slots=True)
class AlertChart:
    """What is drawn: consecutive windows of the length that the alert was judged by; the last one is the alert's.

    NaN as what is expected: no number of documents was, and how grave they are was judged as well.

    Attributes:
        edges: n + 1 times between which the n windows lie.
        observed: (n,) negative documents in each.
        total: (n,) documents of any sentiment.
        expected: (n,) expected negative documents.
        limit: (n,) negative documents from which the window is a breach beside the others in it; infinite: no number is.
        expected_share: (n,) expected negative share, in [0, 1].
        breach: (n,) whether the window was judged a breach.
        window_minutes: length of a window.
        counted: what the documents are called that are counted, `negative` or `adverse`.
    """

    edges: Sequence[datetime]
    observed: Sequence[int]
    total: Sequence[int]
    expected: Sequence[float]
    limit: Sequence[float]
    expected_share: Sequence[float]
    breach: Sequence[bool]
    window_minutes: int
    counted: str = "negative"

    @property
    def share(self) -> list[float]:
        """(n,) negative share of each window, in [0, 1]; NaN where there are no documents."""
        return [part / whole if whole else np.nan for part, whole in zip(self.observed, self.total, strict=True)]

    @property
    def words(self) -> str:
        """What the picture shows, for those who do not see it."""
        judged = f"{self.observed[-1]} of {self.total[-1]} documents {self.counted} in the alert's {span(self.window_minutes)}"
        limit = f", alert from {self.limit[-1]:.0f}" if np.isfinite(self.limit[-1]) else ""
        expected = f"; {self.expected[-1]:.2g} expected" if np.isfinite(self.expected[-1]) else ""
        return f"{judged}{limit}{expected}. Before it, {len(self.observed) - 1} windows of the same length."


def span(minutes: int) -> str:
    """Return a length as `30 min` or `12 h`."""
    return f"{minutes // 60} h" if minutes % 60 == 0 and minutes > 60 else f"{minutes} min"


def draw(data: AlertChart) -> bytes:
    """Return a PNG of 5.4 by 3.4 inches at 150 dpi: 810 by 510 pixels."""
    from matplotlib import dates  # 30 MB, for those who are sent mails
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    untyped: Any = dates
    figure = Figure(figsize=(5.4, 3.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    counts, shares = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    edges = untyped.date2num(list(data.edges))
    _draw_counts(counts, data, edges)
    _draw_shares(shares, data, edges)
    locator = untyped.AutoDateLocator(minticks=4, maxticks=9)
    shares.xaxis.set_major_locator(locator)
    shares.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))
    for axes in (counts, shares):
        axes.set_xlim(edges[0], edges[-1])
        axes.axvspan(edges[-2], edges[-1], color=_RED, alpha=0.08)
        axes.tick_params(labelsize=8, colors=_INK)
        axes.spines[["top", "right"]].set_visible(False)
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _draw_counts(axes: Axes, data: AlertChart, edges: Any) -> None:
    last = len(data.observed) - 1
    colours = [_RED if at == last else _PALE if breach else _GREY for at, breach in enumerate(data.breach)]
    axes.bar(edges[:-1], data.observed, width=np.diff(edges) * 0.86, align="edge", color=colours, label=f"{data.counted} documents")
    highest = float(np.nanmax([*data.observed, *data.expected, 1.0]))
    limit = np.array(data.limit)
    limit = np.where(np.isfinite(limit) & ((limit <= _LIMIT_SHOWN * highest) | (np.arange(last + 1) == last)), limit, np.nan)
    if np.isfinite(data.expected).any():
        axes.stairs(limit, edges, baseline=None, color=_LIMIT, linewidth=1.4, linestyle=(0, (3, 1.5)), label="alert from here")
        axes.stairs(data.expected, edges, baseline=None, color=_BLUE, linewidth=1.4, label="expected")
    axes.set_ylim(0, max(highest, np.nanmax(np.append(limit, 0.0))) * _HEADROOM)
    middle = (edges[-2] + edges[-1]) / 2
    axes.annotate(f"{data.observed[-1]}", (middle, data.observed[-1]), ha="center", va="bottom", fontsize=9, color=_RED, weight="bold")
    axes.set_ylabel(f"{data.counted} per {span(data.window_minutes)}", color=_INK, fontsize=8)
    axes.legend(fontsize=7, frameon=False, loc="upper left")


def _draw_shares(axes: Axes, data: AlertChart, edges: Any) -> None:
    axes.stairs(data.share, edges, baseline=None, color=_GREY, linewidth=1.6)
    axes.hlines(data.share[-1], edges[-2], edges[-1], color=_RED, linewidth=2.4)
    axes.stairs(data.expected_share, edges, baseline=None, color=_BLUE, linewidth=1.2)
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
    axes.set_ylabel("share", color=_INK, fontsize=8)
