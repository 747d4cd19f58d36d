"""Mentions as they are written and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from squall.core.records import SENTIMENTS, EntityKind, Mention, ScoredDocument, Sentiment
from squall.storage.rows.documents import StoredDocument


@dataclass(frozen=True, slots=True)
class StoredMention:
    """One occurrence of a name, as stored; `sentiment` and `score` are the tone towards the entity, `severity` is how grave it is for it.

    Args:
        document_scored_at: when its document was scored; retention counts from it.
        scored_at: when this model and catalogue read the document.
        severity: in [0, 1]; None: the model does not say.
        event_names: what happened to the entity; by the document, where the model says no more.
    """

    document_id: str
    published_at: datetime
    model_version: str
    catalogue_version: str
    scored_at: datetime
    document_scored_at: datetime
    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...]
    start: int
    end: int
    first: bool
    relevance: float
    p_negative: float
    p_neutral: float
    p_positive: float
    sentiment: Sentiment
    score: float
    severity: float | None = None
    event_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """The names that one model and one catalogue found in one document, none as well.

    Args:
        document_scored_at: when the document was scored; another time than `scored_at` where it is read for names later.
        model_version: that read it.
        catalogue_version: of the names that were looked for.
        scored_at: when it was read; of several readings of a document the last counts.
        mentions: every occurrence.
        events: what happened, by the document; it counts for mentions that say no more.
    """

    document_id: str
    published_at: datetime
    document_scored_at: datetime
    model_version: str
    catalogue_version: str
    scored_at: datetime
    mentions: tuple[Mention, ...]
    events: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: ScoredDocument) -> DocumentReading:
        """Return the reading that a scored document carries."""
        found = row.document
        versions = (row.model_version, row.catalogue_version)
        return cls(found.id, found.published_at, row.scored_at, *versions, row.scored_at, row.mentions, row.event_names)

    def rows(self) -> Iterator[StoredMention]:
        """Yield the row that says that the document was read, then one for each mention."""
        reading = (
            self.document_id,
            self.published_at,
            self.model_version,
            self.catalogue_version,
            self.scored_at,
            self.document_scored_at,
        )
        yield StoredMention(*reading, "", EntityKind.OTHER, "", (), 0, 0, False, 0.0, 0.0, 1.0, 0.0, Sentiment.NEUTRAL, 0.0)
        for it in self.mentions:
            tone = (it.p_negative, it.p_neutral, it.p_positive)
            sentiment = Sentiment(SENTIMENTS[tone.index(max(tone))])
            place = (it.start, it.end, it.first, it.relevance)
            score = tone[2] - tone[0]
            events = self.events if it.events is None else tuple(event.name for event in it.events)
            yield StoredMention(*reading, it.entity, it.kind, it.name, it.symbols, *place, *tone, sentiment, score, it.severity, events)


@dataclass(frozen=True, slots=True)
class EntityDocument:
    """A document that names an entity, with the entity's first mention: relevance and tone are those of the entity in the document."""

    document: StoredDocument
    mention: StoredMention


@dataclass(frozen=True, slots=True)
class CountedMention:
    """What a document says of one entity, as a detector counts it: copies of an earlier text are not among them.

    Args:
        title: the document's, or the beginning of its text where it has none.
        severity: of what happened to the entity, in [0, 1]; None: the model does not say.
        event_names: what happened to it.
    """

    document_id: str
    published_at: datetime
    title: str
    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...]
    p_negative: float
    severity: float | None
    event_names: tuple[str, ...]
