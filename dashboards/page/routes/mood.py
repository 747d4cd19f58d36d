"""The mood heatmap."""

from __future__ import annotations

from collections import Counter
from typing import Final

from fastapi import APIRouter

from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.mood import MoodView
from squall.dashboards.page.time_grid import Hours, time_grid
from squall.storage import Store

MAX_TOPICS: Final = 100


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
        return MoodView(start=None, end=None, step_seconds=0, topics=[], times=[], negative=[], total=[], net=[])
    grid = time_grid(last, hours)
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
