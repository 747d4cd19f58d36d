"""Documents as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from squall.core import text as texts
from squall.core.records import Sentiment


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as stored.

    Args:
        topic: empty where no model has read the document; then its probabilities are 0 and its sentiment says nothing.
        model_version: that read it; empty: none, because its language is not among those that the model knows.
        severity: how grave what happened is, in [0, 1]; None: no model with a head for it has read the document.
        event_names: what happened, likeliest first (`squall.core.gravity.event_kinds`); with their `event_probabilities`.
        copies: later documents with the same fingerprint in the requested span.
        undated: the source gave no time that can be read, and `published_at` is when the document was collected.
        revises: id of the first version, of which this is a later one; empty: it is the first.
    """

    id: str
    kind: str
    source: str
    author: str
    url: str
    title: str
    text: str
    language: str
    symbols: tuple[str, ...]
    published_at: datetime
    collected_at: datetime
    topic: str
    topic_probability: float
    p_negative: float
    p_neutral: float
    p_positive: float
    sentiment: Sentiment
    score: float
    fingerprint: int
    model_version: str
    scored_at: datetime
    stored_at: datetime
    severity: float | None = None
    event_names: tuple[str, ...] = ()
    event_probabilities: tuple[float, ...] = ()
    copies: int = 0
    undated: bool = False
    revises: str = ""

    @property
    def scored(self) -> bool:
        """Whether a model has read it."""
        return bool(self.model_version)

    @property
    def first_id(self) -> str:
        """The id of the first version: its own, unless it revises another."""
        return self.revises or self.id

    @property
    def revision(self) -> int:
        """What tells versions apart; see `squall.core.text.revision`."""
        return texts.revision(self.title, self.text)

    @property
    def content(self) -> str:
        """The text that the model read, in which mentions have their places."""
        return texts.content(self.title, self.text)

    @property
    def events(self) -> list[tuple[str, float]]:
        """What happened, and how probable it is, likeliest first."""
        return list(zip(self.event_names, self.event_probabilities, strict=True))

    def with_copies(self, copies: int) -> StoredDocument:
        """Return the document with this number of copies."""
        return replace(self, copies=copies) if copies else self


@dataclass(frozen=True, slots=True)
class NewestDocument:
    """The document with the latest publication time."""

    published_at: datetime
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was stored after a moment of the store's clock.

    Args:
        now: the store's clock at the time of the query.
        stored: id and time of storing, last stored first; at most as many as requested.
        total: how many there are.
    """

    now: datetime
    stored: tuple[tuple[str, datetime], ...]
    total: int


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model version and what it scored: how many document ids, and the first and last publication and the last scoring among them."""

    version: str
    documents: int
    first: datetime
    last: datetime
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class DeletionMark:
    """A document that was taken back.

    Args:
        id: of its first version.
        done: whether it has been deleted.
        hours: in which it, or others that were deleted with it, was published, as ClickHouse writes times: they are to be recounted.
    """

    id: str
    done: bool
    hours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RollupPosition:
    """Up to which time of storing the documents are counted in the rollup `name`."""

    name: str
    until: datetime
