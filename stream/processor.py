"""The one way from documents to stored scores. Knows no Kafka: the drivers own offsets and cursors.

Stages of a micro-batch: look up what is stored already, let the network read the rest, make rows, insert them and mark what was taken
back for deletion, then settle: dead-letter the rejects and publish the report. Only when `settle` has returned is all of it safe, and only
then may a driver acknowledge. `process` does one stage after another; `squall.stream.stages` runs the stages of successive micro-batches
side by side.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import xxhash

from squall.core.batch_report import BatchReport, BatchSubscriber
from squall.core.clock import Clock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import BrokerUnavailableError
from squall.core.items import DeadLetter, DeadLetterSink, Item, Outcome
from squall.core.observability.health import Health
from squall.core.records import Document, KnownVersion, ScoredDocument
from squall.core.retry import retry_until_available
from squall.stream.batch_log import log_batch, log_decoded
from squall.stream.document_scoring import DocumentScorer, Scorer
from squall.stream.event_time import EventTimeLimits
from squall.stream.in_flight import BatchInFlight, unstored
from squall.stream.languages import Languages
from squall.stream.mentions import Linker
from squall.stream.reject_limit import RejectLimit
from squall.stream.totals import RunningTotals
from squall.stream.versions import Versions

log = logging.getLogger("squall.processor")

T = TypeVar("T")

WORKER = "worker"
"""The part of a process that handles micro-batches, for `squall.core.observability.health.Liveness`."""


class DocumentStore(Protocol):
    """What the processor needs of the store: `store.documents`."""

    def known_versions(self, documents: Sequence[Document], model_version: str) -> list[KnownVersion]: ...

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None: ...

    def mark_deleted(self, first_ids: Sequence[str], kept: Sequence[str]) -> int: ...


class _Stopwatch:
    """Measures the seconds of one stage after another."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        last, self._last = self._last, self._clock.monotonic()
        return self._last - last


