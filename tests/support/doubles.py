"""Small stand-ins for the processor's engine and store, and documents to feed them: for faults that real parts don't have on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from squall.core.batch_report import BatchReport
from squall.core.errors import StoreUnavailableError
from squall.core.items import DeadLetter, Fate, Item, Origin, Outcome, Progress, Rejection
from squall.core.records import SENTIMENTS, TOPICS, Document, Kind, KnownVersion, ScoredDocument
from squall.core.text import document_id
from squall.stream.mentions import WantedOf

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UNSCORABLE = "unscorable"
_CAPITALS = re.compile(r"[A-Z]{2,}")


def document(number: int = 0, **changes: Any) -> Document:
    """Return a document of its own identity and wording, published `number` seconds after `START`."""
    published = START + timedelta(seconds=number)
    fields: dict[str, Any] = {
        "id": document_id("test", str(number)),
        "kind": Kind.NEWS,
        "source": "test",
        "title": f"Story number {number} about company {number}",
        "published_at": published,
        "collected_at": published + timedelta(seconds=1),
    }
    return Document(**(fields | changes))


def item(number: int = 0, partition: int = 0, topic: str = "documents", **changes: Any) -> Item:
    """Return the item of `document(number)`, at offset `number`."""
    return Item(Origin(topic, partition, number), document=document(number, **changes))


def reject(number: int = 0, reason: str = "broken_json", topic: str = "documents", partition: int = 0) -> Item:
    """Return an item that is no document."""
    return Item(Origin(topic, partition, number), rejection=Rejection(reason, "unexpected character", b"{broken"))


def scored_row(number: int = 0) -> ScoredDocument:
    """Return a row of `document(number)`."""
    return ScoredDocument(
        document=document(number),
        topic=TOPICS[0],
        topic_probability=0.7,
        p_negative=0.6,
        p_neutral=0.2,
        p_positive=0.2,
        fingerprint=number,
        model_version="hash-1",
        scored_at=document(number).collected_at,
    )


def batch_report(stored: int = 0, duplicates: int = 0, reasons: Sequence[str] = (), **fields: Any) -> BatchReport:
    """Return the report of a micro-batch in which every document was stored a second after it was collected, two after publication."""
    row = scored_row()
    items = [*(item(n) for n in range(stored + duplicates)), *(reject(n, reason) for n, reason in enumerate(reasons))]
    outcomes = [Outcome(Fate.STORED)] * stored + [Outcome(Fate.DUPLICATE)] * duplicates
    outcomes += [Outcome(Fate.REJECTED, Rejection(reason, "unexpected character")) for reason in reasons]
    stored_at = row.document.published_at + timedelta(seconds=2)
    return BatchReport(items, outcomes, [row] * stored, stored_at, **({"limit": 512} | fields))


@dataclass
class FixedReading:
    """Scores as given; every word in capitals is a name, and the tone towards one depends on its place."""

    topic: npt.NDArray[np.float32]
    sentiment: npt.NDArray[np.float32]
    model_version: str
    names: list[list[tuple[int, int, str]]] = field(default_factory=list)
    until: int = 0
    severity: npt.NDArray[np.float32] | None = None
    happened: Sequence[Sequence[tuple[str, float]]] = ()

    def __post_init__(self) -> None:
        self.names = self.names or [[] for _ in self.sentiment]

    def names_within(self, row: int) -> list[tuple[int, int]]:
        return [(0, self.until)] if self.until else []

    def name_chances(self, row: int) -> Sequence[tuple[int, int, float, float]]:
        return ()

    def events(self, row: int) -> Sequence[tuple[str, float]]:
        return self.happened[row] if self.happened else ()

    def mention_events(self, row: int, spans: Sequence[tuple[int, int]]) -> Sequence[tuple[str, float]] | None:
        if not self.happened:
            return None
        return self.happened[row] if spans and all(start % 2 == 0 for start, _ in spans) else []

    def mention_severity(self, row: int, spans: Sequence[tuple[int, int]]) -> npt.NDArray[np.float32] | None:
        if self.severity is None:
            return None
        return np.array([(start % 4 + 1) / 4 for start, _ in spans], dtype=np.float32)

    def tone(self, row: int, spans: Sequence[tuple[int, int]]) -> npt.NDArray[np.float32]:
        tones = np.full((len(spans), len(SENTIMENTS)), 0.2, dtype=np.float32)
        tones[np.arange(len(spans)), [start % 3 for start, _ in spans]] = 0.6
        return tones


READ_UNTIL = 10_000
"""Characters in which `HashScorer` looks for names."""


class HashScorer:
    """Scores a text by its hash: the same text gets the same scores anywhere.

    Args:
        error: raised by a call with a text that has `UNSCORABLE` in it, and by every call while `broken`.
        broken: whether every text fails.
        grave: whether it says how grave a text is, and what happened.
    """

    model_version = "hash-1"
    languages: tuple[str, ...] = ("*",)

    def __init__(self, error: Exception | None = None, *, broken: bool = False, grave: bool = False) -> None:
        self.grave = grave
        self.error = error or RuntimeError("index out of range in self")
        self.broken = broken
        self.texts: list[str] = []
        """What was scored."""
        self.calls = 0

    def read(self, texts: Sequence[str], *, wanted: WantedOf = lambda _: ()) -> FixedReading:
        self.calls += 1
        if self.broken or any(UNSCORABLE in text for text in texts):
            raise self.error
        self.texts += texts
        hashes = np.array([xxhash.xxh3_64_intdigest(text.encode()) for text in texts], dtype=np.uint64)
        topic = np.full((len(texts), len(TOPICS)), 0.3 / (len(TOPICS) - 1), dtype=np.float32)
        topic[np.arange(len(texts)), (hashes % np.uint64(len(TOPICS))).astype(int)] = 0.7
        sentiment = np.full((len(texts), len(SENTIMENTS)), 0.2, dtype=np.float32)
        sentiment[np.arange(len(texts)), (hashes // np.uint64(97) % np.uint64(3)).astype(int)] = 0.6
        names = [[(*found.span(), "ORG") for found in _CAPITALS.finditer(text)] for text in texts]
        if not self.grave:
            return FixedReading(topic, sentiment, self.model_version, names, READ_UNTIL)
        severity = (hashes % np.uint64(101)).astype(np.float32) / np.float32(100)
        happened = [[("accident", 0.9), ("strike", 0.6)][: int(value % np.uint64(3))] for value in hashes]
        return FixedReading(topic, sentiment, self.model_version, names, READ_UNTIL, severity, happened)


@dataclass
class MemoryStore:
    """Keeps rows in a dictionary. `fail_next` calls raise first; every call is noted in `events`."""

    fail_next: int = 0
    error: Exception = field(default_factory=lambda: StoreUnavailableError("connection refused"))
    events: list[str] = field(default_factory=list)
    rows: dict[str, ScoredDocument] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    inserts: list[int] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    on_failure: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.progress = MemoryProgress(self.events)

    def _maybe_fail(self) -> None:
        if self.fail_next > 0:
            self.fail_next -= 1
            self.on_failure()
            raise self.error

    def known_versions(self, documents: Sequence[Document], model_version: str) -> list[KnownVersion]:
        asked = {document.first_id for document in documents}
        return [
            KnownVersion(
                key,
                row.document.first_id,
                row.document.revision,
                row.document.published_at,
                row.document.collected_at,
                row.model_version == model_version,
                not row.scored,
            )
            for key, row in self.rows.items()
            if row.document.first_id in asked
        ]

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        self.tokens.append(token)
        self._maybe_fail()
        with self.lock:
            self.inserts.append(len(rows))
            self.rows |= {row.document.id: row for row in rows}
            self.events.append("insert")

    def mark_deleted(self, first_ids: Sequence[str], kept: Sequence[str]) -> int:
        if not first_ids:
            return 0
        self._maybe_fail()
        gone = [key for key, row in self.rows.items() if row.document.first_id in first_ids]
        for key in gone:
            del self.rows[key]
        self.events.append("deletions")
        return len(gone)

    def write(self, letters: Sequence[DeadLetter]) -> None:
        self._maybe_fail()
        self.letters += letters
        self.events.append("dead letters")


@dataclass
class MemoryProgress:
    """Keeps progress in a dictionary; every write is noted in `events`."""

    events: list[str]
    saved: dict[tuple[str, int], Progress] = field(default_factory=dict)
    history: list[Progress] = field(default_factory=list)
    retired: set[str] = field(default_factory=set)

    def all(self) -> list[Progress]:
        return [row for row in self.saved.values() if row.stream not in self.retired]

    def write(self, rows: Sequence[Progress]) -> None:
        self.saved |= {(row.stream, row.partition): replace(row) for row in rows}
        self.history += rows
        self.events.append("progress")

    def retire(self, keep: set[str]) -> None:
        self.retired |= {stream for stream, _ in self.saved if stream not in keep}
