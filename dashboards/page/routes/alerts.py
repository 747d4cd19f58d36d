"""Alerts: list, show, acknowledge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime, Field

from squall.core.clock import Clock
from squall.core.config.settings import DetectorSettings
from squall.core.errors import ConfigurationError
from squall.core.formatting import explanation, times_of
from squall.core.matchers import LONGEST, all_match
from squall.core.records import Alert, AlertState
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.alerts import (
    AcknowledgementRequest,
    AcknowledgementResponse,
    AcknowledgementView,
    AlertRow,
    AlertsView,
    AlertView,
    NotificationView,
    TimeView,
)
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.documents import DocumentView, document_views
from squall.dashboards.page.schemas.drivers import DriversView
from squall.storage import Store
from squall.storage.queries.alerting.alerts import AlertFilter
from squall.storage.queries.alerting.documents import documents_behind
from squall.storage.queries.alerting.silences import matchers_of
from squall.storage.rows.alerting import Acknowledgement

MAX_DOCUMENTS: Final = 10
DOCUMENTS_TTL_SECONDS: Final = 60.0
"""The documents behind an alert are queried again after this long, however often the alert is shown, acknowledged or silenced."""

ObjectId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_Pattern = Annotated[str, Field(min_length=1, max_length=LONGEST)]
_MOST_PATTERNS: Final = 20
_NO_ALERT: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such alert"}}


def alert_routes(store: Store, cache: ResponseCache, clock: Clock, detector: DetectorSettings) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    def documents_of(alert: Alert) -> list[DocumentView]:
        def read() -> list[DocumentView]:
            rows = documents_behind(store.documents, alert, detector.sectors, MAX_DOCUMENTS)
            return document_views(rows, store.mentions.of(rows), store.stories.of(rows))

        key = ("alert documents", alert.id, alert.window_start, alert.window_end, alert.document_ids)
        return cache.get(key, read, DOCUMENTS_TTL_SECONDS)

    def drivers_of(alert: Alert) -> DriversView:
        def read() -> DriversView:
            return DriversView.model_validate(store.drivers.of(alert, detector.sectors))

        return cache.get(("alert drivers", alert.id, alert.window_start, alert.window_end, alert.document_ids), read, DOCUMENTS_TTL_SECONDS)

    @routes.get("/api/alerts")
    def alerts(
        state: Annotated[list[AlertState] | None, Query()] = None,
        topic: Annotated[list[_Pattern] | None, Query(max_length=_MOST_PATTERNS, description="name of the series, with * and ?")] = None,
        name: Annotated[
            list[_Pattern] | None,
            Query(
                max_length=_MOST_PATTERNS,
                description="words of a name, a ticker or an id of an entity that the alert is about, with * and ?",
            ),
        ] = None,
        since: Annotated[AwareDatetime | None, Query(description="opened then or later, event time")] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> AlertsView:
        """Alerts in their latest state; all conditions must hold. `state`, `topic` and `name` may be repeated: any of them."""
        wanted = AlertFilter(tuple(dict.fromkeys(state or ())), tuple(topic or ()), tuple(name or ()), since)
        try:
            return cache.get(
                ("alerts", wanted, limit), lambda: AlertsView(alerts=alert_rows(store, clock.now(), store.alerts.find(wanted, limit)))
            )
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None

    @routes.get("/api/alerts/{alert_id}", responses=_NO_ALERT)
    def alert(alert_id: ObjectId) -> AlertView:
        """One alert: what is so now, why it was raised, who drives it, the documents behind it, and the notifications about it."""
        found = cache.get(("alert", alert_id), lambda: _alert(store, clock.now(), alert_id))
        if found is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        row, notifications = found
        return AlertView(
            alert=row,
            explanation=explanation(row),
            times=[TimeView(label=label, time=time) for label, time in times_of(row)],
            drivers=drivers_of(row),
            documents=documents_of(row),
            notifications=notifications,
        )

    @routes.post("/api/alerts/{alert_id}/acknowledgement", responses=_NO_ALERT)
    def acknowledge(alert_id: ObjectId, wanted: AcknowledgementRequest) -> AcknowledgementResponse:
        """Acknowledge an alert; a later acknowledgement replaces an earlier one."""
        if store.alerts.get(alert_id) is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        row = Acknowledgement(alert_id, wanted.author, wanted.note, clock.now())
        store.acknowledgements.write(row)
        invalidate_alerts(cache)
        return AcknowledgementResponse(acknowledged=AcknowledgementView.model_validate(row))

    return routes


def invalidate_alerts(cache: ResponseCache) -> None:
    """Drop the cached responses that show acknowledgements or silences."""
    cache.invalidate("alerts", "alert", "chart", "silences")


def alert_rows(store: Store, now: datetime, alerts: Sequence[Alert]) -> list[AlertRow]:
    """Add to each alert its acknowledgement, and the end of the longest silence that is active at the wall time `now`."""
    acknowledged = {
        row.alert_id: AcknowledgementView.model_validate(row) for row in store.acknowledgements.of([alert.id for alert in alerts])
    }
    silences = [(matchers_of(row), row.ends_at) for row in store.silences.active(now)] if alerts else []
    return [
        AlertRow(
            **dict(alert),
            acknowledged=acknowledged.get(alert.id),
            silenced_until=max((end for matchers, end in silences if all_match(matchers, alert)), default=None),
        )
        for alert in alerts
    ]


def _alert(store: Store, now: datetime, alert_id: str) -> tuple[AlertRow, list[NotificationView]] | None:
    alert = store.alerts.get(alert_id)
    if alert is None:
        return None
    notifications = [NotificationView.model_validate(row) for row in store.notifications.about(alert_id)]
    return alert_rows(store, now, [alert])[0], notifications
