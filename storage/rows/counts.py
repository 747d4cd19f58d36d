"""Counts of documents over event time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from squall.core.records import SeriesKind

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Documents of one topic published in one minute."""

    topic: str
    minute: datetime
    negative: int
    neutral: int
    positive: int


@dataclass(frozen=True, slots=True, eq=False)
class MinuteCounts:
    """Counts per topic and minute as columns of equal length, ordered by topic, then minute; empty minutes have no row.

    `topic` holds indices into `topics` (sorted names; of symbols or sources when those were counted), `minutes` whole
    minutes since 1970 UTC.
    """

    topics: tuple[str, ...]
    topic: Ints
    minutes: Ints
    negative: Ints
    neutral: Ints
    positive: Ints

    def __len__(self) -> int:
        return len(self.minutes)

    def of(self, topic: str) -> MinuteCounts:
        """Return the rows of one topic; none when it does not occur."""
        code = self.topics.index(topic) if topic in self.topics else -1
        low, high = np.searchsorted(self.topic, [code, code + 1])
        part = slice(int(low), int(high))
        return MinuteCounts(self.topics, self.topic[part], self.minutes[part], self.negative[part], self.neutral[part], self.positive[part])

    def rows(self) -> Iterator[MinuteCount]:
        """Yield the same as rows, for small results and tests."""
        start = datetime(1970, 1, 1, tzinfo=UTC)
        columns = (self.topic, self.minutes, self.negative, self.neutral, self.positive)
        for code, minute, negative, neutral, positive in zip(*(column.tolist() for column in columns), strict=True):
            yield MinuteCount(self.topics[code], start + timedelta(minutes=minute), negative, neutral, positive)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the store holds, every document id once; sentiments are those of the documents that are no copies."""

    documents: int
    copies: int
    negative: int
    neutral: int
    positive: int
    rows: int
    """Rows on disk, with old model versions and redeliveries not yet merged away."""
    dead_letters: int
    unscored: int = 0
    """Of the documents: those that no model has read, because of their language. They have no sentiment."""


@dataclass(frozen=True, slots=True)
class UnscoredLanguage:
    """How many documents in a language no model has read."""

    language: str
    documents: int


@dataclass(frozen=True, slots=True)
class SentimentCount:
    """Documents of one group (a topic, a source, a symbol) by sentiment, with their mean score.

    Args:
        gravest: the largest severity of them, in [0, 1]; None: none of them has one.
        mean_severity: of those that have one.
        grave: how many are serious or graver.
    """

    name: str
    negative: int
    neutral: int
    positive: int
    mean_score: float
    gravest: float | None = None
    mean_severity: float | None = None
    grave: int = 0

    @property
    def total(self) -> int:
        """All documents of the group."""
        return self.negative + self.neutral + self.positive

    @property
    def negative_share(self) -> float:
        """Negative documents over all, 0 when there are none."""
        return self.negative / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Volume:
    """Documents published in one step of time, by kind; `time` is the step's start."""

    time: datetime
    news: int
    social: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Documents of one group published in one step of time; `time` is the step's start."""

    name: str
    time: datetime
    negative: int
    positive: int
    total: int


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that occur, most frequent first; `watched` are the series of symbols and sectors that the detector evaluates."""

    topics: tuple[str, ...]
    sources: tuple[str, ...]
    symbols: tuple[str, ...]
    languages: tuple[str, ...]
    watched: tuple[tuple[str, SeriesKind], ...]
    events: tuple[str, ...] = ()
