"""The chart in an alert e-mail: negative documents per window before the alert, with what was expected."""

from __future__ import annotations

import io
from typing import Any, Final

import matplotlib.dates
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.special import nbdtrik

from alerts.detector import Counts, Detector, Floats, Ints, Readings
from alerts.life import instant

_SPAN_MINUTES: Final = 1440
_MOST_BARS: Final = 48
_dates: Any = matplotlib.dates  # it carries no types
_INK, _QUIET, _LOUD = "#30343b", "#9aa5b1", "#c0392b"


def chart_ticks(last: int, window_minutes: int) -> Ints:
    """Return the ends of consecutive windows over about a day, the last one at minute `last`."""
    bars = min(max(_SPAN_MINUTES // window_minutes, 6), _MOST_BARS)
    return last - window_minutes * np.arange(bars - 1, -1, -1, dtype=np.int64)


def draw(detector: Detector, counts: Counts, topic: str, tick: int, window_minutes: int, p_value: float) -> bytes:
    """Return a PNG of the windows up to minute `tick`, the last one marked, and the range that chance explains.

    Args:
        detector: reads the windows.
        counts: must reach back far enough for the first window's baseline.
        topic: one of `counts.topics`.
        tick: end of the alert's window, minutes since the epoch.
        window_minutes: width of a bar.
        p_value: the band reaches up to the count that is this improbable.
    """
    readings = detector.read_at(counts, chart_ticks(tick, window_minutes))
    return _png(readings, readings.topics.index(topic), window_minutes, p_value)


def _png(readings: Readings, row: int, window_minutes: int, p_value: float) -> bytes:
    figure = Figure(figsize=(7.2, 2.7), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    edges = _dates.date2num([instant(int(tick)) for tick in (readings.ticks[0] - window_minutes, *readings.ticks)])
    expected, limit = readings.expected[row], _limit(readings.expected[row], readings.dispersion[row], p_value)
    colours = [_QUIET] * (readings.ticks.size - 1) + [_LOUD]
    axes.bar(edges[:-1], readings.observed[row], width=np.diff(edges) * 0.9, align="edge", color=colours, label="negative documents")
    axes.stairs(limit, edges, baseline=0, fill=True, color="#2e86c1", alpha=0.13, label="explained by history")
    axes.stairs(expected, edges, baseline=None, color="#2e86c1", linewidth=1.4, label="expected")
    axes.axvspan(edges[-2], edges[-1], color=_LOUD, alpha=0.08)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, max(float(readings.observed[row].max()), float(expected.max()), 1.0) * 1.15)
    locator = _dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates.ConciseDateFormatter(locator))
    axes.set_ylabel(f"per {window_minutes} min", color=_INK, fontsize=8)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _limit(expected: Floats, dispersion: Floats, p_value: float) -> Floats:
    """Return the counts beyond which a window is improbable, as real numbers."""
    size = 1.0 / dispersion
    found = nbdtrik(1.0 - p_value, size, size / (size + np.maximum(expected, 1e-6)))
    return np.nan_to_num(np.asarray(found, dtype=np.float64), nan=0.0, posinf=0.0)
