"""Moods and series over event time, and the names there are to choose from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query

from squall.core.clock import Clock
from squall.core.records import Alert, SeriesKind
from squall.core.series import MARKET, SYMBOL_PREFIX, kind_of
from squall.dashboards.page.routes.alerts import with_words
from squall.dashboards.page.schemas.documents import ErrorView
from squall.dashboards.page.schemas.mood import ChartView, FiltersView, MoodView, PointsView, SeriesCountsView, SeriesView
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store
from squall.storage.rows.detector import SeriesReading

MAX_BUCKETS: Final = 96
MAX_TOPICS: Final = 100
_STEPS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800)
_NAMES_OF: Final = timedelta(days=7)
_INSTANT: Final = timedelta(milliseconds=1)
_READING_SECONDS: Final = 300
_MAX_POINTS: Final = 2000
_MAX_ALERTS: Final = 2000
_COUNTED: Final = frozenset({SeriesKind.TOPIC, SeriesKind.MARKET, SeriesKind.SYMBOL})

Hours = Annotated[int, Query(ge=1, le=744, description="of event time, up to the newest document")]
Series = Annotated[str, Query(min_length=1, max_length=200, description="a topic, `All topics`, `$SYMBOL`, `Sector: …`, `Source: …`")]


def mood_routes(store: Store, answers: SharedAnswers, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    def known() -> FiltersView:
        return answers.get("filters", lambda: _filters(store))

    @routes.get("/api/mood")
    def mood(hours: Hours = 24) -> MoodView:
        """Net sentiment of every topic over time."""
        return answers.get(("mood", hours), lambda: _mood(store, hours))

    @routes.get("/api/chart", responses={404: {"model": ErrorView, "description": "no such series"}})
    def chart(series: Series, hours: Hours = 24) -> ChartView:
        """One series: what was counted, what history let expect, and its alerts."""
        found = answers.get(("chart", series, hours), lambda: _chart(store, clock, series, hours))
        if series != MARKET and _is_empty(found) and series not in {row.name for row in known().series}:
            raise HTTPException(
                404,
                f"there is no series {series!r} in this time: it is a topic, {MARKET!r}, a symbol as '{SYMBOL_PREFIX}AAPL', or a watched "
                "sector as 'Sector: Banks'; /api/filters lists them",
            )
        return found

    @routes.get("/api/filters")
    def filters() -> FiltersView:
        """Names to choose from, at most 200 of a sort."""
        return known()

    return routes


@dataclass(frozen=True, slots=True)
class _Grid:
    """Buckets of whole steps from the epoch; the newest document is in the last one."""

    start: datetime
    end: datetime
    step: timedelta
    times: list[datetime]


def _grid(last: datetime, hours: int) -> _Grid:
    seconds = next(step for step in _STEPS if hours * 3600 <= step * MAX_BUCKETS)
    count = -(-hours * 3600 // seconds)
    newest = int(last.timestamp()) // seconds * seconds
    times = [datetime.fromtimestamp(newest - (count - 1 - place) * seconds, UTC) for place in range(count)]
    return _Grid(times[0], last + _INSTANT, timedelta(seconds=seconds), times)


def _mood(store: Store, hours: int) -> MoodView:
    last = store.documents.last_published_at()
    if last is None:
        return MoodView(start=None, end=None, step_seconds=0, topics=[], times=[], negative=[], total=[], net=[])
    grid = _grid(last, hours)
    rows = store.counts.buckets_by_topic(grid.start, grid.end, step=grid.step)
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes[row.name] += row.total
    topics = sorted(sizes, key=lambda name: (-sizes[name], name))[:MAX_TOPICS]
    cells = {(row.name, row.time): row for row in rows}
    lines = [[cells.get((topic, time)) for time in grid.times] for topic in topics]
    return MoodView(
        start=grid.start,
        end=grid.end,
        step_seconds=int(grid.step.total_seconds()),
        topics=topics,
        times=grid.times,
        negative=[[cell.negative if cell else 0 for cell in line] for line in lines],
        total=[[cell.total if cell else 0 for cell in line] for line in lines],
        net=[[round((cell.positive - cell.negative) / cell.total, 4) if cell else None for cell in line] for line in lines],
    )


def _chart(store: Store, clock: Clock, series: str, hours: int) -> ChartView:
    kind, last = kind_of(series), store.documents.last_published_at()
    if last is None:
        no_counts = SeriesCountsView(step_seconds=0, time=[], negative=[], total=[])
        return ChartView(
            series=series, kind=kind, start=None, end=None, window_minutes=None, points=_points([]), counts=no_counts, alerts=[]
        )
    grid = _grid(last, hours)
    every = timedelta(seconds=_READING_SECONDS * -(-hours * 3600 // (_READING_SECONDS * _MAX_POINTS)))
    points = store.detector.readings(series, grid.start, grid.end, every=every)
    alerts = [alert for alert in store.alerts.latest(limit=_MAX_ALERTS) if alert.topic == series and _overlaps(alert, grid)]
    return ChartView(
        series=series,
        kind=kind,
        start=grid.start,
        end=grid.end,
        window_minutes=points[-1].window_minutes if points else None,
        points=_points(points),
        counts=_counts(store, series, kind, grid),
        alerts=with_words(store, clock.now(), alerts),
    )


def _points(points: list[SeriesReading]) -> PointsView:
    return PointsView(
        time=[point.time for point in points],
        observed=[point.observed for point in points],
        expected=[point.expected for point in points],
        low=[point.expected_low for point in points],
        high=[point.expected_high for point in points],
    )


def _counts(store: Store, series: str, kind: SeriesKind, grid: _Grid) -> SeriesCountsView:
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


def _overlaps(alert: Alert, grid: _Grid) -> bool:
    return alert.opened_at < grid.end and (alert.resolved_at is None or alert.resolved_at >= grid.start)


def _is_empty(chart: ChartView) -> bool:
    return not (chart.points.time or any(chart.counts.total) or chart.alerts)


def _filters(store: Store) -> FiltersView:
    last = store.documents.last_published_at()
    if last is None:
        return FiltersView(topics=[], sources=[], symbols=[], languages=[], series=[SeriesView(name=MARKET, kind=SeriesKind.MARKET)])
    names = store.counts.names(last + _INSTANT - _NAMES_OF, last + _INSTANT)
    series = {MARKET: SeriesKind.MARKET, **dict.fromkeys(names.topics, SeriesKind.TOPIC), **dict(names.watched)}
    series |= {f"{SYMBOL_PREFIX}{symbol}": SeriesKind.SYMBOL for symbol in names.symbols}
    return FiltersView(
        topics=list(names.topics),
        sources=list(names.sources),
        symbols=list(names.symbols),
        languages=list(names.languages),
        series=[SeriesView(name=name, kind=kind) for name, kind in series.items()],
    )
