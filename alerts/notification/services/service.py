"""What a service is: how a message becomes requests of its API, and how these are addressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from squall.alerts.notification.content import NotificationContent
from squall.core.config.alerts import ReceiverSettings
from squall.storage.rows.documents import StoredDocument

Documents = Mapping[str, Sequence[StoredDocument]]
"""By alert id, the documents behind it, gravest first."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request as it is stored until it is sent: without secrets.

    Args:
        path: below the receiver's address; empty: the address itself.
        body: of the request, JSON.
        method: POST or PUT.
    """

    path: str
    body: Mapping[str, Any]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Addressed:
    """A request as it is sent: with the receiver's address and secrets."""

    url: str = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A service.

    Args:
        name: as people write it.
        compose: makes the requests of a message; the last argument is the address that people are led to, empty for none.
        address: adds the receiver's address and secrets to a request.
        seconds_apart: between two requests to one receiver, from the service's published limits.
    """

    name: str
    compose: Callable[[NotificationContent, Documents, str], Sequence[ApiCall]]
    address: Callable[[ApiCall, ReceiverSettings], Addressed]
    seconds_apart: float


def dump_calls(calls: Sequence[ApiCall]) -> bytes:
    """Return the message that is queued."""
    return orjson.dumps([asdict(call) for call in calls])


def load_calls(message: bytes) -> list[ApiCall]:
    """Read what `dump_calls` wrote.

    Raises:
        ValueError: `message` is something else, for example a mail.
    """
    try:
        rows = orjson.loads(message)
        if not isinstance(rows, list):
            raise TypeError
        return [ApiCall(row["path"], row["body"], row["method"]) for row in rows]
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise ValueError("the message is none of a service") from error


def at_its_url(call: ApiCall, receiver: ReceiverSettings) -> Addressed:
    """Address a request of a service that has one URL for each receiver, which is the secret."""
    return Addressed(receiver.address, call.body)
