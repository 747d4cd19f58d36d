"""The chart of one series."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query

from squall.core.clock import Clock
from squall.core.records import Alert, SeriesKind
from squall.core.series import MARKET, SYMBOL_PREFIX, kind_of
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.alerts import alert_rows
from squall.dashboards.page.routes.filters import cached_filters
from squall.dashboards.page.schemas.alerts import AlertRow
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.chart import ChartView, PointsView, SeriesCountsView
from squall.dashboards.page.time_grid import Hours, TimeGrid, time_grid
from squall.storage import Store
from squall.storage.rows.detector import SeriesReading

_READING_SECONDS: Final = 300
_MAX_POINTS: Final = 2000
_MAX_ALERTS: Final = 2000
_COUNTED: Final = frozenset({SeriesKind.TOPIC, SeriesKind.MARKET, SeriesKind.SYMBOL})
"""The kinds of series whose documents are counted."""

Series = Annotated[str, Query(min_length=1, max_length=200, description="a topic, `All topics`, `$SYMBOL`, `Sector: …` or `Source: …`")]


def chart_routes(store: Store, cache: ResponseCache, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/chart", responses={404: {"model": ErrorView, "description": "no such series"}})
    def chart(series: Series, hours: Hours = 24) -> ChartView:
        """One series: observed and expected counts, and its alerts."""
        found = cache.get(("chart", series, hours), lambda: _chart(store, clock, series, hours))
        if series != MARKET and _is_empty(found) and series not in {row.name for row in cached_filters(store, cache).series}:
            raise HTTPException(
                404,
                f"there is no series {series!r} in this time range: a series is a topic, {MARKET!r}, a symbol such as "
                f"'{SYMBOL_PREFIX}AAPL', or a watched sector such as 'Sector: Banks'; /api/filters lists them",
            )
        return found

    return routes


def _chart(store: Store, clock: Clock, series: str, hours: int) -> ChartView:
    kind, last = kind_of(series), store.documents.last_published_at()
    if last is None:
        no_counts = SeriesCountsView(step_seconds=0, time=[], negative=[], total=[])
        return ChartView(
            series=series, kind=kind, start=None, end=None, window_minutes=None, points=points_view([]), counts=no_counts, alerts=[]
        )
    grid = time_grid(last, hours)
    points = readings_of(store, series, grid, hours)
    return ChartView(
        series=series,
        kind=kind,
        start=grid.start,
        end=grid.end,
        window_minutes=points[-1].window_minutes if points else None,
        points=points_view(points),
        counts=_counts(store, series, kind, grid),
        alerts=alerts_of(store, clock, series, grid),
    )


def readings_of(store: Store, series: str, grid: TimeGrid, hours: int) -> list[SeriesReading]:
    """Return the detector's readings of a series, at most about two thousand."""
    every = timedelta(seconds=_READING_SECONDS * -(-hours * 3600 // (_READING_SECONDS * _MAX_POINTS)))
    return store.detector.readings(series, grid.start, grid.end, every=every)


def alerts_of(store: Store, clock: Clock, series: str, grid: TimeGrid) -> list[AlertRow]:
    """Return the alerts of a series that were open at any time in the range."""
    alerts = [alert for alert in store.alerts.latest(limit=_MAX_ALERTS) if alert.topic == series and _overlaps(alert, grid)]
    return alert_rows(store, clock.now(), alerts)


def points_view(points: list[SeriesReading]) -> PointsView:
    """Return readings as columns."""
    return PointsView(
        time=[point.time for point in points],
        observed=[point.observed for point in points],
        expected=[point.expected for point in points],
        low=[point.expected_low for point in points],
        high=[point.expected_high for point in points],
    )


def _counts(store: Store, series: str, kind: SeriesKind, grid: TimeGrid) -> SeriesCountsView:
    seconds = int(grid.step.total_seconds())
    if kind not in _COUNTED:
        return SeriesCountsView(step_seconds=seconds, time=[], negative=[], total=[])
    topic = series if kind is SeriesKind.TOPIC else ""
    symbol = series.removeprefix(SYMBOL_PREFIX) if kind is SeriesKind.SYMBOL else ""
    cells = {row.time: row for row in store.counts.buckets(grid.start, grid.end, step=grid.step, topic=topic, symbol=symbol)}
    line = [cells.get(time) for time in grid.times]
    return SeriesCountsView(
        step_seconds=seconds,
        time=grid.times,
        negative=[cell.negative if cell else 0 for cell in line],
        total=[cell.total if cell else 0 for cell in line],
    )


def _overlaps(alert: Alert, grid: TimeGrid) -> bool:
    return alert.opened_at < grid.end and (alert.resolved_at is None or alert.resolved_at >= grid.start)


def _is_empty(chart: ChartView) -> bool:
    return not (chart.points.time or any(chart.counts.total) or chart.alerts)
