"""What the model says of a document: its scores, and the names that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from squall.core.records.documents import Document
from squall.core.records.fields import Probability, Record, Timestamp, check_sum, named
from squall.core.records.labels import SENTIMENTS, EntityKind, Sentiment

MOST_MENTIONS = 100
"""Of a text with more names only the first are kept."""


MOST_EVENTS = 50
"""More labels at once than any head has that tells one event from another."""


class Event(Record):
    """Something that a text says happened."""

    name: str = Field(min_length=1, max_length=100, description="of `squall.core.gravity.event_kinds`, or a checkpoint's own")
    probability: Probability


def _check_distinct(events: Sequence[Event]) -> None:
    names = [event.name for event in events]
    if len(set(names)) < len(names):
        raise ValueError(f"an event is named twice: {', '.join(names)}")


class Mention(Record):
    """One occurrence of a name in `Document.content`.

    Relevance, tone, severity and events are those of the entity in the whole document, so each occurrence of one entity carries the same
    ones; the occurrence with `first` stands for the entity where documents are counted.
    """

    entity: str = Field(min_length=1, max_length=200, description="id of the entity: `company:apple-inc`, `found:lehman-brothers`")
    kind: EntityKind
    name: Annotated[str, named(200), Field(min_length=1)]
    symbols: tuple[str, ...] = Field(default=(), description="tickers of the entity")
    start: int = Field(ge=0, description="offset of the first character in the content")
    end: int = Field(gt=0, description="offset after the last character")
    first: bool = Field(description="whether this is the entity's first occurrence")
    relevance: Probability = Field(description="how much the document is about the entity")
    p_negative: Probability
    p_neutral: Probability
    p_positive: Probability
    severity: Probability | None = Field(default=None, description="how grave what happened is for the entity; None: it was not read")
    events: tuple[Event, ...] | None = Field(
        default=None, max_length=MOST_EVENTS, description="what happened to the entity, likeliest first; None: it was not read"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"span {self.start}–{self.end} is empty")
        _check_distinct(self.events or ())
        check_sum(self.p_negative, self.p_neutral, self.p_positive)
        return self


class ScoredDocument(Record):
    """A document with its scores, or one that no model has read, because its language is not among those that the model knows."""

    document: Document
    topic: str
    topic_probability: Probability
    p_negative: Probability
    p_neutral: Probability
    p_positive: Probability
    severity: Probability | None = Field(default=None, description="how grave what happened is; None: the model has no such head")
    events: tuple[Event, ...] = Field(default=(), max_length=MOST_EVENTS, description="what happened, likeliest first")
    fingerprint: int = Field(ge=0, lt=2**64, description="near-duplicate group")
    model_version: str = Field(description="empty: no model has read it; then it has no topic, no events, and probabilities of 0")
    catalogue_version: str = Field(default="", description="of the names that mentions were looked for among")
    scored_at: Timestamp
    mentions: tuple[Mention, ...] = Field(default=(), max_length=MOST_MENTIONS, description="in the order of their start")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_distinct(self.events)
        if self.model_version:
            check_sum(self.p_negative, self.p_neutral, self.p_positive)
        elif any((self.topic, self.topic_probability, self.p_negative, self.p_neutral, self.p_positive, self.events, self.mentions)):
            raise ValueError("scores without a model version")
        return self

    @classmethod
    def unscored(cls, document: Document, *, fingerprint: int, catalogue_version: str, scored_at: datetime) -> Self:
        """Return a document that no model has read; the catalogue version marks that earlier readings of its names are gone."""
        return cls(
            document=document,
            topic="",
            topic_probability=0.0,
            p_negative=0.0,
            p_neutral=0.0,
            p_positive=0.0,
            fingerprint=fingerprint,
            model_version="",
            catalogue_version=catalogue_version,
            scored_at=scored_at,
        )

    @property
    def scored(self) -> bool:
        """Whether a model has read it."""
        return bool(self.model_version)

    @property
    def event_names(self) -> tuple[str, ...]:
        """Names of the events."""
        return tuple(event.name for event in self.events)

    @property
    def event_probabilities(self) -> tuple[float, ...]:
        """Probabilities of the events."""
        return tuple(event.probability for event in self.events)

    @property
    def sentiment(self) -> Sentiment:
        """The most probable sentiment; neutral where no model has read the document."""
        if not self.scored:
            return Sentiment.NEUTRAL
        probabilities = (self.p_negative, self.p_neutral, self.p_positive)
        return Sentiment(SENTIMENTS[probabilities.index(max(probabilities))])

    @property
    def score(self) -> float:
        """p_positive − p_negative, in [−1, 1]."""
        return self.p_positive - self.p_negative
