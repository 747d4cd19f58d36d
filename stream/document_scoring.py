"""From documents to rows: the model's probabilities and the mentions, and which is the failing text when the model or the linker fails.

A text is rejected only when another one scores in the same state of the model. When every text fails, the model or its device is at
fault, and dead-lettering would throw good documents away: `ModelFaultError` stops the worker instead, with nothing stored, dead-lettered
or acknowledged. It is not retried here. The engine has already tried smaller batches and the CPU by then, and a supervisor that starts
the process again loads the model afresh, which is the remaining remedy. A fault that passes within a micro-batch costs nothing: each
text that failed is tried once more before it is rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from squall.core.clock import Clock
from squall.core.errors import ModelFaultError
from squall.core.items import Rejection
from squall.core.records import MOST_EVENTS, OLDEST, TOPICS, Document, Event, Kind, ScoredDocument
from squall.core.text import document_id
from squall.stream.mentions import Linker, Reading, Wanted, WantedOf, document_mentions, document_wanted

FAULTS: Final = (RuntimeError, ValueError, TypeError, IndexError)
"""What torch, onnxruntime, the check of the probabilities and `squall.stream.mentions` raise."""

_EXHAUSTED: Final = ("out of memory", "allocate memory", "bad_alloc", "bad allocation", "not enough memory", "could not create a primitive")
"""What torch, oneDNN, CUDA and onnxruntime write into a RuntimeError when memory runs out; the last one is oneDNN's."""

PROBE: Final = Document(
    id=document_id("squall", "probe"),
    kind=Kind.NEWS,
    source="squall",
    title="Shares were little changed in early trading",
    published_at=OLDEST,
    collected_at=OLDEST,
)
"""A plain text that any model scores, for a process that has not scored a real one yet."""


class Scorer(Protocol):
    """What scoring needs of the engine."""

    @property
    def model_version(self) -> str: ...

    @property
    def languages(self) -> Collection[str]: ...

    def read(self, texts: Sequence[str], *, wanted: WantedOf = ...) -> Reading: ...


@dataclass
class ScoringResult:
    """The result of the documents of one micro-batch."""

    rows: list[ScoredDocument] = field(default_factory=list)
    """In the order of the documents."""
    failures: dict[str, Rejection] = field(default_factory=dict)
    """By document id: the failing texts."""


@dataclass(frozen=True)
class FirstReading:
    """What the network made of the documents of a micro-batch as a whole, before rows are made of it."""

    documents: Sequence[Document]
    read: Sequence[Document]
    """Those of them that the network read; the others are in languages that it does not know."""
    linker: Linker | None
    """What finds names in them."""
    reading: Reading | None
    fault: Exception | None
    """Why there is no reading: one of `FAULTS`."""


