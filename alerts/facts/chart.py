"""What the chart of an alert shows: the windows that were judged, with their limits; drawing is the message's business."""

from __future__ import annotations

from typing import Final

import numpy as np

from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Counts, Ints
from squall.alerts.detection.windows import window_counts
from squall.alerts.minutes import instant
from squall.alerts.notification.email.chart import AlertChart

_SPAN_MINUTES: Final = 1440
_LEAST_BARS: Final = 6
_MOST_BARS: Final = 48
_UNKNOWN: Final = float("nan")


def chart_ticks(last: int, window_minutes: int) -> Ints:
    """Return the ends of consecutive windows, over about a day where 48 of them reach so far, the last one at minute `last`."""
    bars = min(max(_SPAN_MINUTES // window_minutes, _LEAST_BARS), _MOST_BARS)
    return last - window_minutes * np.arange(bars - 1, -1, -1, dtype=np.int64)


def alert_chart(method: Method, baselines: BaselineCache, series: str, tick: int, window_minutes: int) -> AlertChart:
    """Return consecutive windows of the alert's own length up to minute `tick`, as `method` judged them.

    Args:
        method: reads the bars.
        baselines: of counts that reach back far enough for the first bar's baseline; hours that were fitted before are not fitted again.
        series: one of the topics of its counts.
        tick: end of the alert's window, minutes since the epoch.
        window_minutes: length of the alert's window, and of every bar.

    Raises:
        ValueError: windows of this length are not judged, since the settings have changed.
    """
    ticks = chart_ticks(tick, window_minutes)
    judged = method.judge(baselines.counts, ticks, series, window_minutes, baselines)
    seen = judged.readings
    return AlertChart(
        edges=[instant(int(end)) for end in (ticks[0] - window_minutes, *ticks)],
        observed=seen.observed[0].tolist(),
        total=seen.total[0].tolist(),
        expected=seen.expected[0].tolist(),
        limit=judged.limit.tolist(),
        expected_share=seen.expected_share[0].tolist(),
        breach=seen.breach[0].tolist(),
        window_minutes=window_minutes,
    )


def adverse_chart(counts: Counts, tick: int, window_minutes: int) -> AlertChart:
    """Return consecutive windows of documents about a name up to minute `tick`; no number of them is judged by itself.

    Args:
        counts: of one name; `negative` are the adverse ones.
        tick: end of the alert's window, minutes since the epoch.
        window_minutes: length of the alert's window, and of every bar.
    """
    ticks = chart_ticks(tick, window_minutes)
    bars = len(ticks)
    return AlertChart(
        edges=[instant(int(end)) for end in (ticks[0] - window_minutes, *ticks)],
        observed=window_counts(counts.negative, counts.start, ticks, window_minutes)[0].tolist(),
        total=window_counts(counts.total, counts.start, ticks, window_minutes)[0].tolist(),
        expected=[_UNKNOWN] * bars,
        limit=[float("inf")] * bars,
        expected_share=[_UNKNOWN] * bars,
        breach=[False] * bars,
        window_minutes=window_minutes,
        counted="adverse",
    )
