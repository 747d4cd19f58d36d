"""What the JSON API says about alerts, acknowledgements and silences, and what it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from squall.core.records import Alert
from squall.core.text import clean
from squall.dashboards.page.schemas.documents import DocumentView, View

MAX_NOTE = 1000


def _cleaned(value: object) -> object:
    return clean(value, 2 * MAX_NOTE) if isinstance(value, str) else value


Author = Annotated[str, BeforeValidator(_cleaned), Field(min_length=1, max_length=80, description="who says so")]


class AcknowledgedView(View):
    """Who has taken an alert up."""

    author: str
    note: str
    at: datetime


class AlertRow(Alert):
    """An alert with what people said about it."""

    acknowledged: AcknowledgedView | None = None
    silenced_until: datetime | None = Field(None, description="the end of the longest silence that holds and means this alert")


class AlertsView(View):
    """Last opened first."""

    alerts: list[AlertRow]


class ToldView(View):
    """A message about an alert: to whom, why, and how it went."""

    id: str
    receiver: str
    reason: str = Field(validation_alias=AliasChoices("event", "reason"), description="why it was made: firing, resolved, …")
    status: str = Field(description="queued or sent")
    attempts: int
    last_error: str
    created_at: datetime
    updated_at: datetime


class AlertView(View):
    """One alert, why it was raised, the documents that drove it, strongest first, and who was told of it."""

    alert: AlertRow
    explanation: list[str] = Field(description="sentences")
    documents: list[DocumentView]
    told: list[ToldView]


class SilenceView(View):
    """Alerts that match every matcher are not told of from start to end, wall time."""

    id: str
    matchers: tuple[str, ...] = Field(description="label=pattern, as topic=Energy*")
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime


class SilencesView(View):
    """Silences that are not over, last to start first."""

    silences: list[SilenceView]


class AcknowledgementAnswer(View):
    """What is kept about who has taken the alert up."""

    acknowledged: AcknowledgedView


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AcknowledgementRequest(_Request):
    """Take an alert up: no more repeats of it; its end is still told."""

    author: Author
    note: Annotated[str, BeforeValidator(_cleaned), Field(max_length=MAX_NOTE, description="what is being done")] = ""


class SilenceRequest(_Request):
    """Silence alerts from now on."""

    matchers: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=10, description="all must match")
    minutes: int = Field(ge=1, le=366 * 24 * 60)
    author: Author
    reason: Annotated[str, BeforeValidator(_cleaned), Field(min_length=1, max_length=MAX_NOTE)]
