"""Silences: list, preview, create, extend, end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from squall.core.clock import Clock
from squall.core.errors import ConfigurationError
from squall.core.matchers import parse_all
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.alerts import ObjectId, invalidate_alerts
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.silences import (
    MATCHER_LENGTH,
    MOST_MATCHERS,
    ExtensionRequest,
    SilencePreviewView,
    SilenceRequest,
    SilencesView,
    SilenceView,
)
from squall.storage import Store
from squall.storage.queries.alerting.silence_preview import preview_silence
from squall.storage.queries.alerting.silences import ended_silence, extended_silence, new_silence
from squall.storage.rows.alerting import Silence

_NO_SILENCE: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such silence, or it has ended"}}
_Matchers = Annotated[
    list[Annotated[str, Field(max_length=MATCHER_LENGTH)]],
    Query(min_length=1, max_length=MOST_MATCHERS, description="label, operator (=, !=, =~, !~) and pattern; all must match"),
]


def silence_routes(store: Store, cache: ResponseCache, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    def unended(silence_id: str, now: datetime) -> Silence:
        found = next((row for row in store.silences.unended(now) if row.id == silence_id), None)
        if found is None:
            raise HTTPException(404, f"there is no silence {silence_id}, or it has ended")
        return found

    def changed(silence: Silence) -> SilenceView:
        store.silences.write([silence])
        invalidate_alerts(cache)
        return SilenceView.model_validate(silence)

    @routes.get("/api/silences")
    def silences() -> SilencesView:
        """Silences that have not ended, planned ones too."""
        return cache.get(("silences",), lambda: _silences(store, clock.now()))

    @routes.get("/api/silences/preview")
    def preview(matcher: _Matchers) -> SilencePreviewView:
        """What a silence with these matchers would match of the newest alerts; nothing is stored."""
        try:
            matchers = parse_all(matcher)
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None
        return SilencePreviewView.model_validate(preview_silence(store.alerts, matchers))

    @routes.post("/api/silences", status_code=201)
    def silence(wanted: SilenceRequest) -> SilenceView:
        """Silence alerts: they are still detected and listed, but no notifications are sent."""
        now = clock.now()
        try:
            ends_at = wanted.end(max(now, wanted.starts_at or now))
            return changed(new_silence(wanted.matchers, wanted.author, wanted.reason, now, wanted.starts_at, ends_at))
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None

    @routes.patch("/api/silences/{silence_id}", responses=_NO_SILENCE)
    def extend_silence(silence_id: ObjectId, wanted: ExtensionRequest) -> SilenceView:
        """Give a silence another end."""
        now = clock.now()
        found = unended(silence_id, now)
        try:
            return changed(extended_silence(found, wanted.end(found.ends_at), now))
        except ConfigurationError as error:
            raise HTTPException(422, str(error)) from None

    @routes.delete("/api/silences/{silence_id}", responses=_NO_SILENCE)
    def end_silence(silence_id: ObjectId) -> SilenceView:
        """End a silence now; one that has not begun never does."""
        now = clock.now()
        return changed(ended_silence(unended(silence_id, now), now))

    return routes


def _silences(store: Store, now: datetime) -> SilencesView:
    return SilencesView(silences=[SilenceView.model_validate(row) for row in store.silences.unended(now)])
