"""What the chart of an alert shows, from the detector's readings of the day before; drawing is the message's business."""

from __future__ import annotations

from typing import Final

import numpy as np

from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Ints
from squall.alerts.detection.tails import upper_limit
from squall.alerts.minutes import instant
from squall.alerts.notification.email.chart import AlertChart
from squall.core.config.settings import DetectorSettings

_SPAN_MINUTES: Final = 1440
_LEAST_BARS: Final = 6
_MOST_BARS: Final = 48


def chart_ticks(last: int, bar_minutes: int) -> Ints:
    """Return the ends of consecutive bars over about a day, the last one at minute `last`."""
    bars = min(max(_SPAN_MINUTES // bar_minutes, _LEAST_BARS), _MOST_BARS)
    return last - bar_minutes * np.arange(bars - 1, -1, -1, dtype=np.int64)


def alert_chart(
    method: Method, baselines: BaselineCache, series: str, tick: int, window_minutes: int, settings: DetectorSettings
) -> AlertChart:
    """Return the day up to minute `tick` in bars of the burst window, with what was expected and what chance explains.

    Args:
        method: reads the bars.
        baselines: of counts that reach back far enough for the first bar's baseline; hours that were fitted before are not fitted again.
        series: one of the topics of its counts.
        tick: end of the alert's window, minutes since the epoch.
        window_minutes: length of the alert's window.
        settings: width of the bars, and the p-value up to which history explains a count.
    """
    bar = settings.window_minutes
    readings = method.read_at(baselines.counts, chart_ticks(tick, bar), only_window=bar, cache=baselines)
    row = readings.topics.index(series)
    expected = readings.expected[row]
    return AlertChart(
        edges=[instant(int(end)) for end in (readings.ticks[0] - bar, *readings.ticks)],
        observed=readings.observed[row].tolist(),
        expected=expected.tolist(),
        limit=upper_limit(expected, readings.dispersion[row], settings.p_value).tolist(),
        bar_minutes=bar,
        window_minutes=window_minutes,
    )
