"""What the JSON API says about moods and series over time."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from squall.core.records import SeriesKind
from squall.dashboards.page.schemas.alerts import AlertRow
from squall.dashboards.page.schemas.documents import View


class MoodView(View):
    """Topics (rows, largest first) by time (columns): copies of a text counted once. Event time; empty while the store is."""

    start: datetime | None = Field(description="start of the first bucket")
    end: datetime | None = Field(description="just after the newest document")
    step_seconds: int
    topics: list[str]
    times: list[datetime] = Field(description="starts of the buckets")
    negative: list[list[int]]
    total: list[list[int]]
    net: list[list[float | None]] = Field(description="(positive − negative) / total, in [−1, 1]; null where there is nothing")


class PointsView(View):
    """What the detector saw, in columns: negative documents in the window up to `time`, and what 90% of such windows hold."""

    time: list[datetime]
    observed: list[int]
    expected: list[float]
    low: list[float]
    high: list[float]


class SeriesCountsView(View):
    """Documents per step, in columns, without gaps."""

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
    counts: SeriesCountsView = Field(description="of a topic, of all topics and of $SYMBOL; columns are empty for other series")
    alerts: list[AlertRow] = Field(description="of this series, open at any moment of the span; last opened first")


class SeriesView(View):
    """A series that can be charted."""

    name: str
    kind: SeriesKind


class FiltersView(View):
    """What can be chosen: names of the last 7 days of event time, most frequent first."""

    topics: list[str]
    sources: list[str]
    symbols: list[str]
    languages: list[str]
    series: list[SeriesView]