class DocumentScorer:
    """Scores documents and finds the texts that the model fails on.

    Args:
        engine: scores texts.
        clock: stamps `scored_at`.
        linker: finds whom a text is about; None: documents are not read for names.
        reads: says whether the network knows the language of a document; one that it does not know becomes a row without scores.
    """

    def __init__(
        self, engine: Scorer, clock: Clock, linker: Linker | None = None, reads: Callable[[Document], bool] = lambda _: True
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._reads = reads
        self.linker = linker
        """What finds names. Another one may be set from any thread; a call of `score` that runs finishes each part with one of them."""
        self._reference = PROBE

    @property
    def model_version(self) -> str:
        """The model that scores now."""
        return self._engine.model_version

    def score(self, documents: Sequence[Document], stored: Sequence[Document] = ()) -> ScoringResult:
        """Score `documents`; a batch that fails is halved until each failing text is alone.

        One failing text among n documents costs 2·log2(n) + 3 calls of the engine. With several documents at least one of them, or of
        `stored`, has to pass before any is rejected; a document that came alone is rejected when the last text that this process has
        scored (or `PROBE`) still passes.

        Args:
            documents: without duplicates.
            stored: other documents of the micro-batch, which this model version has scored before.

        Raises:
            ModelFaultError: no text can be scored at all, or none of this micro-batch.
        """
        return self.finish(self.read(documents), stored)

    def read(self, documents: Sequence[Document]) -> FirstReading:
        """Let the network read `documents` in one call; may run while `finish` makes rows of others. A failure is kept for `finish`."""
        linker = self.linker
        read = [document for document in documents if self._reads(document)]
        if not read:
            return FirstReading(documents, read, linker, None, None)
        try:
            return FirstReading(documents, read, linker, self._read(read, linker), None)
        except FAULTS as error:
            return FirstReading(documents, read, linker, None, error)

    def finish(self, first: FirstReading, stored: Sequence[Document] = ()) -> ScoringResult:
        """Make rows of what the network read; the rest is as `score`."""
        result, documents = ScoringResult(), first.read
        if documents:
            self._score(first, stored, result)
        if len(documents) < len(first.documents):
            self._add_unscored(first, result)
        return result

    def _score(self, first: FirstReading, stored: Sequence[Document], result: ScoringResult) -> None:
        documents = first.read
        if stored:
            self._reference = stored[-1]
        try:
            if first.reading is None:
                raise first.fault or RuntimeError("nothing was read")
            self._add(documents, first.reading, first.linker, result)
        except FAULTS as error:
            self._bisect(documents, error, result)
            if not result.rows and not stored and len(documents) > 1:
                raise self._fault(f"none of the {len(documents)} texts of a micro-batch could be scored", error) from error

    def _add_unscored(self, first: FirstReading, result: ScoringResult) -> None:
        """Add rows for the documents that the network did not read, each in its place."""
        read = {document.id for document in first.read}
        version, now = first.linker.version if first.linker else "", self._clock.now()
        rows = {row.document.id: row for row in result.rows}
        for document in first.documents:
            if document.id not in read:
                rows[document.id] = ScoredDocument.unscored(
                    document, fingerprint=document.fingerprint, catalogue_version=version, scored_at=now
                )
        result.rows = [rows[document.id] for document in first.documents if document.id in rows]

    def _attempt(self, documents: Sequence[Document], result: ScoringResult) -> None:
        """Score `documents` in one call; add all of them to `result`, or none and raise one of `FAULTS`."""
        linker = self.linker
        self._add(documents, self._read(documents, linker), linker, result)

    def _read(self, documents: Sequence[Document], linker: Linker | None) -> Reading:
        def wanted(number: int) -> Wanted:
            return document_wanted(documents[number], linker) if linker else ()

        return self._engine.read([document.content for document in documents], wanted=wanted)

    def _add(self, documents: Sequence[Document], reading: Reading, linker: Linker | None, result: ScoringResult) -> None:
        result.rows += scored_documents(documents, reading, self._clock, linker)
        self._reference = documents[-1]

    def _bisect(self, documents: Sequence[Document], error: Exception, result: ScoringResult) -> None:
        """Score what can be scored of `documents`, which failed with `error` as a whole."""
        if len(documents) == 1:
            self._reject(documents[0], error, result)
            return
        half = len(documents) // 2
        for part in (documents[:half], documents[half:]):
            try:
                self._attempt(part, result)
            except FAULTS as found:
                self._bisect(part, found, result)

    def _reject(self, document: Document, error: Exception, result: ScoringResult) -> None:
        """Reject `document`, which failed alone, if it fails again right after another text has passed."""
        if is_exhausted(error):  # a shorter text may still pass: that says nothing about this one
            raise self._fault("there is not enough memory for one text", error) from error
        try:
            self._attempt([self._reference], ScoringResult())
        except FAULTS as fault:
            raise self._fault("a text that was scored before fails as well", fault) from fault
        try:
            self._attempt([document], result)
        except FAULTS as again:
            if is_exhausted(again):
                raise self._fault("there is not enough memory for one text", again) from again
            detail = f"{type(error).__name__}: {error}"
            result.failures[document.id] = Rejection("scoring_failed", detail, document.model_dump_json().encode())

    @staticmethod
    def _fault(what: str, error: BaseException) -> ModelFaultError:
        return ModelFaultError(
            f"the model fails, whatever the text: {what}: {type(error).__name__}: {error}",
            "nothing of the micro-batch was stored, dead-lettered or acknowledged; look at the model and its device, and start again: "
            "`squall doctor`, SQUALL_MODEL__PATH, SQUALL_MODEL__DEVICE",
        )


def is_exhausted(error: BaseException) -> bool:
    """Return whether `error` reports a lack of memory, which is the machine's fault and not the text's."""
    words = str(error).lower()
    return any(sign in words for sign in _EXHAUSTED)


def scored_documents(documents: Sequence[Document], reading: Reading, clock: Clock, linker: Linker | None = None) -> list[ScoredDocument]:
    """Return one row per document, in order.

    Args:
        documents: n of them.
        reading: of their contents; sentiment is scaled to a sum of 1.
        clock: stamps `scored_at`.
        linker: finds whom they are about; None: no mentions, and no catalogue version.

    Raises:
        ValueError: a probability is none (NaN, infinite, outside [0, 1]).
        LinkingError: the linker failed on a text.
    """
    now, topic, severity, model_version = clock.now(), reading.topic, reading.severity, reading.model_version
    best = topic.argmax(axis=1)
    certainty = topic.max(axis=1).tolist()
    sentiment = reading.sentiment.astype(float)
    tones = (sentiment / sentiment.sum(axis=1, keepdims=True)).tolist()
    severities = [None] * len(documents) if severity is None else severity.tolist()
    catalogue_version = linker.version if linker else ""
    return [
        ScoredDocument(
            document=document,
            topic=TOPICS[best[i]],
            topic_probability=min(1.0, certainty[i]),
            p_negative=tones[i][0],
            p_neutral=tones[i][1],
            p_positive=tones[i][2],
            severity=severities[i],
            events=tuple(Event(name=name, probability=probability) for name, probability in reading.events(i)[:MOST_EVENTS]),
            fingerprint=document.fingerprint,
            model_version=model_version,
            catalogue_version=catalogue_version,
            scored_at=now,
            mentions=document_mentions(document, reading, i, linker) if linker else (),
        )
        for i, document in enumerate(documents)
    ]
