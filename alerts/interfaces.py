"""What alerting needs from outside: a store, and a sender of messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from squall.core.delivery import Progress
from squall.core.errors import SquallError, UnavailableError
from squall.core.records import Alert
from squall.storage.queries.rollup import RollUp
from squall.storage.rows.stored import Acknowledgement, Claim, MinuteCounts, Notification, Silence, StoredDocument, Volume
from squall.storage.rows.telemetry import DetectorRun, SeriesReading


class DeliveryUnavailableError(UnavailableError):
    """No message can be sent right now; all stay queued."""


class DeliveryRefusedError(SquallError):
    """The receiver refuses this message, and trying again soon will not help."""


class NotificationQueue(Protocol):
    """Where messages wait until they are sent."""

    def pending_notifications(self) -> list[Notification]:
        """Return messages not sent yet, oldest first."""

    def write_notifications(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages."""


class LeaseStore(Protocol):
    """Where processes claim a lease. Every process reads what another wrote once the write was acknowledged."""

    def write_claim(self, claim: Claim) -> None:
        """Store an owner's claim, in place of the owner's earlier claim."""

    def claims(self, name: str) -> list[Claim]:
        """Return the claims of one lease, over or not."""


class CountStore(Protocol):
    """Where documents are counted."""

    def counts(
        self,
        start: datetime,
        end: datetime,
        *,
        copies: bool = False,
        as_of_model: str | None = None,
        by: Literal["topic", "symbol", "source"] = "topic",
        names: Collection[str] = (),
    ) -> MinuteCounts:
        """Return documents per topic (or symbol in `names`, or source) and minute in [start, end), copies counted once."""


class AlertStore(NotificationQueue, CountStore, LeaseStore, Protocol):
    """The part of `squall.storage.Store` that the detector uses. Methods raise `StoreUnavailableError` to be tried again."""

    def progress(self) -> list[Progress]:
        """Return how far each partition has been stored."""

    def first_published_at(self) -> datetime | None:
        """Return the publication time of the oldest document."""

    def volume(self, start: datetime, end: datetime, *, step: timedelta) -> list[Volume]:
        """Return documents per step in [start, end)."""

    def top_documents(
        self,
        topic: str,
        start: datetime,
        end: datetime,
        *,
        symbols: Collection[str] = (),
        sentiment: str = "negative",
        limit: int = 10,
    ) -> list[StoredDocument]:
        """Return the strongest documents of a window, copies collapsed: of a topic, or all; about any of `symbols`, or all."""

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Store the present state of alerts."""

    def notification(self, notification_id: str) -> Notification | None:
        """Return one message."""

    def silences(self, active_at: datetime | None = None) -> list[Silence]:
        """Return silences, only those in force at the wall time `active_at` when given."""

    def acknowledgements(self, alert_ids: Collection[str]) -> list[Acknowledgement]:
        """Return the acknowledgements of these alerts."""

    def detector_position(self, name: str) -> tuple[datetime, str] | None:
        """Return the event time up to which a detector has evaluated, and its state."""

    def write_detector_position(self, name: str, evaluated_until: datetime, state: str) -> None:
        """Store the event time up to which a detector has evaluated, and its state."""

    def roll_up(self, go_on: Callable[[], bool] = ...) -> RollUp:
        """Bring the aggregates that dashboards read up to date."""

    def write_readings(self, readings: Sequence[SeriesReading]) -> None:
        """Store readings for charts."""

    def write_detector_run(self, run: DetectorRun) -> None:
        """Store the report of a run."""


class Sender(Protocol):
    """Sends a finished message, such as an e-mail or the body of a webhook request."""

    def send(self, notification: Notification) -> None:
        """Hand over `notification.message`; return once the other side has accepted it.

        Raises:
            DeliveryUnavailableError: nothing can be sent now; try again soon.
            DeliveryRefusedError: this message was refused for good; others may pass.
        """

    def describe(self) -> str:
        """Return where messages go, for people."""
