"""An e-mail as the fields of a document."""

from __future__ import annotations

from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from itertools import islice
from typing import Any, Final

from squall.core.cleaning.markup import fullest
from squall.core.errors import InvalidRecordError

_MOST_PARTS: Final = 200
_MOST_HEADER: Final = 20_000


def fields_of(raw: bytes) -> dict[str, Any]:
    """Return subject, text, sender, Message-ID and date of an e-mail; attachments are left out.

    Of its plain and its HTML text that one counts that says more: newsletters often have a plain text that only says so.

    Raises:
        InvalidRecordError: reason `broken_mail`.
    """
    try:
        message = message_from_bytes(raw)
        name, address = parseaddr(_header(message, "From"))
        return {
            "id": _header(message, "Message-ID").strip("<> \t"),
            "title": _header(message, "Subject"),
            "text": fullest(_texts(message)),
            "author": name or address,
            "published_at": _header(message, "Date"),
            "language": _header(message, "Content-Language").partition(",")[0],
        }
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidRecordError("broken_mail", f"the message can't be taken apart: {type(error).__name__}") from error


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))[:_MOST_HEADER]
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (MessageError, ValueError, LookupError):
        return " ".join(value.split())


def _texts(message: Message) -> list[str]:
    """Return the plain and the HTML texts, each kind joined."""
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for part in islice(message.walk(), _MOST_PARTS):
        kind = part.get_content_type()
        if kind in found and part.get_content_disposition() != "attachment" and not part.get_filename():
            found[kind].append(_text(part))
    return ["\n\n".join(text for text in texts if text.strip()) for texts in found.values()]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        try:
            return payload.decode("utf-8")
        except UnicodeDecodeError:
            return payload.decode("cp1252", "replace")
