"""Health: whether the store answers, text arrives and the detector runs."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from squall.core.errors import SquallError
from squall.dashboards.page.health_reader import HealthReader
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.health import HealthView, MigrationView, PingView, StoreView
from squall.storage import Store


def health_routes(store: Store, cache: ResponseCache, reader: HealthReader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/healthz")
    def ping() -> PingView:
        """Return whether the store answers. Needs no token and reveals nothing else."""
        try:
            cache.get("ping", store.ping)
        except SquallError:
            raise HTTPException(503, "the store does not answer") from None
        return PingView(status="ok")

    @routes.get("/api/health")
    def health() -> HealthView:
        """The latest reports of pipeline and detector."""
        return cache.get("health", reader.read)

    @routes.get("/api/store")
    def store_status() -> StoreView:
        """Return ClickHouse's version and the state of the schema."""
        return cache.get("store", lambda: _store_view(store))

    return routes


def _store_view(store: Store) -> StoreView:
    migrations = [MigrationView(number=row.number, name=row.name, applied_at=row.applied_at) for row in store.schema.status()]
    return StoreView(version=store.ping(), migrations=migrations)
