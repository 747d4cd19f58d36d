"""What this room needs of its surroundings: a store, and a way to send messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, Protocol

from squall.core.errors import SquallError, UnavailableError
from squall.storage.rows.alerting import Claim, Notification
from squall.storage.rows.counts import MinuteCounts


class DeliveryUnavailableError(UnavailableError):
    """No message can be sent right now; everything is kept."""


class DeliveryRefusedError(SquallError):
    """The receiver refuses this message, and trying again soon will not help."""


class Outbox(Protocol):
    """Where messages wait until they are sent: `store.notifications`."""

    def pending(self) -> list[Notification]:
        """Return messages not sent yet, oldest first."""

    def write(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages."""


class LeaseStore(Protocol):
    """Where processes claim a lease: `store.leases`. What one wrote, every one reads once the write was acknowledged."""

    def write(self, claim: Claim) -> None:
        """Store an owner's claim, in place of the owner's claim before."""

    def claims(self, name: str) -> list[Claim]:
        """Return the claims of one lease, expired or not."""


class CountStore(Protocol):
    """Where documents are counted: `store.counts`."""

    def per_minute(
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


class Sender(Protocol):
    """Sends a finished message, an e-mail or a call of a webhook."""

    def send(self, notification: Notification) -> None:
        """Hand over `notification.message`; return once it is safe with somebody else.

        Raises:
            MailUnavailableError: try again soon; nothing can be sent now.
            MailRefusedError: this message was refused for good; others may pass.
        """

    def describe(self) -> str:
        """Say where messages go, for people."""
