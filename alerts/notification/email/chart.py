"""The chart in an alert e-mail: negative documents over the day before, with what was expected."""

from __future__ import annotations

import io
from typing import Any, Final

import matplotlib.dates
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.special import nbdtrik

from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Counts, Floats, Ints, Readings
from squall.alerts.lifecycle import instant
from squall.core.config.settings import DetectorSettings

_SPAN_MINUTES: Final = 1440
_MOST_BARS: Final = 48
_dates: Any = matplotlib.dates  # it carries no types
_INK, _QUIET, _LOUD = "#30343b", "#9aa5b1", "#c0392b"


def chart_ticks(last: int, bar_minutes: int) -> Ints:
    """Return the ends of consecutive bars over about a day, the last one at minute `last`."""
    bars = min(max(_SPAN_MINUTES // bar_minutes, 6), _MOST_BARS)
    return last - bar_minutes * np.arange(bars - 1, -1, -1, dtype=np.int64)


def draw(detector: Method, counts: Counts, topic: str, tick: int, window_minutes: int, settings: DetectorSettings) -> bytes:
    """Return a PNG of the day up to minute `tick` in bars of the fast window, with what was expected and what chance explains.

    Args:
        detector: reads the bars.
        counts: must reach back far enough for the first bar's baseline.
        topic: one of `counts.topics`.
        tick: end of the alert's window, minutes since the epoch.
        window_minutes: length of the alert's window; it is marked.
        settings: width of the bars, and the p-value that the band reaches up to.
    """
    readings = detector.read_at(counts, chart_ticks(tick, settings.window_minutes), only_window=settings.window_minutes)
    return _png(readings, readings.topics.index(topic), settings.window_minutes, window_minutes, settings.p_value)


def _png(readings: Readings, row: int, bar_minutes: int, window_minutes: int, p_value: float) -> bytes:
    figure = Figure(figsize=(5.4, 2.6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    edges = _dates.date2num([instant(int(tick)) for tick in (readings.ticks[0] - bar_minutes, *readings.ticks)])
    expected, limit = readings.expected[row], _limit(readings.expected[row], readings.dispersion[row], p_value)
    marked = readings.ticks > readings.ticks[-1] - window_minutes
    colours = np.where(marked, _LOUD, _QUIET).tolist()
    axes.bar(edges[:-1], readings.observed[row], width=np.diff(edges) * 0.9, align="edge", color=colours, label="negative documents")
    axes.stairs(limit, edges, baseline=0, fill=True, color="#2e86c1", alpha=0.13, label="explained by history")
    axes.stairs(expected, edges, baseline=None, color="#2e86c1", linewidth=1.4, label="expected")
    axes.axvspan(edges[-1] - window_minutes / _SPAN_MINUTES, edges[-1], color=_LOUD, alpha=0.08)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, max(float(readings.observed[row].max()), float(expected.max()), 1.0) * 1.15)
    locator = _dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates.ConciseDateFormatter(locator))
    axes.set_ylabel(f"per {bar_minutes} min", color=_INK, fontsize=8)
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
