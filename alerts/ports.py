"""What this room needs of its surroundings: a store, and a way to send mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from core.delivery import Progress
from core.records import Alert
from storage.rows import MinuteCounts, Notification, StoredDocument, Volume


class Outbox(Protocol):
    """Where e-mails wait until they are sent."""

    def pending_notifications(self) -> list[Notification]:
        """Return e-mails not sent yet, oldest first."""

    def write_notifications(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of e-mails."""


class AlertStore(Outbox, Protocol):
    """The part of `storage.Store` that the detector uses. Methods raise `StoreUnavailableError` to be tried again."""

    def progress(self) -> list[Progress]:
        """Return how far each partition has been stored."""

    def first_published_at(self) -> datetime | None:
        """Return the publication time of the oldest document."""

    def counts(self, start: datetime, end: datetime, *, copies: bool = False, as_of_model: str | None = None) -> MinuteCounts:
        """Return documents per topic and minute in [start, end), copies counted once."""

    def volume(self, start: datetime, end: datetime, *, step: timedelta) -> list[Volume]:
        """Return documents per step in [start, end)."""

    def top_documents(
        self, topic: str, start: datetime, end: datetime, *, sentiment: str = "negative", limit: int = 10
    ) -> list[StoredDocument]:
        """Return the strongest documents of a window, copies collapsed."""

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Store the present state of alerts."""

    def notification(self, notification_id: str) -> Notification | None:
        """Return one e-mail."""

    def detector_position(self, name: str) -> tuple[datetime, str] | None:
        """Return how far a detector has come, and its state."""

    def write_detector_position(self, name: str, evaluated_until: datetime, state: str) -> None:
        """Remember how far a detector has come, and its state."""


class Mailer(Protocol):
    """Sends a finished e-mail."""

    def send(self, notification: Notification) -> None:
        """Hand over `notification.message`; return once it is safe with somebody else.

        Raises:
            UnavailableError: try again soon; nothing can be sent now.
            MailRefusedError: this mail was refused for good; others may pass.
        """

    def describe(self) -> str:
        """Say where mail goes, for people."""
