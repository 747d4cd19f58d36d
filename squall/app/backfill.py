"""`squall entities backfill`: reads documents that are stored already for names, severity and events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from squall.app.linking import open_linker
from squall.app.store import open_migrated_store
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.records import Document, Kind, ScoredDocument
from squall.core.retry import retry_until_available
from squall.model.serving.engine import ScoringEngine
from squall.storage import Store
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.mentions import DocumentReading
from squall.stream.document_scoring import PROBE, DocumentScorer, Scorer
from squall.stream.mentions import Linker

log = logging.getLogger("squall")

_LISTED: Final = 20_000
"""Documents that are looked up at once, by id and time only."""
_BATCH: Final = 256
"""Documents that are read at once."""
_PAUSE_SECONDS: Final = 30.0
_BATCH_NAME: Final = "backfill"
"""The store adds a digest of the rows."""
_DAY: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)

T = TypeVar("T")

ReportDone = Callable[[str, float | None], None]
"""Receives the counts so far as text, and the share of documents that is done, 0 to 1."""


@dataclass(slots=True)
class BackfillResult:
    """What a backfill did.

    Args:
        model_version: that read the documents.
        catalogue_version: of the names.
        documents: read now.
        with_names: of them, those that name someone.
        with_severity: of them, those whose severity was read: all, or none where the model has no head for it.
        known: read before, by this model with this catalogue.
        failed: texts that the model or the linker fails on; they are logged, and tried again by the next backfill.
        complete: False when it was stopped.
    """

    model_version: str
    catalogue_version: str
    documents: int = 0
    with_names: int = 0
    with_severity: int = 0
    known: int = 0
    failed: int = 0
    complete: bool = False


def backfill_store(settings: Settings, clock: Clock, stop: threading.Event, report: ReportDone) -> BackfillResult:
    """Run a `Backfill` over the configured store, with the configured model and catalogue.

    Raises:
        StoreMissingError: there is no embedded store.
        StoreLockedError: another process has the embedded store open.
        SquallError: as `open_migrated_store`, `ScoringEngine.open`, `open_linker` and `Backfill.run`.
    """
    linker = open_linker(settings.entities)
    store = open_migrated_store(settings, stop, create=False)
    try:
        with ScoringEngine.open(settings.model) as engine:
            return Backfill(store, engine, linker, clock, stop, report).run()
    finally:
        store.close()


class Backfill:
    """Reads every stored document that the present model has not read with the present catalogue, in the order of publication.

    Topic and sentiment of a document stay as they were scored; its mentions, severity and events are written, a batch at a time, severity
    and events only where the model has heads for them. So it may be killed at any point, and another run continues with what is left.
    Workers and a detector of other processes may go on meanwhile.

    Args:
        store: migrated.
        engine: reads texts.
        linker: finds names.
        clock: stamps what was read.
        stop: ends it after the present batch.
        report: is told what is done.
    """

    def __init__(self, store: Store, engine: Scorer, linker: Linker, clock: Clock, stop: threading.Event, report: ReportDone) -> None:
        self._store = store
        self._scorer = DocumentScorer(engine, clock, linker)
        self._stop = stop
        self._report = report
        self._done = BackfillResult(engine.model_version, linker.version)

    def run(self) -> BackfillResult:
        """Read them, then bring the counts up to date.

        Raises:
            ModelFaultError: the model fails, whatever the text.
            StoreError: the store refused.
            StoppedError: stopped while the store was unavailable.
        """
        done = self._done
        days = self._wait(lambda: self._store.mentions.days(done.model_version, done.catalogue_version))
        total = sum(documents for _, documents, _ in days)
        for day, documents, known in days:
            if known < documents:  # a document with several rows makes a day look unread, and costs one query
                before = done.documents + done.failed
                for part in self._unread(day):
                    self._read(part)
                    self._tell(total)
                read = done.documents + done.failed - before
                known = min(known, max(0, documents - read))
                total -= documents - read - known  # rows that were written again
            done.known += known
            self._tell(total)
            if self._stop.is_set():
                return done
        self._report("counting", None)
        done.complete = self._wait(lambda: self._store.rollups.update(lambda: not self._stop.is_set())).complete
        return done

    def _unread(self, day: datetime) -> Iterator[list[StoredDocument]]:
        """Yield the unread documents of a day, in small batches."""
        done, since, after_id = self._done, day, ""
        while not self._stop.is_set():
            look = partial(self._store.mentions.unread, since, day + _DAY, after_id=after_id, limit=_LISTED)
            listed = self._wait(partial(look, model_version=done.model_version, catalogue_version=done.catalogue_version))
            for start in range(0, len(listed), _BATCH):
                part = listed[start : start + _BATCH]
                if self._stop.is_set():
                    return
                ids, first, last = dict.fromkeys((key for key, _ in part), 0), part[0][1], part[-1][1]
                yield self._wait(partial(self._store.documents.fetch, ids, first, last + _MILLISECOND))
            if len(listed) < _LISTED:
                return
            after_id, since = listed[-1]

    def _read(self, stored: Sequence[StoredDocument]) -> None:
        before = {row.id: row for row in stored}
        result = self._scorer.score([_document(row) for row in stored], [PROBE])
        graded = [
            replace(
                before[row.document.id], severity=row.severity, event_names=row.event_names, event_probabilities=row.event_probabilities
            )
            for row in result.rows
            if row.severity is not None or row.events
        ]
        self._wait(lambda: self._store.documents.rewrite(graded, token=_BATCH_NAME))  # first: the mentions say that it was read
        readings = [_reading(row, before[row.document.id].scored_at) for row in result.rows]
        self._wait(lambda: self._store.mentions.insert(readings, token=_BATCH_NAME))
        for key, rejection in result.failures.items():
            log.warning("document %s is not read for names: %s", key, rejection.detail)
        self._done.documents += len(readings)
        self._done.with_severity += sum(row.severity is not None for row in result.rows)
        self._done.with_names += sum(bool(reading.mentions) for reading in readings)
        self._done.failed += len(result.failures)

    def _tell(self, total: int) -> None:
        done = self._done
        share = min(1.0, (done.known + done.documents + done.failed) / total) if total else 1.0
        self._report(f"reading: {done.documents:,} documents, {done.with_names:,} with names, {done.failed:,} failed", share)

    def _wait(self, call: Callable[[], T]) -> T:
        return retry_until_available(call, self._stop, _PAUSE_SECONDS, _log_wait)


def _document(row: StoredDocument) -> Document:
    return Document(
        id=row.id,
        kind=Kind(row.kind),
        source=row.source,
        author=row.author,
        url=row.url,
        title=row.title,
        text=row.text,
        language=row.language,
        symbols=row.symbols,
        published_at=row.published_at,
        collected_at=row.collected_at,
        undated=row.undated,
        revises=row.revises,
    )


def _reading(row: ScoredDocument, document_scored_at: datetime) -> DocumentReading:
    document = row.document
    versions = (row.model_version, row.catalogue_version)
    return DocumentReading(document.id, document.published_at, document_scored_at, *versions, row.scored_at, row.mentions, row.event_names)


def _log_wait(attempt: int, error: BaseException | None) -> None:
    log.warning("waiting for the store (try %d): %s", attempt, error)
