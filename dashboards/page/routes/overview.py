"""The overview: totals, topics and latency."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter

from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.overview import LatencyView, OverviewView, TopicView, TotalsView, WindowView
from squall.dashboards.page.time_grid import INSTANT
from squall.storage import Store

WINDOW: Final = timedelta(hours=24)


def overview_routes(store: Store, cache: ResponseCache) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/overview")
    def overview() -> OverviewView:
        """Totals, and the last 24 hours of event time by topic and sentiment."""
        return cache.get("overview", lambda: _overview(store))

    return routes


def _overview(store: Store) -> OverviewView:
    totals = TotalsView.model_validate(store.counts.totals())
    last = store.documents.last_published_at()
    return OverviewView(totals=totals, last_published_at=last, window=_window(store, last) if last else None)


def _window(store: Store, last: datetime) -> WindowView:
    end = last + INSTANT
    start = end - WINDOW
    topics = [TopicView.model_validate(row) for row in store.counts.by_topic(start, end)]
    return WindowView(start=start, end=end, topics=topics, latency=LatencyView.model_validate(store.documents.latency(start, end)))
