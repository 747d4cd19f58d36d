"""The interface of every source, and what sources share."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any, Protocol

import orjson

from squall.core.clock import Clock
from squall.core.errors import InvalidRecordError
from squall.core.items import RAW_LIMIT, Batch, Deletion, Item, Origin, Rejection
from squall.core.observability.health import Health
from squall.core.records import Document

BATCH_ITEMS = 500
"""The default for the most items of one batch."""


class Source(Protocol):
    """Delivers documents in order and remembers its position.

    A driver iterates `batches`. It stores each batch or puts it on Kafka, dead-letters its rejections, and then calls its `commit`, in
    order. What was not committed is delivered again when the source is reopened. A batch may have no items; its `commit` and
    `caught_up` still count.
    """

    @property
    def name(self) -> str:
        """The stream's name in progress, origins and logs."""

    @property
    def live(self) -> bool:
        """Whether it waits for new documents (a feed, the push endpoint) or reads existing ones and ends (a file)."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver until the end, or until `stop` is set, which is checked at least five times a second while idle.

        Raises:
            ConfigurationError: the source can't be opened or an option is wrong; names the source and the remedy.
        """

    def close(self) -> None:
        """Release sockets, files and threads; safe to call twice."""


def reported(source: Source, stop: threading.Event, health: Health) -> Iterator[Batch]:
    """Yield the batches of `source`; `health.sources` learns of the documents of one that waits for new ones."""
    if source.live:
        health.sources.expect(source.name)
    for batch in source.batches(stop):
        if source.live and any(item.document for item in batch.items):
            health.sources.document(source.name)
        yield batch


def accepted(origin: Origin, document: Document) -> Item:
    """Return the item of a good document."""
    return Item(origin, document)


def rejected(origin: Origin, error: InvalidRecordError, raw: bytes) -> Item:
    """Return the item of an input that can't become a document; it carries at most `RAW_LIMIT` bytes of the input."""
    return Item(origin, rejection=Rejection(error.reason, error.detail, raw[:RAW_LIMIT]))


def as_bytes(values: Any) -> bytes:
    """Return any values as JSON, or as Python's `repr` where JSON fails (lone surrogates, integers beyond 64 bits, deep nesting)."""
    try:
        return orjson.dumps(values, default=str)
    except TypeError:
        pass
    try:
        return repr(values).encode("utf-8", "replace")
    except RecursionError:
        return b"(nested too deeply to be shown)"


def deleted(origin: Origin, document_id: str) -> Item:
    """Return the item that has a document deleted: what its author takes back is not kept here either."""
    return Item(origin, deletion=Deletion(document_id))


def limited(item: Item) -> Item:
    """Return `item`, a reject, for a source that limits rejects itself: the limit per partition does not count it."""
    return item._replace(limited_by_source=True)


def no_commit() -> None:
    """Do nothing: the commit of a batch that moves no cursor."""


class OriginNumbers:
    """Origin offsets for sources without row numbers; they start at the clock's microsecond, so they keep growing after a restart."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._numbers = itertools.count(int(clock.now().timestamp() * 1_000_000))

    def next(self) -> Origin:
        """Return the next origin."""
        return Origin(self._name, 0, next(self._numbers))
