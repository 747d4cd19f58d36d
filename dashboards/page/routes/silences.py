"""Silences: list, create, end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, HTTPException

from squall.core.clock import Clock
from squall.core.errors import ConfigurationError
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.alerts import ObjectId, invalidate_alerts
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.silences import SilenceRequest, SilencesView, SilenceView
from squall.storage import Store
from squall.storage.queries.alerting.silences import ended_silence, new_silence

_NO_SILENCE: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such silence, or it has ended"}}


def silence_routes(store: Store, cache: ResponseCache, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/silences")
    def silences() -> SilencesView:
        """Silences that have not ended."""
        return cache.get(("silences",), lambda: _silences(store, clock.now()))

    @routes.post("/api/silences", status_code=201)
    def silence(wanted: SilenceRequest) -> SilenceView:
        """Silence alerts from now on: they are still detected and listed, but no notifications are sent."""
        try:
            row = new_silence(wanted.matchers, wanted.author, wanted.reason, clock.now(), timedelta(minutes=wanted.minutes))
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None
        store.silences.write([row])
        invalidate_alerts(cache)
        return SilenceView.model_validate(row)

    @routes.delete("/api/silences/{silence_id}", responses=_NO_SILENCE)
    def end_silence(silence_id: ObjectId) -> SilenceView:
        """End a silence now."""
        now = clock.now()
        found = next((row for row in store.silences.all() if row.id == silence_id and row.ends_at > now), None)
        if found is None:
            raise HTTPException(404, f"there is no silence {silence_id}, or it has ended")
        ended = ended_silence(found, now)
        store.silences.write([ended])
        invalidate_alerts(cache)
        return SilenceView.model_validate(ended)

    return routes


def _silences(store: Store, now: datetime) -> SilencesView:
    return SilencesView(silences=[SilenceView.model_validate(row) for row in store.silences.all() if row.ends_at > now])
