"""What alerting needs from outside: a store, and a sender of messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

from squall.core.errors import SquallError, UnavailableError
from squall.storage.rows.alerting import Claim, Notification, QueuedMessage
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.minutes import MinuteArrivals

LONGEST_ASKED_SECONDS: Final = 3600.0
"""Longest wait that a receiver is granted: one that asks for more is asked again after it."""


class DeliveryUnavailableError(UnavailableError):
    """No message can be sent right now; all stay queued.

    Args:
        what: as of `SquallError`.
        hint: as of `SquallError`.
        wait_seconds: for how long the receiver asks to be left alone, up to `LONGEST_ASKED_SECONDS`; 0: it does not say.
    """

    def __init__(self, what: str, hint: str = "", wait_seconds: float = 0.0) -> None:
        super().__init__(what, hint)
        self.wait_seconds = wait_seconds


class DeliveryRefusedError(SquallError):
    """The receiver refuses this message, and trying again soon will not help."""


class NotificationQueue(Protocol):
    """Where messages wait until they are sent: `store.notifications`."""

    def waiting(self) -> Mapping[str, int]:
        """Return how many messages are not sent yet, by receiver; only receivers that have some."""

    def next_in_groups(self, receiver: str, after: QueuedMessage | None, limit: int) -> list[QueuedMessage]:
        """Return the first unsent message of each of a receiver's groups, oldest first, that come after `after`; at most `limit`."""

    def get(self, notification_id: str) -> Notification | None:
        """Return one message in its newest state."""

    def write(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages."""


class LeaseStore(Protocol):
    """Where processes claim a lease: `store.leases`. Every process reads what another wrote once the write was acknowledged."""

    def write(self, claim: Claim) -> None:
        """Store an owner's claim, in place of the owner's earlier claim."""

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
        undated: bool = True,
        as_of_model: str | None = None,
        by: Literal["topic", "symbol"] = "topic",
        names: Collection[str] = (),
    ) -> MinuteCounts:
        """Return documents per topic (or symbol in `names`) and minute in [start, end), copies counted once."""

    def arrived_per_minute(self, start: datetime, end: datetime, *, limit: int, first: Collection[str] = ()) -> MinuteArrivals:
        """Return all documents per source and minute in [start, end), of at most `limit` sources: those in `first`, then the largest."""


class Sender(Protocol):
    """Sends a finished message, such as an e-mail or the body of a webhook request."""

    def send(self, notification: Notification) -> None:
        """Hand over `notification.message`; return once the other side has accepted it. Called from several threads at once.

        It returns or raises within a time that the settings limit, whatever the other side does.

        Raises:
            DeliveryUnavailableError: nothing can be sent now; try again soon.
            DeliveryRefusedError: this message was refused for good; others may pass.
        """

    def describe(self) -> str:
        """Return where messages go, for people."""
