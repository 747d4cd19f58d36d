"""The live page's FastAPI application: JSON API, event stream and static files. Documented at /api/openapi.json."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from squall.core.clock import Clock
from squall.core.config.settings import DetectorSettings
from squall.core.errors import SquallError
from squall.dashboards.page.change_feed import ChangeFeed
from squall.dashboards.page.event_stream import MAX_SUBSCRIBERS, POLL_SECONDS, EventBroadcaster
from squall.dashboards.page.health_reader import HealthReader
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.alerts import alert_routes
from squall.dashboards.page.routes.chart import chart_routes
from squall.dashboards.page.routes.documents import document_routes
from squall.dashboards.page.routes.entities import entity_routes
from squall.dashboards.page.routes.events import event_routes
from squall.dashboards.page.routes.filters import filter_routes
from squall.dashboards.page.routes.health import health_routes
from squall.dashboards.page.routes.mood import mood_routes
from squall.dashboards.page.routes.overview import overview_routes
from squall.dashboards.page.routes.silences import silence_routes
from squall.dashboards.page.routes.stories import story_routes
from squall.dashboards.page.schemas.base import ErrorView
from squall.entities.catalogue.groups import OpenGroups
from squall.storage import Store

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 65_536


def create_app(
    store: Store,
    clock: Clock,
    detector: DetectorSettings,
    groups: OpenGroups,
    *,
    poll_seconds: float = POLL_SECONDS,
    max_streams: int = MAX_SUBSCRIBERS,
) -> tuple[FastAPI, EventBroadcaster]:
    """Return the page with its API over `store`, and its event broadcaster, which must be closed before the server stops.

    Access control is in `squall.dashboards.page.access`.
    """
    app = FastAPI(
        title="Squall",
        summary="Documents, sentiment, alerts and health as the live page shows them; acknowledgements and silences.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={
            422: {"model": ErrorView, "description": "the request is not valid"},
            503: {"model": ErrorView, "description": "the store does not answer"},
        },
        max_body_size=MAX_BODY_BYTES,
    )
    app.add_exception_handler(SquallError, _store_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    cache = ResponseCache(clock)
    health = HealthReader(store, clock, detector.interval_seconds)
    broadcaster = EventBroadcaster(ChangeFeed(store, cache, clock, health), poll_seconds, max_streams)
    app.include_router(health_routes(store, cache, health))
    app.include_router(overview_routes(store, cache))
    app.include_router(document_routes(store, cache))
    app.include_router(story_routes(store, cache))
    app.include_router(mood_routes(store, cache))
    app.include_router(entity_routes(store, cache, clock, groups))
    app.include_router(filter_routes(store, cache))
    app.include_router(chart_routes(store, cache, clock))
    app.include_router(alert_routes(store, cache, clock, detector))
    app.include_router(silence_routes(store, cache, clock))
    app.include_router(event_routes(broadcaster))
    _add_page(app)
    return app, broadcaster


async def _store_error(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=503)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    """Describe what is wrong in one line, as every other error of this API does."""
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    return JSONResponse({"detail": "; ".join(problems)[:1000]}, status_code=422)


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/api/{path:path}", include_in_schema=False)
    def unknown(path: str) -> None:
        raise HTTPException(404, f"there is no /api/{path[:200]}; /api/openapi.json lists the routes")
