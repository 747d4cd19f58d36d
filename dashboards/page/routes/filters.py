"""The names that filters offer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fastapi import APIRouter

from squall.core.records import SeriesKind
from squall.core.series import MARKET, SYMBOL_PREFIX
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.filters import FiltersView, SeriesView
from squall.dashboards.page.schemas.severity import EventNameView
from squall.dashboards.page.time_grid import INSTANT
from squall.storage import Store

_LOOK_BACK: Final = timedelta(days=7)


def filter_routes(store: Store, cache: ResponseCache) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/filters")
    def filters() -> FiltersView:
        """The names to filter by, at most 200 of each kind."""
        return cached_filters(store, cache)

    return routes


def cached_filters(store: Store, cache: ResponseCache) -> FiltersView:
    """Return the response of `/api/filters`."""
    return cache.get("filters", lambda: _filters(store))


def _filters(store: Store) -> FiltersView:
    last = store.documents.last_published_at()
    if last is None:
        return FiltersView(
            topics=[], sources=[], symbols=[], languages=[], events=[], series=[SeriesView(name=MARKET, kind=SeriesKind.MARKET)]
        )
    names = store.counts.names(last + INSTANT - _LOOK_BACK, last + INSTANT)
    series = {MARKET: SeriesKind.MARKET, **dict.fromkeys(names.topics, SeriesKind.TOPIC), **dict(names.watched)}
    series |= {f"{SYMBOL_PREFIX}{symbol}": SeriesKind.SYMBOL for symbol in names.symbols}
    return FiltersView(
        topics=list(names.topics),
        sources=list(names.sources),
        symbols=list(names.symbols),
        languages=list(names.languages),
        events=[EventNameView(name=name) for name in names.events],
        series=[SeriesView(name=name, kind=kind) for name, kind in series.items()],
    )
