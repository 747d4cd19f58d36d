"""The one way from documents to stored scores. Knows no Kafka: the drivers own offsets and cursors.

Order of a micro-batch: skip what is stored already, score, insert, then dead-letter the rejects. Only when all of it
is safe does `process` return, and only then may a driver acknowledge.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

from squall.core.clock import Clock
from squall.core.config.settings import ProcessorSettings
from squall.core.delivery import DeadLetter, DeadLetterSink, Fate, Item, Outcome, Rejection
from squall.core.errors import BrokerUnavailableError, TooManyRejectsError
from squall.core.observability.health import Health
from squall.core.records import SENTIMENTS, TOPICS, Document, ScoredDocument
from squall.core.retry import retry_until_available
from squall.core.text import fingerprint
from squall.stream.batch_log import log_batch, log_taken
from squall.stream.meter import BatchReport

log = logging.getLogger("squall.processor")

T = TypeVar("T")

WORKER = "worker"
"""The part of a process that handles micro-batches, for `squall.core.observability.health.Progress`."""


class Scores(Protocol):
    """Probabilities, one row per text: `topic` (n, 20), `sentiment` (n, 3), and the model that gave them."""

    @property
    def topic(self) -> npt.NDArray[np.float32]: ...

    @property
    def sentiment(self) -> npt.NDArray[np.float32]: ...

    @property
    def model_version(self) -> str: ...


class Scorer(Protocol):
    """What the processor needs of the engine."""

    @property
    def model_version(self) -> str: ...

    def score(self, texts: Sequence[str]) -> Scores: ...


class DocumentStore(Protocol):
    """What the processor needs of the store: `store.documents`."""

    def known_ids(self, documents: Sequence[Document], model_version: str) -> set[str]: ...

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None: ...


@dataclass
class Tally:
    """Running counts of one process."""

    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    retries: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count `outcomes`."""
        for outcome in outcomes:
            if outcome.fate is Fate.STORED:
                self.stored += 1
            elif outcome.fate is Fate.DUPLICATE:
                self.duplicate += 1
            else:
                self.rejected += 1
                reason = outcome.rejection.reason if outcome.rejection else "unknown"
                self.reasons[reason] = self.reasons.get(reason, 0) + 1


