"""Entities as the store counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from squall.core.records import EntityKind


class TwoSpans:
    """What follows from the counts of a span and of the one before it."""

    __slots__ = ()
    negative: int
    neutral: int
    positive: int
    negative_before: int
    documents_before: int
    gravest: float | None

    @property
    def documents(self) -> int:
        """All of them in the span."""
        return self.negative + self.neutral + self.positive

    @property
    def negative_share(self) -> float:
        """Negative documents over all, 0 when there are none."""
        return self.negative / self.documents if self.documents else 0.0

    @property
    def negative_share_before(self) -> float:
        """The same of the span before."""
        return self.negative_before / self.documents_before if self.documents_before else 0.0

    @property
    def change(self) -> float:
        """Rise (above 0) or fall of negative documents, in standard deviations of the difference of two Poisson counts; 0 without any."""
        both = self.negative + self.negative_before
        return (self.negative - self.negative_before) / sqrt(both) if both else 0.0


@dataclass(frozen=True, slots=True)
class EntityCount(TwoSpans):
    """Documents that name an entity in a span, by the tone towards it, copies counted once; `…_before`: in the span of equal length before.

    Args:
        mean_score: mean of p_positive − p_negative towards it, in [−1, 1]; 0 without documents.
        mean_relevance: in [0, 1].
        gravest: the largest severity towards it in the span, in [0, 1]; None: none of the documents has one.
        mean_severity: of those that have one.
        grave: how many are serious or graver.
    """

    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...]
    negative: int
    neutral: int
    positive: int
    mean_score: float
    mean_relevance: float
    negative_before: int
    documents_before: int
    mean_score_before: float
    gravest: float | None = None
    mean_severity: float | None = None
    grave: int = 0


@dataclass(frozen=True, slots=True)
class GroupCount(TwoSpans):
    """The sums of a group's entities in a span; fields as those of `EntityCount`. A document that names two of them counts for each.

    Args:
        named: how many of them a document of the span names.
    """

    group: str
    named: int
    negative: int
    neutral: int
    positive: int
    mean_score: float
    mean_relevance: float
    negative_before: int
    documents_before: int
    mean_score_before: float
    gravest: float | None = None
    mean_severity: float | None = None
    grave: int = 0


@dataclass(frozen=True, slots=True)
class EntityBucket:
    """Documents that name an entity, or one of several, in one step of time; `time` is the step's start."""

    time: datetime
    negative: int
    neutral: int
    positive: int
    mean_score: float
    mean_relevance: float

    @property
    def documents(self) -> int:
        """All of them in the step."""
        return self.negative + self.neutral + self.positive


@dataclass(frozen=True, slots=True)
class EntityName:
    """An entity that occurred, under the name of the last document that names it; counts are those of the span asked for."""

    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...]
    last_published_at: datetime
    negative: int
    documents: int
