"""Alerts with their acknowledgement, silence, documents and notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, computed_field

from squall.core.formatting import driver, happened
from squall.core.records import Alert
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.documents import DocumentView
from squall.dashboards.page.schemas.drivers import DriversView
from squall.dashboards.page.schemas.requests import MAX_NOTE, Author, ChangeRequest, cleaned


class AcknowledgementView(View):
    """Who acknowledged an alert."""

    author: str
    note: str
    at: datetime


class AlertRow(Alert):
    """An alert with its acknowledgement and silence, and in words who drives it and what happened."""

    acknowledged: AcknowledgementView | None = None
    silenced_until: datetime | None = Field(None, description="the end of the longest active silence that matches this alert")

    @computed_field(description="who drives it, as `Harbor Union: 41 of 51 negative documents, 3 stories`; empty: not known")  # type: ignore[prop-decorator]
    @property
    def driver(self) -> str:
        """Return the sentence that messages begin with."""
        return driver(self)

    @computed_field(description="how grave it is and what happened; empty: not known")  # type: ignore[prop-decorator]
    @property
    def happened(self) -> str:
        """Return the words that messages use."""
        return happened(self)


class AlertsView(View):
    """Last opened first."""

    alerts: list[AlertRow]


class NotificationView(View):
    """One notification about an alert: to whom, why, and its delivery status."""

    id: str
    receiver: str
    event: str = Field(description="why it was created: firing, resolved, …")
    status: str = Field(description="queued or sent")
    attempts: int
    last_error: str
    created_at: datetime
    updated_at: datetime


class TimeView(View):
    """A time of an alert: event time, and wall time beside it where they differ by more than ten minutes."""

    label: str
    time: str


class AlertView(View):
    """One alert, why it was raised, who drives it, the documents behind it (strongest first), and the notifications about it."""

    alert: AlertRow
    explanation: list[str] = Field(description="sentences")
    times: list[TimeView] = Field(description="began, fired, peaked, resolved, and as of when its numbers are, as people read them")
    drivers: DriversView
    documents: list[DocumentView]
    notifications: list[NotificationView]


class AcknowledgementResponse(View):
    """The acknowledgement as it was stored."""

    acknowledged: AcknowledgementView


class AcknowledgementRequest(ChangeRequest):
    """Acknowledge an alert: it is not repeated, and the resolved notice is still sent."""

    author: Author
    note: Annotated[str, BeforeValidator(cleaned), Field(max_length=MAX_NOTE, description="what is being done")] = ""
