"""Silences: the request that creates one, and the responses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.requests import MAX_NOTE, Author, ChangeRequest, cleaned


class SilenceView(View):
    """From start to end (wall time), no notifications are sent for alerts that match every matcher."""

    id: str
    matchers: tuple[str, ...] = Field(description="label=pattern, for example topic=Energy*")
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime


class SilencesView(View):
    """Silences that have not ended, latest start first."""

    silences: list[SilenceView]


class SilenceRequest(ChangeRequest):
    """Silence alerts from now on."""

    matchers: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=10, description="all must match")
    minutes: int = Field(ge=1, le=366 * 24 * 60)
    author: Author
    reason: Annotated[str, BeforeValidator(cleaned), Field(min_length=1, max_length=MAX_NOTE)]
