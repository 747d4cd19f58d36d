"""The mood heatmap."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from fastapi import APIRouter

from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.mood import MoodView, UnscoredLanguageView
from squall.dashboards.page.schemas.severity import GravestView
from squall.dashboards.page.time_grid import Hours, time_grid
from squall.storage import Store
from squall.storage.rows.severity import SeverityBucket

MAX_TOPICS: Final = 100
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
"""Severities are counted by whole minutes: the one of the newest document too."""


def mood_routes(store: Store, cache: ResponseCache) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/mood")
    def mood(hours: Hours = 24) -> MoodView:
        """Net sentiment of every topic over time."""
        return cache.get(("mood", hours), lambda: _mood(store, hours))

    return routes


def _mood(store: Store, hours: int) -> MoodView:
    last = store.documents.last_published_at()
    if last is None:
        return MoodView(start=None, end=None, step_seconds=0, topics=[], times=[], negative=[], total=[], gravest=[], unscored=[], net=[])
    grid = time_grid(last, hours)
    rows = store.counts.buckets_by_topic(grid.start, grid.end, step=grid.step)
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes[row.name] += row.total
    topics = sorted(sizes, key=lambda name: (-sizes[name], name))[:MAX_TOPICS]
    cells = {(row.name, row.time): row for row in rows}
    severities: defaultdict[str, list[SeverityBucket]] = defaultdict(list)
    for bucket in store.severity.by_topic(grid.start, last + _MINUTE, step=_HOUR):
        severities[bucket.name].append(bucket)
    lines = [[cells.get((topic, time)) for time in grid.times] for topic in topics]
    return MoodView(
        start=grid.start,
        end=grid.end,
        step_seconds=int(grid.step.total_seconds()),
        topics=topics,
        times=grid.times,
        negative=[[cell.negative if cell else 0 for cell in line] for line in lines],
        total=[[cell.total if cell else 0 for cell in line] for line in lines],
        gravest=[_gravest(severities.get(topic, [])) for topic in topics],
        unscored=[UnscoredLanguageView.model_validate(each) for each in store.counts.unscored(grid.start, grid.end)],
        net=[[round((cell.positive - cell.negative) / cell.total, 4) if cell else None for cell in line] for line in lines],
    )


def _gravest(buckets: Sequence[SeverityBucket]) -> GravestView:
    documents = sum(bucket.documents for bucket in buckets)
    if not documents:
        return GravestView()
    return GravestView(
        gravest=max(bucket.gravest for bucket in buckets),
        mean_severity=sum(bucket.mean * bucket.documents for bucket in buckets) / documents,
        grave=sum(bucket.grave for bucket in buckets),
    )