class _Watch:
    """Tells seconds between laps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        last, self._last = self._last, self._clock.monotonic()
        return self._last - last


class Processor:
    """Scores and stores micro-batches; safe to call again with the same items.

    Args:
        engine: scores texts.
        store: keeps rows.
        dead_letters: keeps rejects.
        settings: limits and retry pauses.
        clock: stamps `scored_at` and dead letters.
        stop: when set, retries end with `StoppedError`.
        observe: told of every micro-batch that is safe.
        health: told of progress and of tries that failed.
    """

    def __init__(
        self,
        engine: Scorer,
        store: DocumentStore,
        dead_letters: DeadLetterSink,
        settings: ProcessorSettings,
        clock: Clock,
        stop: threading.Event,
        observe: Callable[[BatchReport], None] = lambda _: None,
        health: Health | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._dead_letters = dead_letters
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._observe = observe
        self._health = health or Health(clock)
        self._rejects_in_a_row = 0
        self.tally = Tally()

    def process(self, items: Sequence[Item]) -> list[Outcome]:
        """Store every document of `items` and dead-letter every reject; one outcome per item, in order.

        Raises:
            TooManyRejectsError: more rejects in a row than `max_consecutive_rejects`; nothing of this batch was dead-lettered.
            StoreError: the store refused the batch for a reason that trying again will not mend.
            StoppedError: asked to stop while waiting for the store; nothing may be acknowledged.
        """
        log_taken(items)
        retries, watch = self.tally.retries, _Watch(self._clock)
        documents: dict[str, Document] = {}
        for item in items:
            if item.document is not None:
                documents.setdefault(item.document.id, item.document)
        known = (
            self.retry_until_available(lambda: self._store.known_ids(list(documents.values()), self._engine.model_version))
            if documents
            else set()
        )
        watch.lap()
        token = ""
        rows, failures = self._score([document for document in documents.values() if document.id not in known])
        scoring = watch.lap()
        if rows:
            token = _token(rows)
            self.retry_until_available(lambda: self._store.insert(rows, token=token))
        storing, stored_at = watch.lap(), self._clock.now()
        outcomes = _outcomes(items, {row.document.id for row in rows}, failures)
        self._check_rejects(outcomes)
        letters = [self._letter(item, outcome.rejection) for item, outcome in zip(items, outcomes, strict=True) if outcome.rejection]
        if letters:
            self.retry_until_available(lambda: self._dead_letters.write(letters))
            log.warning("dead-lettered %d items; first: %s: %s", len(letters), letters[0].reason, letters[0].detail)
        self.tally.add(outcomes)
        log_batch(items, outcomes, token, scoring, storing)
        self._observe(
            BatchReport(
                items=len(items),
                stored=len(rows),
                duplicates=sum(outcome.fate is Fate.DUPLICATE for outcome in outcomes),
                reasons=tuple(letter.reason for letter in letters),
                retries=self.tally.retries - retries,
                scoring_seconds=scoring,
                storing_seconds=storing,
                published_ages=tuple((stored_at - row.document.published_at).total_seconds() for row in rows),
                collected_ages=tuple((stored_at - row.document.collected_at).total_seconds() for row in rows),
                model_version=rows[-1].model_version if rows else "",
            )
        )
        self._health.liveness.touch(WORKER)
        return outcomes

    def retry_until_available(self, call: Callable[[], T]) -> T:
        """Run `call`, trying again with growing pauses while its dependency is unavailable.

        Raises:
            StoppedError: the stop event was set before it answered.
        """
        return retry_until_available(call, self._stop, self._settings.retry_max_seconds, self._complain)

    def _complain(self, attempt: int, error: BaseException | None) -> None:
        self.tally.retries += 1
        self._health.metrics.retried("broker" if isinstance(error, BrokerUnavailableError) else "store")
        self._health.liveness.touch(WORKER)
        log.warning("paused, will try again (try %d): %s", attempt, error)

    def _score(self, documents: Sequence[Document]) -> tuple[list[ScoredDocument], dict[str, Rejection]]:
        """Score `documents`; a batch that fails is halved until the culprit is alone, so that its neighbours are kept."""
        if not documents:
            return [], {}
        try:
            scores = self._engine.score([document.content for document in documents])
            return self._rows(documents, scores), {}
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            if len(documents) == 1:
                detail = f"{type(error).__name__}: {error}"
                return [], {documents[0].id: Rejection("scoring_failed", detail, documents[0].model_dump_json().encode())}
            half = len(documents) // 2
            left, right = self._score(documents[:half]), self._score(documents[half:])
            return left[0] + right[0], left[1] | right[1]

    def _rows(self, documents: Sequence[Document], scores: Scores) -> list[ScoredDocument]:
        now = self._clock.now()
        best = scores.topic.argmax(axis=1)
        sentiment = scores.sentiment.astype(float)
        sentiment /= sentiment.sum(axis=1, keepdims=True)
        return [
            ScoredDocument(
                document=document,
                topic=TOPICS[best[i]],
                topic_probability=min(1.0, float(scores.topic[i, best[i]])),
                **{f"p_{name}": float(sentiment[i, k]) for k, name in enumerate(SENTIMENTS)},
                fingerprint=fingerprint(document.gist),
                model_version=scores.model_version,
                scored_at=now,
            )
            for i, document in enumerate(documents)
        ]

    def _check_rejects(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._rejects_in_a_row = self._rejects_in_a_row + 1 if outcome.rejection else 0
            if self._rejects_in_a_row > self._settings.max_consecutive_rejects:
                assert outcome.rejection is not None
                rejection = outcome.rejection
                raise TooManyRejectsError(
                    f"{self._rejects_in_a_row} items in a row were rejected, the last with {rejection.reason}: {rejection.detail}",
                    "look at what is sent and at this worker's version; SQUALL_PROCESSOR__MAX_CONSECUTIVE_REJECTS is the limit",
                )

    def _letter(self, item: Item, rejection: Rejection) -> DeadLetter:
        return DeadLetter(item.origin, rejection.reason, rejection.detail, rejection.raw, self._clock.now())


def _outcomes(items: Sequence[Item], fresh: set[str], failures: dict[str, Rejection]) -> list[Outcome]:
    """One outcome per item; the first item of a fresh id is the stored one, later ones are its duplicates."""
    left = set(fresh)
    outcomes = []
    for item in items:
        if item.document is None:
            outcomes.append(Outcome(Fate.REJECTED, item.rejection))
        elif item.document.id in failures:
            outcomes.append(Outcome(Fate.REJECTED, failures[item.document.id]))
        elif item.document.id in left:
            left.remove(item.document.id)
            outcomes.append(Outcome(Fate.STORED))
        else:
            outcomes.append(Outcome(Fate.DUPLICATE))
    return outcomes


def _token(rows: Sequence[ScoredDocument]) -> str:
    """Name the batch by what is in it: the same rows give the same token, other rows another (a reused token drops rows)."""
    digest = xxhash.xxh3_128()
    for row in rows:
        digest.update(f"{row.document.id}\x1f{row.model_version}\x1f{row.scored_at.isoformat()}\n".encode())
    return digest.hexdigest()
