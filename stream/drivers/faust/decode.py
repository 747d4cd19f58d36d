"""Kafka messages to items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from squall.core.codec import decode_document
from squall.core.errors import InvalidRecordError
from squall.core.items import RAW_LIMIT, Deletion, Item, Origin, Rejection

_ID: Final = re.compile(rb"[0-9a-f]{32}")


def decode_item(
    value: bytes | None, headers: Mapping[str, bytes] | list[tuple[str, bytes]] | None, origin: Origin, key: bytes | None = None
) -> Item:
    """Return the item of one message: its document, or why it has none. Never raises for what a message may hold.

    A message without a value, whose key is the id of a document, has that document deleted (a tombstone).
    """
    if value is None and key is not None and _ID.fullmatch(key):
        return Item(origin, deletion=Deletion(key.decode()))
    try:
        return Item(origin, document=decode_document(value, headers))
    except InvalidRecordError as error:
        return Item(origin, rejection=Rejection(error.reason, error.detail, (value or b"")[:RAW_LIMIT]))


def decode_message(message: Any) -> Item:
    """Return the item of a message as Faust has it."""
    return decode_item(message.value, message.headers, Origin(message.topic, message.partition, message.offset), message.key)
