"""Messages that could not be made: their content is kept in the queue, and the message is made when it is tried again."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from squall.alerts.notification.content import NotificationContent

_MARK: Final = b"squall: not made yet\n"
_CONTENT: Final = TypeAdapter(NotificationContent)


def keep(content: NotificationContent) -> bytes:
    """Return what is queued instead of a message."""
    return _MARK + _CONTENT.dump_json(content)


def kept(message: bytes) -> NotificationContent | None:
    """Return the content of a message that has yet to be made; None for a finished one.

    Raises:
        ValueError: another version of Squall queued it, in another form.
    """
    return _CONTENT.validate_json(message.removeprefix(_MARK)) if message.startswith(_MARK) else None
