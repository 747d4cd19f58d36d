"""The contract of every source, and the small parts they share."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Protocol

from squall.core.clock import Clock
from squall.core.delivery import RAW_LIMIT, Batch, Item, Origin, Rejection
from squall.core.errors import InvalidRecordError
from squall.core.records import Document

BATCH_ITEMS = 500
"""Most items of one batch unless told otherwise."""


class Source(Protocol):
    """Something that delivers documents in order and remembers how far it came.

    A driver iterates `batches`, makes each batch safe (stored, or on Kafka; rejections dead-lettered) and then calls its
    `commit`, in order. What was not committed is delivered again when the source is opened anew. A batch may have no items:
    its `commit` and `caught_up` count all the same.
    """

    @property
    def name(self) -> str:
        """The stream's name in progress, origins and logs."""

    @property
    def live(self) -> bool:
        """Whether it waits for what is published next (a feed, the push door), rather than reading what is there (a file)."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver until the end, or until `stop` is set (checked at least five times a second while idle).

        Raises:
            ConfigurationError: the source can't be opened or makes no sense; says which and what to do.
        """

    def close(self) -> None:
        """Release sockets, files and threads; safe to call twice."""


def accepted(origin: Origin, document: Document) -> Item:
    """Return the item of a good document."""
    return Item(origin, document=document)


def rejected(origin: Origin, error: InvalidRecordError, raw: bytes) -> Item:
    """Return the item of something that can't become a document; keeps at most `RAW_LIMIT` bytes of it."""
    return Item(origin, rejection=Rejection(error.reason, error.detail, raw[:RAW_LIMIT]))


def nothing() -> None:
    """The commit of a batch that moves no cursor."""


class OriginNumbers:
    """Origin offsets for sources without row numbers: they grow through restarts, since they start at the clock's microsecond."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._numbers = itertools.count(int(clock.now().timestamp() * 1_000_000))

    def next(self) -> Origin:
        """Return the next origin."""
        return Origin(self._name, 0, next(self._numbers))
