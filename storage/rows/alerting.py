"""Messages about alerts, and what people and processes decide about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to one receiver, queued or sent.

    Args:
        id: deterministic, so that a repeated run writes the same row.
        alert_id: messages with the same one are sent in order.
        event: why it was created, for example `firing` or `resolved`.
        status: `queued` or `sent`.
        message: the finished bytes: RFC 822 for e-mail, JSON for a webhook.
        receiver: name of the receiver in the settings.
        alert_ids: every alert that the message is about.
    """

    id: str
    alert_id: str
    event: str
    status: str
    attempts: int
    last_error: str
    message: bytes
    created_at: datetime
    updated_at: datetime
    receiver: str = "default"
    alert_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message that waits, without its bytes; fields as of `Notification`."""

    id: str
    alert_id: str
    attempts: int
    last_error: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """No messages are sent about alerts that match every matcher, from `starts_at` up to `ends_at`, wall time.

    Args:
        matchers: as `squall.core.matchers` reads them, for example `topic=Energy*`, `severity!=warning`, `topic=~Energy.*|Macro`.
    """

    id: str
    matchers: tuple[str, ...]
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person has acknowledged an alert; `at` is wall time."""

    alert_id: str
    author: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """`owner` claims the lease `name` until a moment of wall time."""

    name: str
    owner: str
    until: datetime
