"""Alerts, and what people say about them: acknowledge, silence, end a silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query

from squall.core.clock import Clock
from squall.core.config.settings import DetectorSettings
from squall.core.errors import ConfigurationError
from squall.core.formatting import explanation
from squall.core.matchers import all_match, parse_all
from squall.core.records import Alert, AlertState
from squall.dashboards.page.routes.documents import views
from squall.dashboards.page.schemas.alerts import (
    AcknowledgedView,
    AcknowledgementAnswer,
    AcknowledgementRequest,
    AlertRow,
    AlertsView,
    AlertView,
    SilenceRequest,
    SilencesView,
    SilenceView,
    ToldView,
)
from squall.dashboards.page.schemas.documents import ErrorView
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_behind
from squall.storage.queries.alerting.silences import ended_silence, new_silence
from squall.storage.rows.alerting import Acknowledgement

MAX_DRIVERS: Final = 10
_CHANGED: Final = ("alerts", "alert", "chart", "silences")
"""Shared answers that tell what people said."""

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_NO_ALERT: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such alert"}}
_NO_SILENCE: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such silence, or it is over"}}


def alert_routes(store: Store, answers: SharedAnswers, clock: Clock, detector: DetectorSettings) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/alerts")
    def alerts(
        state: Annotated[list[AlertState] | None, Query()] = None, limit: Annotated[int, Query(ge=1, le=10_000)] = 100
    ) -> AlertsView:
        """Alerts in their newest state; `state` may be given more than once."""
        states = tuple(dict.fromkeys(state)) if state else None
        key = ("alerts", states, limit)
        return answers.get(key, lambda: AlertsView(alerts=with_words(store, clock.now(), store.alerts.latest(states, limit))))

    @routes.get("/api/alerts/{alert_id}", responses=_NO_ALERT)
    def alert(alert_id: Id) -> AlertView:
        """One alert, why it was raised, and the documents that drove it."""
        found = answers.get(("alert", alert_id), lambda: _alert(store, clock.now(), alert_id, detector))
        if found is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        return found

    @routes.post("/api/alerts/{alert_id}/acknowledgement", responses=_NO_ALERT)
    def acknowledge(alert_id: Id, said: AcknowledgementRequest) -> AcknowledgementAnswer:
        """Take an alert up; said again, the last word counts."""
        if store.alerts.get(alert_id) is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        row = Acknowledgement(alert_id, said.author, said.note, clock.now())
        store.acknowledgements.write(row)
        answers.forget(*_CHANGED)
        return AcknowledgementAnswer(acknowledged=AcknowledgedView.model_validate(row))

    @routes.get("/api/silences")
    def silences() -> SilencesView:
        """Silences that are not over."""
        return answers.get(("silences",), lambda: _silences(store, clock.now()))

    @routes.post("/api/silences", status_code=201)
    def silence(wanted: SilenceRequest) -> SilenceView:
        """Silence alerts from now on: they are found and listed, and nobody is told."""
        try:
            row = new_silence(wanted.matchers, wanted.author, wanted.reason, clock.now(), timedelta(minutes=wanted.minutes))
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None
        store.silences.write([row])
        answers.forget(*_CHANGED)
        return SilenceView.model_validate(row)

    @routes.delete("/api/silences/{silence_id}", responses=_NO_SILENCE)
    def end_silence(silence_id: Id) -> SilenceView:
        """End a silence now."""
        now = clock.now()
        found = next((row for row in store.silences.all() if row.id == silence_id and row.ends_at > now), None)
        if found is None:
            raise HTTPException(404, f"there is no silence {silence_id}, or it is over")
        ended = ended_silence(found, now)
        store.silences.write([ended])
        answers.forget(*_CHANGED)
        return SilenceView.model_validate(ended)

    return routes


def with_words(store: Store, now: datetime, alerts: Sequence[Alert]) -> list[AlertRow]:
    """Join to alerts who has taken them up, and until when they are silenced at the wall time `now`."""
    taken = {row.alert_id: AcknowledgedView.model_validate(row) for row in store.acknowledgements.of([alert.id for alert in alerts])}
    silences = [(parse_all(row.matchers), row.ends_at) for row in store.silences.active(now)] if alerts else []
    return [
        AlertRow(
            **dict(alert),
            acknowledged=taken.get(alert.id),
            silenced_until=max((end for matchers, end in silences if all_match(matchers, alert)), default=None),
        )
        for alert in alerts
    ]


def _alert(store: Store, now: datetime, alert_id: str, detector: DetectorSettings) -> AlertView | None:
    alert = store.alerts.get(alert_id)
    if alert is None:
        return None
    documents = views(documents_behind(store.documents, alert, detector.sectors, MAX_DRIVERS))
    told = [ToldView.model_validate(row) for row in store.notifications.about(alert_id)]
    return AlertView(alert=with_words(store, now, [alert])[0], explanation=explanation(alert), documents=documents, told=told)


def _silences(store: Store, now: datetime) -> SilencesView:
    return SilencesView(silences=[SilenceView.model_validate(row) for row in store.silences.all() if row.ends_at > now])
