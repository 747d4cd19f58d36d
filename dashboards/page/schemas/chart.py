"""The chart of one series."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from squall.core.records import SeriesKind
from squall.dashboards.page.schemas.alerts import AlertRow
from squall.dashboards.page.schemas.base import View


class PointsView(View):
    """Detector readings in columns: negative documents in the window up to `time`, and the interval that holds 90% of such windows."""

    time: list[datetime]
    observed: list[int]
    expected: list[float]
    low: list[float]
    high: list[float]


class SeriesCountsView(View):
    """Documents per step in columns, without gaps."""

    step_seconds: int
    time: list[datetime]
    negative: list[int]
    total: list[int]


class ChartView(View):
    """One series over [start, end) in event time."""

    series: str
    kind: SeriesKind
    start: datetime | None
    end: datetime | None
    window_minutes: int | None = Field(description="of the points; null when there are none")
    points: PointsView
    counts: SeriesCountsView = Field(description="for a topic, all topics and $SYMBOL; the columns are empty for other series")
    alerts: list[AlertRow] = Field(description="alerts of this series that were open at any time in the range; last opened first")