class Processor:
    """Scores and stores micro-batches; safe to call again with the same items.

    Every micro-batch that is safe is published once, as a `BatchReport`: to the running totals, the metrics, the log and the liveness of
    this process, then to `subscribers`.

    Args:
        engine: scores texts.
        store: keeps rows.
        dead_letters: keeps rejects.
        settings: limits and retry pauses.
        clock: stamps `scored_at` and dead letters.
        stop: when set, retries end with `StoppedError`.
        subscribers: receive the report as well.
        health: metrics and liveness of this process.
        linker: finds whom documents are about; None: they are not read for names.
    """

    def __init__(
        self,
        engine: Scorer,
        store: DocumentStore,
        dead_letters: DeadLetterSink,
        settings: ProcessorSettings,
        clock: Clock,
        stop: threading.Event,
        subscribers: Sequence[BatchSubscriber] = (),
        health: Health | None = None,
        linker: Linker | None = None,
    ) -> None:
        self._languages = Languages(lambda: engine.languages)
        self._scorer = DocumentScorer(engine, clock, linker, self._languages.reads)
        self._store = store
        self._dead_letters = dead_letters
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._health = health or Health(clock)
        self._event_time = EventTimeLimits(settings)
        self._reject_limit = RejectLimit(settings)
        self._retries = 0
        self._counting = threading.Lock()
        self.totals = RunningTotals()
        self._subscribers: list[BatchSubscriber] = [
            self.totals.add_batch,
            self._health.metrics.batch,
            log_batch,
            lambda _: self._health.liveness.touch(WORKER),
            *subscribers,
        ]

    def process(self, items: Sequence[Item]) -> list[Outcome]:
        """Store every document of `items` and dead-letter every reject, one stage after another; one outcome per item, in order.

        A document that is dated too far from now is a reject (`squall.stream.event_time`).

        Raises:
            TooManyRejectsError: a partition exceeds a reject limit; nothing of this micro-batch was dead-lettered.
            ModelFaultError: the model fails on every text; nothing of this micro-batch was stored or dead-lettered.
            StoreError: the store refused the micro-batch for a reason that a retry does not cure.
            StoppedError: asked to stop while waiting for the store; nothing may be acknowledged.
        """
        batch = self.look_up(items)
        self.read(batch)
        self.make_rows(batch)
        self.insert(batch)
        return self.settle(batch)

    def look_up(self, items: Sequence[Item], ahead: Sequence[BatchInFlight] = ()) -> BatchInFlight:
        """Begin a micro-batch: find out in which language its documents are, and which are stored already.

        Args:
            items: what was delivered.
            ahead: micro-batches that are in work; a version that one of them has is scored and stored with that one.

        Raises:
            StoppedError: asked to stop while waiting for the store.
        """
        now = self._clock.now()
        items = [self._in_its_language(self._event_time.apply(item, now)) for item in items]
        log_decoded(items)
        batch = BatchInFlight(items, self._scorer.model_version, ahead)
        self._identify(batch, [document for other in ahead for document in other.documents.values()])
        return batch

    def read(self, batch: BatchInFlight) -> None:
        """Let the network read what is new; a failure of a text is dealt with by `make_rows`."""
        watch = _Stopwatch(self._clock)
        batch.first = self._scorer.read(batch.new)
        batch.scoring_seconds += watch.lap()

    def make_rows(self, batch: BatchInFlight) -> None:
        """Make rows of what the network read, after those ahead have theirs.

        Raises:
            ModelFaultError: the model fails on every text.
        """
        watch = _Stopwatch(self._clock)
        if batch.counts_on_failures():  # what it takes for later versions of them may be the first ones
            self._identify(batch, [row.document for other in batch.ahead for row in other.scored.rows])
            batch.first, batch.anew = None, True
        elsewhere = batch.scored_elsewhere()
        passed = [document for key, document in batch.documents.items() if key in elsewhere]
        left = [document for key, document in batch.documents.items() if key not in elsewhere]
        first, batch.first = batch.first, None
        if first is None or len(first.documents) != len(left):  # one failed in a micro-batch ahead, or was scored by another model there
            first = self._scorer.read(left)
        batch.scored = self._scorer.finish(first, passed)
        batch.ahead = ()  # else each would keep all before it in memory
        batch.scoring_seconds += watch.lap()

    def insert(self, batch: BatchInFlight) -> None:
        """Store the rows.

        Raises:
            StoreError: the store refused them for a reason that a retry does not cure.
            StoppedError: asked to stop while waiting for the store.
        """
        watch, rows = _Stopwatch(self._clock), batch.scored.rows
        gone, kept = _taken_back(batch.items)
        if kept:  # first: a deletion that begins when the rows are stored must not find them marked
            self.retry_until_available(lambda: self._store.mark_deleted((), kept))
        if rows:
            token = batch.token = _token(rows)
            self.retry_until_available(lambda: self._store.insert(rows, token=token))
        batch.deleted = self.retry_until_available(lambda: self._store.mark_deleted(gone, ())) if gone else 0
        batch.storing_seconds = watch.lap()
        batch.stored_at = self._clock.now()

    def settle(self, batch: BatchInFlight) -> list[Outcome]:
        """Dead-letter the rejects of a micro-batch whose rows are stored, and publish its report; may be called again after an error.

        Raises:
            TooManyRejectsError: a partition exceeds a reject limit; nothing of this micro-batch was dead-lettered.
            StoppedError: asked to stop while waiting for whatever keeps dead letters.
        """
        items, outcomes = batch.items, batch.outcomes()
        self._reject_limit.check(items, outcomes)
        self._dead_letter(items, outcomes)
        report = BatchReport(
            items=items,
            outcomes=outcomes,
            rows=batch.scored.rows,
            stored_at=batch.stored_at or self._clock.now(),
            token=batch.token,
            limit=self._settings.batch_documents,
            retries=self._taken_retries(),
            left_out=batch.left_out,
            deleted=batch.deleted,
            scoring_seconds=batch.scoring_seconds,
            storing_seconds=batch.storing_seconds,
        )
        self._publish(report)
        return outcomes

    def _taken_retries(self) -> int:
        with self._counting:
            retries, self._retries = self._retries, 0
        return retries

    def _publish(self, report: BatchReport) -> None:
        """Tell every subscriber of a micro-batch that is safe; one that fails costs neither the others nor the acknowledgement."""
        for notify in self._subscribers:
            try:
                notify(report)
            except Exception:
                log.exception("a micro-batch is stored, but was not reported to one of its subscribers")

    @property
    def names_version(self) -> str:
        """The entities that documents are linked to now; empty: they are not read for names."""
        return self._scorer.linker.version if self._scorer.linker else ""

    def link_with(self, linker: Linker) -> None:
        """Find names with `linker` from the next micro-batch on; from any thread."""
        self._scorer.linker = linker

    def retry_until_available(self, call: Callable[[], T]) -> T:
        """Run `call`, and again after growing pauses while its dependency is unavailable.

        Raises:
            StoppedError: the stop event was set before it answered.
        """
        return retry_until_available(call, self._stop, self._settings.retry_max_seconds, self._note_retry)

    def _note_retry(self, attempt: int, error: BaseException | None) -> None:
        with self._counting:  # stages retry on threads of their own
            self._retries += 1
        self._health.metrics.retried("broker" if isinstance(error, BrokerUnavailableError) else "store")
        self._health.liveness.touch(WORKER)
        log.warning("attempt %d failed, retrying: %s", attempt, error)

    def _identify(self, batch: BatchInFlight, ahead: Sequence[Document]) -> None:
        """Find out which version each document of `batch` is, and which of them are stored; `ahead` are about to be."""
        documents = [item.document for item in batch.delivered if item.document is not None]
        known: list[KnownVersion] = []
        if documents:
            known = self.retry_until_available(lambda: self._store.known_versions(documents, batch.model_version))
        batch.identify(Versions([*known, *unstored(known, documents, ahead)], self._settings.max_versions_per_day), self._languages.reads)

    def _in_its_language(self, item: Item) -> Item:
        return item if item.document is None else item.with_document(self._languages.identified(item.document))

    def _dead_letter(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        now = self._clock.now()
        letters = [
            DeadLetter(item.origin, outcome.rejection.reason, outcome.rejection.detail, outcome.rejection.raw, now)
            for item, outcome in zip(items, outcomes, strict=True)
            if outcome.rejection
        ]
        if letters:
            self.retry_until_available(lambda: self._dead_letters.write(letters))
            log.warning("dead-lettered %d items; the first: %s: %s", len(letters), letters[0].reason, letters[0].detail)


def _token(rows: Sequence[ScoredDocument]) -> str:
    """Name the batch by what is in it: the same rows give the same token, other rows another (a reused token drops rows)."""
    digest = xxhash.xxh3_128()
    for row in rows:
        digest.update(f"{row.document.id}\x1f{row.model_version}\x1f{row.scored_at.isoformat()}\n".encode())
    return digest.hexdigest()


def _taken_back(items: Sequence[Item]) -> tuple[list[str], list[str]]:
    """Return the ids of the documents that were taken back and not delivered since, and those of the others."""
    last: dict[str, bool] = {}
    for item in items:
        if item.deletion is not None:
            last[item.deletion.id] = True
        elif item.document is not None:
            last[item.document.first_id] = False
    return [key for key, gone in last.items() if gone], [key for key, gone in last.items() if not gone]
