"""Alerts with their acknowledgement, silence, documents and notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from squall.core.records import Alert
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.documents import DocumentView
from squall.dashboards.page.schemas.requests import MAX_NOTE, Author, ChangeRequest, cleaned


class AcknowledgementView(View):
    """Who acknowledged an alert."""

    author: str
    note: str
    at: datetime


class AlertRow(Alert):
    """An alert with its acknowledgement and silence."""

    acknowledged: AcknowledgementView | None = None
    silenced_until: datetime | None = Field(None, description="the end of the longest active silence that matches this alert")


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


class AlertView(View):
    """One alert, why it was raised, the documents behind it (strongest first), and the notifications about it."""

    alert: AlertRow
    explanation: list[str] = Field(description="sentences")
    documents: list[DocumentView]
    notifications: list[NotificationView]


class AcknowledgementResponse(View):
    """The acknowledgement as it was stored."""

    acknowledged: AcknowledgementView


class AcknowledgementRequest(ChangeRequest):
    """Acknowledge an alert: it is not repeated, and the resolved notice is still sent."""

    author: Author
    note: Annotated[str, BeforeValidator(cleaned), Field(max_length=MAX_NOTE, description="what is being done")] = ""
