"""The JSON API and the page's files. Read-only; documented at /api/openapi.json."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import AwareDatetime

from core.clock import Clock
from core.errors import StoreError, UnavailableError
from core.records import OLDEST, Alert, AlertState, Sentiment
from dashboards.shared import SharedAnswers
from dashboards.views import (
    AlertsView,
    AlertView,
    DocumentsView,
    DocumentView,
    HealthView,
    LatencyView,
    OverviewView,
    TopicView,
    TotalsView,
    WindowView,
)
from storage import Store
from storage.drivers import driving_documents
from storage.rows import StoredDocument

WINDOW = timedelta(hours=24)
MAX_DRIVERS = 10
STATIC = FilePath(__file__).parent / "static"

AlertId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
AlertLimit = Annotated[int, Query(ge=1, le=500)]
DocumentLimit = Annotated[int, Query(ge=1, le=200)]
Filter = Annotated[str, Query(max_length=200, description="exact name; empty: all")]


def create_app(store: Store, clock: Clock) -> FastAPI:
    """Return the page and its API over `store`; who may see it is `dashboards.access`'s business."""
    app = FastAPI(title="Squall", summary="What the live page knows.", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    answers = SharedAnswers(clock)
    app.add_exception_handler(UnavailableError, _store_trouble)
    app.add_exception_handler(StoreError, _store_trouble)
    _add_queries(app, store, answers)
    _add_alerts(app, store, answers)
    _add_page(app)
    return app


def _store_trouble(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=503)


def _add_queries(app: FastAPI, store: Store, answers: SharedAnswers) -> None:
    @app.get("/healthz", responses={503: {"description": "the store does not answer"}})
    def health() -> HealthView:
        """Say whether the store answers; needs no token and names nothing."""
        try:
            answers.get("ping", store.ping)
        except (UnavailableError, StoreError):
            raise HTTPException(503, "the store does not answer") from None
        return HealthView(status="ok")

    @app.get("/api/overview")
    def overview() -> OverviewView:
        """Totals, and the last 24 hours of event time by topic and sentiment."""
        return answers.get("overview", lambda: read_overview(store))

    @app.get("/api/documents")
    def documents(
        limit: DocumentLimit = 50,
        before: Annotated[AwareDatetime | None, Query(description="published before this moment, with its time zone")] = None,
        topic: Filter = "",
        sentiment: Sentiment | None = None,
        source: Filter = "",
        symbol: Filter = "",
    ) -> DocumentsView:
        """Newest documents, copies too."""
        key = ("documents", limit, before, topic, sentiment, source, symbol)
        return answers.get(key, lambda: _documents(store, limit, before, topic, sentiment, source, symbol))


def _add_alerts(app: FastAPI, store: Store, answers: SharedAnswers) -> None:
    @app.get("/api/alerts")
    def alerts(state: Annotated[list[AlertState] | None, Query()] = None, limit: AlertLimit = 100) -> AlertsView:
        """Alerts in their newest state; `state` may be given more than once."""
        states = tuple(dict.fromkeys(state)) if state else None
        return answers.get(("alerts", states, limit), lambda: AlertsView(alerts=store.alerts(states, limit)))

    @app.get("/api/alerts/{alert_id}", responses={404: {"description": "no such alert"}})
    def alert(alert_id: AlertId) -> AlertView:
        """One alert and the documents that drove it."""
        found = answers.get(("alert", alert_id), lambda: _alert(store, alert_id))
        if found is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        return found


def _add_page(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def read_overview(store: Store) -> OverviewView:
    """Ask the store for everything the head of the page shows."""
    totals = TotalsView.model_validate(store.totals())
    last = store.last_published_at()
    return OverviewView(totals=totals, last_published_at=last, window=_window(store, last) if last else None)


def _window(store: Store, last: datetime) -> WindowView:
    end = last + timedelta(milliseconds=1)  # half-open, and the newest document is in it
    start = end - WINDOW
    topics = [TopicView.model_validate(row) for row in store.topic_sentiment(start, end)]
    return WindowView(start=start, end=end, topics=topics, latency=LatencyView.model_validate(store.latency(start, end)))


def _documents(
    store: Store, limit: int, before: datetime | None, topic: str, sentiment: Sentiment | None, source: str, symbol: str
) -> DocumentsView:
    if before is not None and before <= OLDEST:
        return DocumentsView(documents=[])
    rows = store.documents(
        limit=limit, before=before, topic=topic, source=source, symbol=symbol, sentiment=sentiment.value if sentiment else ""
    )
    return DocumentsView(documents=[DocumentView.model_validate(row) for row in rows])


def _alert(store: Store, alert_id: str) -> AlertView | None:
    alert = store.alert(alert_id)
    if alert is None:
        return None
    return AlertView(alert=alert, documents=[DocumentView.model_validate(row) for row in _drivers(store, alert)])


def _drivers(store: Store, alert: Alert) -> list[StoredDocument]:
    """Find the alert's documents in its own window, and elsewhere only those that are not there: that reads everything."""
    near = {row.id: row for row in driving_documents(store, alert, {}, limit=10 * MAX_DRIVERS)}
    found = (near.get(key) or store.document(key) for key in alert.document_ids[:MAX_DRIVERS])
    return [row for row in found if row is not None]
