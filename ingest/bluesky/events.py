"""The messages of Jetstream, version 1 and 2.

Version 2 is the lexicon `network.bsky.jetstream.subscribeEvents` of https://github.com/bluesky-social/jetstream; version 1 is described in
that repository's README of 2024.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from squall.core.errors import InvalidRecordError
from squall.ingest.social.web_socket import ConnectionFailedError

POSTS: Final = "app.bsky.feed.post"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOTICES: Final = frozenset({"OutdatedCursor", "FutureCursor"})
_ERRORS: Final = frozenset({"ConsumerTooSlow", "ServiceUnavailable", "InvalidRequest", "CursorTooOld"})


class StreamEvent(NamedTuple):
    """One event of the stream.

    Args:
        seq: its number on this server; 0 in version 1.
        time_us: when the server saw it, microseconds since 1970.
        did: of the repository.
        operation: `create`, `update` or `delete` of a post; empty for all else.
        rkey: of the post.
        rev: of the repository.
        record: the post; empty for `delete`.
        cid: of the record.
    """

    seq: int
    time_us: int
    did: str
    operation: str = ""
    rkey: str = ""
    rev: str = ""
    record: dict[str, Any] = {}  # noqa: RUF012 - never changed
    cid: str = ""


class Notice(NamedTuple):
    """What the server says about the cursor: `OutdatedCursor` or `FutureCursor`."""

    name: str


class StreamEndedError(ConnectionFailedError):
    """The server ended the stream with an error message."""


def read_v2(message: bytes) -> StreamEvent | Notice | None:
    """Return what a message of version 2 says; None for kinds that do not matter here or are new.

    Raises:
        StreamEndedError: it is the server's last message.
        InvalidRecordError: it is not what version 2 sends.
    """
    frame = _object(message)
    if frame.get("$type") == "error":
        name = frame.get("error")
        raise StreamEndedError(f"the server ended the stream: {name if name in _ERRORS else 'an unknown error'}")
    payload = frame.get("payload")
    if frame.get("$type") != "message" or not isinstance(payload, dict):
        return None
    kind = str(payload.get("$type")).rpartition("#")[2]
    if kind == "info":
        name = payload.get("name")
        return Notice(name) if name in _NOTICES else None
    seq = payload.get("seq")
    if not isinstance(seq, int):
        raise InvalidRecordError("invalid_field", "seq: expected a whole number")
    time_us = microseconds(payload.get("witnessedAt") or payload.get("time"))
    return _event(seq, time_us, payload.get("did"), payload if kind == "commit" else {})


def read_v1(message: bytes) -> StreamEvent | Notice | None:
    """Return what a message of version 1 says; raises as `read_v2`."""
    frame = _object(message)
    time_us = frame.get("time_us")
    if not isinstance(time_us, int):
        raise InvalidRecordError("invalid_field", "time_us: expected a whole number")
    commit = frame.get("commit")
    return _event(0, time_us, frame.get("did"), commit if isinstance(commit, dict) else {})


def microseconds(value: Any) -> int:
    """Return an ISO 8601 time in microseconds since 1970.

    Raises:
        InvalidRecordError: it is none.
    """
    try:
        moment = datetime.fromisoformat(value)
        return microseconds_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRecordError("invalid_field", "time: expected an ISO 8601 time") from None


def microseconds_of(moment: datetime) -> int:
    """Return an aware time in microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(time_us: int) -> datetime:
    """Return microseconds since 1970 as a time, aware UTC; those that no time has are 1970."""
    try:
        return _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return _EPOCH


def _object(message: bytes) -> dict[str, Any]:
    try:
        frame = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise InvalidRecordError("broken_json", f"the message is not JSON: {error}") from None
    if not isinstance(frame, dict):
        raise InvalidRecordError("broken_json", "the message is not a JSON object")
    return frame


def _event(seq: int, time_us: int, did: Any, commit: dict[str, Any]) -> StreamEvent:
    rkey, operation = commit.get("rkey"), commit.get("operation")
    if commit.get("collection") != POSTS or not (isinstance(did, str) and isinstance(rkey, str) and isinstance(operation, str)):
        return StreamEvent(seq, time_us, did if isinstance(did, str) else "")
    record = commit.get("record")
    return StreamEvent(
        seq,
        time_us,
        did,
        operation,
        rkey,
        str(commit.get("rev", "")),
        record if isinstance(record, dict) else {},
        str(commit.get("cid", "")),
    )
