"""A micro-batch on its way through the stages: what each stage adds to it, and what it knows of those ahead of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from squall.core.items import Fate, Item, Outcome, Rejection
from squall.core.records import Document, KnownVersion
from squall.stream.document_scoring import FirstReading, ScoringResult
from squall.stream.versions import Versions


@dataclass(eq=False)
class BatchInFlight:
    """One micro-batch from its look-up until it is safe.

    Args:
        delivered: its items, each document with the id that its source gave it.
        model_version: the model that the look-up asked for.
        ahead: micro-batches that were not safe yet when this one was looked up.
    """

    delivered: Sequence[Item]
    model_version: str = ""
    ahead: Sequence[BatchInFlight] = ()
    items: Sequence[Item] = ()
    """As delivered, but each document as the version that it is."""
    documents: dict[str, Document] = field(default_factory=dict)
    """To be stored unless they are, by id, as they came first."""
    known: set[str] = field(default_factory=set)
    """Ids that the model has scored and stored already, or that are stored without a score and remain so."""
    left_out: Sequence[Document] = ()
    """Versions beyond `processor.max_versions_per_day`."""
    first: FirstReading | None = None
    scored: ScoringResult = field(default_factory=ScoringResult)
    anew: bool = False
    """Whether its documents were identified again, after those ahead were scored: see `counts_on_failures`."""
    token: str = ""
    stored_at: datetime | None = None
    deleted: int = 0
    """How many stored documents were taken back."""
    scoring_seconds: float = 0.0
    storing_seconds: float = 0.0

    def identify(self, versions: Versions, reads: Callable[[Document], bool]) -> None:
        """Take every document as the version that it is; `reads` says whether the model knows a document's language."""
        self.items = [item.with_document(versions.identified(item.document)) if item.document else item for item in self.delivered]
        self.known, self.left_out = versions.scored, versions.left_out
        without = {document.id for document in versions.left_out}
        self.documents = {}
        for item in self.items:
            if item.document is not None and item.document.id not in without:
                self.documents.setdefault(item.document.id, item.document)
        unscored = versions.unscored
        self.known |= {key for key, document in self.documents.items() if key in unscored and not reads(document)}

    @property
    def new(self) -> list[Document]:
        """The documents that are neither stored nor in a micro-batch ahead."""
        return [document for key, document in self.documents.items() if key not in self.known and not self._is_ahead(key)]

    def scored_elsewhere(self) -> set[str]:
        """Return the ids that are stored, or were scored with this model version, or by none, in a micro-batch ahead.

        Call it once those ahead are scored.
        """
        rows = (row for batch in self.ahead for row in batch.scored.rows)
        return self.known | {row.document.id for row in rows if row.model_version in {self.model_version, ""}}

    def counts_on_failures(self) -> bool:
        """Whether a document is a version of one that failed in a micro-batch ahead, and so is not stored, or of one that was taken for a
        later version of such a one: once those ahead are scored."""
        failed = {batch.documents[key].first_id for batch in self.ahead for key in batch.scored.failures}
        failed |= {document.first_id for batch in self.ahead if batch.anew for document in batch.documents.values()}
        return bool(failed) and any(document.first_id in failed for document in self.documents.values())

    def _is_ahead(self, key: str) -> bool:
        return any(key in batch.documents for batch in self.ahead)

    def leave_out(self, streams: Collection[str]) -> None:
        """Take the items of `streams` out: they are neither dead-lettered nor reported. Rows that are stored already stay stored."""
        self.items = [item for item in self.items if item.origin.topic not in streams]
        left = {item.document.id for item in self.items if item.document is not None}
        self.scored.rows = [row for row in self.scored.rows if row.document.id in left]

    def outcomes(self) -> list[Outcome]:
        """One outcome per item; the first item of a fresh id is the stored one, later ones are its duplicates."""
        left = {row.document.id for row in self.scored.rows}
        return [self._outcome(item, left, self.scored.failures) for item in self.items]

    @staticmethod
    def _outcome(item: Item, left: set[str], failures: dict[str, Rejection]) -> Outcome:
        if item.deletion is not None:
            return Outcome(Fate.DELETED)
        if item.document is None:
            return Outcome(Fate.REJECTED, item.rejection)
        key = item.document.id
        if key in failures:
            return Outcome(Fate.REJECTED, failures[key])
        if key in left:
            left.remove(key)
            return Outcome(Fate.STORED)
        return Outcome(Fate.DUPLICATE)


def unstored(known: Sequence[KnownVersion], documents: Sequence[Document], ahead: Sequence[Document]) -> Iterator[KnownVersion]:
    """Yield those of `ahead` that are versions of `documents` and not among the `known`, each once."""
    wanted = {document.first_id for document in documents}
    seen = {version.id for version in known}
    for document in ahead:
        if document.first_id in wanted and document.id not in seen:
            seen.add(document.id)
            yield KnownVersion(
                document.id, document.first_id, document.revision, document.published_at, document.collected_at, scored=False
            )
