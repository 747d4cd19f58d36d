"""Delivery of the queue: every message is stored first, and sent again until its receiver has accepted it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.interfaces import DeliveryRefusedError, NotificationQueue, Sender
from squall.core.clock import Clock
from squall.core.errors import UnavailableError
from squall.core.observability.health import Health
from squall.storage.rows.alerting import Notification

log = logging.getLogger(__name__)

FIRST_RETRY: Final = timedelta(seconds=15)
LONGEST_RETRY: Final = timedelta(minutes=10)
REFUSED_RETRY: Final = timedelta(hours=1)
"""A permanently refused message is retried, and reported, at this interval: it may pass after an address is corrected."""
_REFUSED: Final = "refused: "
"""How `last_error` begins after a refusal, so that a restart keeps to the long pause."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one pass over the queue did."""

    sent: int = 0
    waiting: int = 0
    last_error: str = ""


def deliver(store: NotificationQueue, sender: Sender, clock: Clock, health: Health | None = None) -> DeliveryReport:
    """Send the queued messages that are due, oldest first, and mark them sent.

    A message is marked after it was sent: a crash in between sends it again with the same id, which mail readers show once. When
    a receiver does not answer, its other messages wait too. A later message about a group of alerts never overtakes an earlier one.
    """
    health = health or Health(clock)
    sent, waiting, last_error = 0, 0, ""
    blocked: set[tuple[str, str]] = set()
    down: set[str] = set()
    for notification in store.pending():
        order = notification.receiver, notification.alert_id
        if notification.receiver in down or order in blocked or clock.now() < _due(notification):
            waiting, last_error = waiting + 1, last_error or notification.last_error
            blocked.add(order)
            continue
        try:
            sender.send(notification)
        except UnavailableError as error:
            last_error = str(error)
            down.add(notification.receiver)
            health.metrics.message("unavailable")
            _requeue(store, notification, clock, last_error)
        except DeliveryRefusedError as error:
            last_error = f"{_REFUSED}{error}"
            health.metrics.message("refused")
            health.dependencies.answered("receivers")
            _requeue(store, notification, clock, last_error)
        else:
            now = clock.now()
            store.write([replace(notification, status="sent", attempts=notification.attempts + 1, last_error="", updated_at=now)])
            sent += 1
            health.metrics.message("sent")
            health.dependencies.answered("receivers")
            continue
        blocked.add(order)
        waiting += 1
    if down:
        health.dependencies.failed("receivers")
    health.metrics.messages_waiting(waiting)
    return DeliveryReport(sent, waiting, last_error)


def _due(notification: Notification) -> datetime:
    if not notification.attempts:
        return notification.created_at
    if notification.last_error.startswith(_REFUSED):
        return notification.updated_at + REFUSED_RETRY
    pause = FIRST_RETRY * float(2 ** min(notification.attempts - 1, 10))
    return notification.updated_at + min(pause, LONGEST_RETRY)


def _requeue(store: NotificationQueue, notification: Notification, clock: Clock, error: str) -> None:
    log.warning("message %s to %s was not delivered and stays queued: %s", notification.id, notification.receiver, error)
    store.write([replace(notification, attempts=notification.attempts + 1, last_error=error, updated_at=clock.now())])
