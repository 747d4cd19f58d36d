"""Silences: the requests that create and change one, and the responses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from squall.core.matchers import LONGEST
from squall.core.records.fields import Timestamp
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.requests import MAX_NOTE, Author, ChangeRequest, cleaned

MATCHER_LENGTH = LONGEST + 20
MOST_MATCHERS = 10
_Minutes = Annotated[int, Field(ge=1, le=366 * 24 * 60)]


class SilenceView(View):
    """From start to end (wall time), no notifications are sent for alerts that match every matcher."""

    id: str
    matchers: tuple[str, ...] = Field(description="label, operator (=, !=, =~, !~) and pattern, for example topic=Energy*")
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime


class SilencesView(View):
    """Silences that have not ended, latest start first."""

    silences: list[SilenceView]


class MatcherPreviewView(View):
    """One matcher of a silence by itself."""

    matcher: str
    matched: int = Field(description="how many of the alerts it matches")
    values: tuple[str, ...] = Field(description="values of its label that it matches")
    nearest: tuple[str, ...] = Field(description="when there are none, the values that are spelled most like its pattern")


class MatchedAlertView(View):
    """An alert that a silence would match."""

    id: str
    topic: str
    kind: str
    severity: str
    state: str
    opened_at: datetime


class SilencePreviewView(View):
    """What a silence would match of the newest alerts."""

    matchers: list[MatcherPreviewView]
    tried: int = Field(description="how many of the newest alerts were tried")
    open: list[MatchedAlertView] = Field(description="pending or firing, last opened first")
    past: list[MatchedAlertView] = Field(description="resolved")


class _Span(ChangeRequest):
    """When a silence ends: after some minutes, or at a time."""

    minutes: _Minutes | None = None
    ends_at: Annotated[Timestamp | None, Field(strict=False)] = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.minutes is None) == (self.ends_at is None):
            raise ValueError("give either minutes or ends_at")
        return self

    def end(self, start: datetime) -> datetime:
        """Return the end of a silence, whose minutes count from `start`."""
        return self.ends_at or start + timedelta(minutes=self.minutes or 0)


class SilenceRequest(_Span):
    """Silence alerts, from now on or from a later time."""

    matchers: list[Annotated[str, Field(max_length=MATCHER_LENGTH)]] = Field(
        min_length=1, max_length=MOST_MATCHERS, description="all must match"
    )
    starts_at: Annotated[Timestamp | None, Field(strict=False, description="empty: now")] = None
    author: Author
    reason: Annotated[str, BeforeValidator(cleaned), Field(min_length=1, max_length=MAX_NOTE)]


class ExtensionRequest(_Span):
    """Give a silence that has not ended another end: `minutes` later than it would be, or at `ends_at`."""
