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
        """Totals, and the last 24 hours of event time by topic and sentiment: as the detector keeps them, a minute old at most."""
        return cache.get("overview", lambda: read_overview(store))

    return routes


def read_overview(store: Store) -> OverviewView:
    """Return the overview: of kept counts while a detector keeps them, counted otherwise."""
    kept = store.counts.is_kept()
    totals = TotalsView.model_validate(store.counts.kept_totals() if kept else store.counts.totals())
    last = store.documents.last_published_at()
    return OverviewView(totals=totals, last_published_at=last, window=_window(store, last, kept=kept) if last else None)


def _window(store: Store, last: datetime, *, kept: bool) -> WindowView:
    end = last + INSTANT
    if kept:
        end = end.replace(second=0, microsecond=0) + timedelta(minutes=1)  # kept counts are those of minutes
    start = end - WINDOW
    rows = store.counts.kept_by_topic(start, end) if kept else store.counts.by_topic(start, end)
    topics = [TopicView.model_validate(row) for row in rows]
    return WindowView(start=start, end=end, topics=topics, latency=LatencyView.model_validate(store.documents.latency(start, end)))
