"""A source onto Kafka: publish each batch, dead-letter its rejections, then commit its cursor."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from squall.core.clock import Clock
from squall.core.errors import StoppedError
from squall.core.items import Batch, DeadLetter, Item
from squall.core.observability.health import Health
from squall.core.records import Document
from squall.core.retry import retry_until_available
from squall.ingest.push.results import PublishedVersions
from squall.ingest.source import Source, reported

log = logging.getLogger(__name__)

COMMIT_RETRY_SECONDS = 10.0
"""The longest pause between two attempts to write a cursor while the disk is full."""


class Publisher(Protocol):
    """Where documents and dead letters go: `squall.ingest.kafka_publisher.KafkaPublisher`, or a double in tests."""

    def publish(self, documents: Sequence[Document], stop: threading.Event) -> None:
        """Return when the broker has acknowledged `documents`."""

    def delete(self, document_ids: Sequence[str], stop: threading.Event) -> None:
        """Return when the broker has acknowledged that these documents are to be deleted."""

    def dead_letter(self, letters: Sequence[DeadLetter], stop: threading.Event) -> None:
        """Return when the broker has acknowledged `letters`."""


@dataclass(slots=True)
class IngestReport:
    """What one run put onto Kafka."""

    source: str
    sent: int = 0
    duplicates: int = 0
    """Of `sent`, those whose id this run had sent before; who stores them skips them."""
    rejected: int = 0
    deleted: int = 0
    """Documents that were taken back; who stores them deletes those that are stored."""
    batches: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_published_at: datetime | None = None
    last_published_at: datetime | None = None
    stopped: bool = False
    """The run was stopped before the end of the source."""

    def count(self, documents: Sequence[Document], letters: Sequence[DeadLetter], duplicates: int = 0, deleted: int = 0) -> None:
        """Add one committed batch."""
        self.sent += len(documents)
        self.duplicates += duplicates
        self.rejected += len(letters)
        self.deleted += deleted
        self.batches += 1
        self.reasons.update(letter.reason for letter in letters)
        for moment in (document.published_at for document in documents):
            self.first_published_at = min(self.first_published_at or moment, moment)
            self.last_published_at = max(self.last_published_at or moment, moment)

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return {
            "source": self.source,
            "sent": self.sent,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "deleted": self.deleted,
            "reasons": dict(self.reasons.most_common()),
            "batches": self.batches,
            "first_published_at": self.first_published_at.isoformat() if self.first_published_at else None,
            "last_published_at": self.last_published_at.isoformat() if self.last_published_at else None,
            "stopped": self.stopped,
        }


def _log_wait(attempt: int, error: BaseException | None) -> None:
    log.warning("attempt %d failed, retrying: %s", attempt, error)


def _ignore(report: IngestReport) -> None:
    """Do nothing."""


def publish(
    source: Source,
    publisher: Publisher,
    stop: threading.Event,
    clock: Clock,
    on_progress: Callable[[IngestReport], None] = _ignore,
    health: Health | None = None,
) -> IngestReport:
    """Publish `source` until it ends or `stop` is set; return what was sent.

    A batch is committed after Kafka has all its documents and dead letters. A batch interrupted by `stop` is delivered again by the
    next run.

    Args:
        source: closed at the end.
        publisher: left open.
        stop: ends the run within a few seconds.
        clock: the time of dead letters.
        on_progress: called after every batch.
        health: receives the counts of documents and dead letters, and liveness under the source's name.

    Raises:
        ConfigurationError: the source or the broker fails in a way that retrying does not help.
    """
    report, health = IngestReport(source.name), health or Health(clock)
    health.liveness.expect(source.name)
    batches, published = reported(source, stop, health), PublishedVersions()
    try:
        for batch in batches:
            documents, letters = _sort(batch.items, clock)
            deletions = 0
            for part, gone in _in_order(batch.items):
                publisher.publish(part, stop)
                publisher.delete(gone, stop)
                deletions += len(gone)
            publisher.dead_letter(letters, stop)
            retry_until_available(batch.commit, stop, COMMIT_RETRY_SECONDS, _log_wait)
            report.count(documents, letters, published.add(documents).count("duplicate"), deletions)
            _record(health, source.name, len(documents), letters)
            _log_rejections(source, batch, letters)
            on_progress(report)
    except StoppedError as error:
        log.info("%s", error)
    finally:
        source.close()
        health.liveness.done(source.name)
    report.stopped = stop.is_set()
    return report


def _record(health: Health, source: str, documents: int, letters: Sequence[DeadLetter]) -> None:
    kind = source.partition(":")[0]  # `file:` is followed by the path
    health.metrics.source_documents(kind, documents)
    health.metrics.dead_letters("ingest", [letter.reason for letter in letters])
    if documents or letters:
        health.dependencies.answered("broker")
    health.liveness.touch(source)


def _in_order(items: Sequence[Item]) -> Iterator[tuple[list[Document], list[str]]]:
    """Yield documents and the ids of those to delete after them: one pair, unless a document comes again after it was taken back."""
    documents: list[Document] = []
    gone: dict[str, None] = {}
    for item in items:
        if item.document is not None:
            if item.document.first_id in gone:
                yield documents, list(gone)
                documents, gone = [], {}
            documents.append(item.document)
        elif item.deletion is not None:
            gone[item.deletion.id] = None
    yield documents, list(gone)


def _sort(items: Sequence[Item], clock: Clock) -> tuple[list[Document], list[DeadLetter]]:
    documents: list[Document] = []
    letters: list[DeadLetter] = []
    for item in items:
        if item.document is not None:
            documents.append(item.document)
        elif item.rejection is not None:
            rejection = item.rejection
            letters.append(DeadLetter(item.origin, rejection.reason, rejection.detail, rejection.raw, clock.now(), "ingest"))
    return documents, letters


def _log_rejections(source: Source, batch: Batch, letters: Sequence[DeadLetter]) -> None:
    """Log one line per batch with its first rejection, not one per row of a bad file."""
    if letters:
        first = letters[0]
        log.warning(
            "%d of %d items rejected; the first is number %d, %s: %s",
            len(letters),
            len(batch.items),
            first.origin.offset,
            first.reason,
            first.detail,
            extra={"source": source.name},
        )
