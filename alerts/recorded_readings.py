"""Readings recorded for the charts of dashboards: one fixed window for every series, every five minutes of event time."""

from __future__ import annotations

from typing import Final

from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Counts
from squall.alerts.detection.tails import intervals
from squall.alerts.detection.windows import multiples
from squall.alerts.minutes import instant
from squall.core.series import kind_of
from squall.storage.rows.detector import SeriesReading

RECORD_INTERVAL_MINUTES: Final = 5


def readings_to_record(
    method: Method, counts: Counts, after: int, until: int, window_minutes: int, cache: BaselineCache | None = None
) -> list[SeriesReading]:
    """Return one row per series and five minutes in (after, until]; series with neither documents nor expectation are left out.

    Args:
        method: reads `counts`, which reach from `after − lookback` to `until`.
        after: minute since the epoch, exclusive.
        until: minute since the epoch, inclusive.
        window_minutes: length of the window; the detector itself evaluates several.
        cache: of `counts`; baselines fitted before are used again.
    """
    ticks = multiples(RECORD_INTERVAL_MINUTES, after, until)
    if not ticks.size:
        return []
    readings = method.read_at(counts, ticks, only_window=window_minutes, cache=cache)
    low, high = intervals(readings.expected, readings.dispersion)
    rows = []
    for row, series in enumerate(readings.topics):
        kind = kind_of(series)
        for column in range(ticks.size):
            reading = readings.at(row, column)
            if not reading.total and not reading.expected:
                continue
            rows.append(
                SeriesReading(
                    series=series,
                    kind=kind,
                    time=instant(reading.tick),
                    window_minutes=window_minutes,
                    observed=reading.observed,
                    total=reading.total,
                    expected=reading.expected,
                    expected_low=float(low[row, column]),
                    expected_high=float(high[row, column]),
                    expected_share=reading.expected_share,
                    p_value=reading.p_value,
                )
            )
    return rows
