"""What queries return: frozen rows, times aware UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from squall.core.records import Sentiment

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
class Migration:
    """A migration: its number, name, checksum, and when this store took it."""

    number: int
    name: str
    checksum: str
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to one receiver, queued or sent.

    Args:
        id: deterministic, so that a repeated run writes the same row.
        alert_id: what messages are kept in order by: none of the same overtakes an earlier one.
        event: why it was made, for example `firing` or `resolved`.
        status: `queued` or `sent`.
        message: the finished bytes: RFC 822 for e-mail, JSON for a webhook.
        receiver: name of the receiver in the settings.
        alert_ids: every alert the message tells of.
    """

    id: str
    alert_id: str
    event: str
    status: str
    attempts: int
    last_error: str
    message: bytes
    created_at: datetime
    updated_at: datetime
    receiver: str = "default"
    alert_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match every matcher are not told of from `starts_at` up to `ends_at`, wall time.

    Args:
        matchers: `label=pattern`, for example `topic=Energy*`, `kind=symbol`, `severity=warning`.
    """

    id: str
    matchers: tuple[str, ...]
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has taken an alert up; `at` is wall time."""

    alert_id: str
    author: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """`owner` claims the lease `name` until a moment of wall time."""

    name: str
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A scored document as stored; `copies` counts later documents with the same fingerprint in the span asked for."""

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
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What the store holds, every document id once."""

    documents: int
    copies: int
    negative: int
    neutral: int
    positive: int
    rows: int
    """Rows on disk, with old model versions and redeliveries not yet merged away."""
    dead_letters: int


@dataclass(frozen=True, slots=True)
class SentimentCount:
    """Documents of one group (a topic, a source, a symbol) by sentiment, with their mean score."""

    name: str
    negative: int
    neutral: int
    positive: int
    mean_score: float

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
class Quantiles:
    """Seconds."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long documents took, of those published in the span asked for: since collection and since publication."""

    documents: int
    since_collected: Quantiles
    since_published: Quantiles


@dataclass(frozen=True, slots=True)
class ModelSpan:
    """What one model version scored: how many document ids, and the first and last publication and the last scoring among them."""

    version: str
    documents: int
    first: datetime
    last: datetime
    scored_at: datetime
