"""What is so now of an alert: its current window, its peak, its documents, and where they are going. Counts in, numbers out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Counts, Ints
from squall.alerts.detection.windows import multiples, window_counts
from squall.alerts.minutes import instant, minute_of
from squall.core.config.settings import DetectorSettings
from squall.core.records import Alert, Trend

_CLEAR: Final = 2.0
"""Standard deviations by which two counts differ before they are not the same."""


def current(method: Method, baselines: BaselineCache, alert: Alert, tick: int, settings: DetectorSettings) -> Alert:
    """Return `alert` as it is at minute `tick`, or was when it was resolved; unchanged where its series is not counted, as a source's.

    The current window is as long as the longest of the burst test, whichever window was judged, so that now and peak can be compared.

    Args:
        method: expects so many documents.
        baselines: of counts that reach from the lookback before `tick`, and from the alert's `since`, to `tick`.
        alert: begun before `tick`.
        tick: minutes since the epoch.
        settings: step and length of the window.
    """
    counts, width = baselines.counts, settings.window_minutes
    if alert.topic not in counts.topics:
        return alert
    tick = min(tick, minute_of(alert.resolved_at)) if alert.resolved_at else tick
    row = counts.topics.index(alert.topic)
    reading = method.read_at(counts, np.array([tick], dtype=np.int64), only_window=width, cache=baselines).at(row, 0)
    return alert.model_copy(update={**counted_now(counts, row, alert, tick, settings), "current_expected": reading.expected})


def counted_now(counts: Counts, row: int, alert: Alert, tick: int, settings: DetectorSettings) -> dict[str, Any]:
    """Return the fields of `alert` that are counted of the series `row` up to minute `tick`; arguments as of `current`."""
    width, ends = settings.window_minutes, np.array([tick], dtype=np.int64)
    observed, total = _sums(counts, row, ends, width), window_counts(counts.total[row : row + 1], counts.start, ends, width)[0]
    since = minute_of(alert.since or alert.opened_at)
    peak, peaked = _peak(counts, row, _ticks(minute_of(alert.opened_at), tick, settings.step_minutes), width)
    return {
        "updated_at": instant(tick),
        "documents_so_far": int(_sums(counts, row, ends, max(tick - since, 0))[0]),
        "current_minutes": width,
        "current": int(observed[0]),
        "current_total": int(total[0]),
        "trend": trend(int(observed[0]), int(_sums(counts, row, ends - width, width)[0])),
        "peak": peak,
        "peaked_at": instant(peaked),
    }


def trend(recent: int, before: int) -> Trend:
    """Return where documents are going from `before` to `recent`, counts of spans of one length: beyond what chance makes of equal rates.

    The difference of two Poisson counts of one mean has variance `recent + before`.
    """
    if abs(recent - before) <= _CLEAR * (recent + before) ** 0.5:
        return Trend.STEADY
    return Trend.RISING if recent > before else Trend.FALLING


def _ticks(opened: int, tick: int, step: int) -> Ints:
    return np.union1d(multiples(step, opened - 1, tick), [tick]).astype(np.int64)


def _peak(counts: Counts, row: int, ticks: Ints, width: int) -> tuple[int, int]:
    """Return the most negative documents in the `width` minutes before any of `ticks`, and the first of those at which there were."""
    sums = _sums(counts, row, ticks, width)
    highest = int(sums.argmax())
    return int(sums[highest]), int(ticks[highest])


def _sums(counts: Counts, row: int, ends: Ints, width: int) -> Ints:
    sums: Ints = window_counts(counts.negative[row : row + 1], counts.start, ends, width)[0]
    return sums
