"""What moves between sources, drivers and the processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from squall.core.records import Document

RAW_LIMIT = 65_536
"""A dead letter keeps this many bytes of what could not be parsed."""


class Origin(NamedTuple):
    """Where an item came from: a Kafka topic, partition and offset, or a source, 0 and a row number."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an item is not a valid document."""

    reason: str
    detail: str
    raw: bytes = b""
    """The item as received, at most `RAW_LIMIT` bytes of it."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The author or the source took a document back: it is deleted here too, if it was ever stored."""

    id: str
    """Of the document."""


class Item(NamedTuple):
    """One thing a source or Kafka delivered: exactly one of `document`, `rejection` and `deletion` is set."""

    origin: Origin
    document: Document | None = None
    rejection: Rejection | None = None
    limited_by_source: bool = False
    """A reject that its source has counted already: it pauses the feed that sends too many of them, and the others go on."""
    deletion: Deletion | None = None

    def with_document(self, document: Document) -> Item:
        """Return the item with this form of its document."""
        return self if document is self.document else Item(self.origin, document, self.rejection, self.limited_by_source, self.deletion)


@dataclass(frozen=True, slots=True)
class Batch:
    """Items in order, and how to acknowledge them.

    `commit` is called once, after every document is stored and every rejection dead-lettered; until then a crash
    makes the source deliver the batch again.
    """

    items: Sequence[Item]
    commit: Callable[[], None]
    caught_up: bool = True
    """Nothing more can be read at the moment: a feed after its poll, a file at its end."""
    settle: Callable[[Sequence[Outcome]], None] | None = None
    """Called before `commit` with the outcome of each item, by a driver that knows them; one that publishes to Kafka does not."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected item, ready for the dead-letter topic or table."""

    origin: Origin
    reason: str
    detail: str
    raw: bytes
    at: datetime
    stage: str = field(default="worker")
    """Which part rejected it: `ingest` or `worker`."""


class DeadLetterSink(Protocol):
    """Where dead letters go: the Kafka topic on a cluster, a table on one machine."""

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Store `letters`; return only when they are safe. Raises `UnavailableError` to request a retry."""


class Fate(StrEnum):
    """The result of an item."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    DELETED = "deleted"
    """Of a deletion: the document is not stored any more, whether or not it was."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one item."""

    fate: Fate
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one partition of one stream has been stored, in event time; the detector's watermark is made of these.

    A partition holds the watermark back until it is `caught_up` (nothing left to read) and stays idle.
    """

    stream: str
    partition: int
    position: int
    event_time: datetime
    caught_up: bool
    updated_at: datetime
