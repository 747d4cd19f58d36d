"""The live page's application: its JSON API, its stream of events, its files. Documented at /api/openapi.json."""

from __future__ import annotations

from pathlib import Path as FilePath

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from squall.core.clock import Clock
from squall.core.config.settings import DetectorSettings
from squall.core.errors import SquallError
from squall.dashboards.page.events import POLL_SECONDS, EventFeed
from squall.dashboards.page.news import NewsReader
from squall.dashboards.page.routes.alerts import alert_routes
from squall.dashboards.page.routes.documents import document_routes
from squall.dashboards.page.routes.events import event_routes
from squall.dashboards.page.routes.health import HealthDesk, health_routes
from squall.dashboards.page.routes.mood import mood_routes
from squall.dashboards.page.schemas.documents import ErrorView
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store

STATIC = FilePath(__file__).parent / "static"
MAX_BODY_BYTES = 65_536


def create_app(store: Store, clock: Clock, detector: DetectorSettings, *, poll_seconds: float = POLL_SECONDS) -> tuple[FastAPI, EventFeed]:
    """Return the page with its API over `store`, and the feed of its events, to be closed before the server stops.

    Who may see the page is `squall.dashboards.page.access`'s business.
    """
    app = FastAPI(
        title="Squall",
        summary="What the live page knows, and what people tell it.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={
            422: {"model": ErrorView, "description": "the request makes no sense"},
            503: {"model": ErrorView, "description": "the store does not answer"},
        },
        max_body_size=MAX_BODY_BYTES,
    )
    app.add_exception_handler(SquallError, _store_trouble)
    app.add_exception_handler(RequestValidationError, _no_sense)
    answers = SharedAnswers(clock)
    health = HealthDesk(store, clock, detector.interval_seconds)
    feed = EventFeed(NewsReader(store, answers, clock, health), poll_seconds)
    app.include_router(health_routes(store, answers, health))
    app.include_router(document_routes(store, answers))
    app.include_router(mood_routes(store, answers, clock))
    app.include_router(alert_routes(store, answers, clock, detector))
    app.include_router(event_routes(feed))
    _add_page(app)
    return app, feed


async def _store_trouble(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=503)


async def _no_sense(_request: Request, error: Exception) -> JSONResponse:
    """Say what is wrong in one line, as every other error of this API does."""
    assert isinstance(error, RequestValidationError)
    wrong = [f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    return JSONResponse({"detail": "; ".join(wrong)[:1000]}, status_code=422)


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/api/{path:path}", include_in_schema=False)
    def unknown(path: str) -> None:
        raise HTTPException(404, f"there is no /api/{path[:200]}; /api/openapi.json lists what there is")
