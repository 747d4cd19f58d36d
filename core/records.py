"""The records everything exchanges: `Document`, `Mention`, `ScoredDocument`, `Alert`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from squall.core import text as texts

SENTIMENTS = ("negative", "neutral", "positive")
"""Order of the sentiment head's outputs."""
TOPICS = (
    "Analyst Update",
    "Fed | Central Banks",
    "Company | Product News",
    "Treasuries | Corporate Debt",
    "Dividend",
    "Earnings",
    "Energy | Oil",
    "Financials",
    "Currencies",
    "General News | Opinion",
    "Gold | Metals | Materials",
    "IPO",
    "Legal | Regulation",
    "M&A | Investments",
    "Macro",
    "Markets",
    "Politics",
    "Personnel Change",
    "Stock Commentary",
    "Stock Movement",
)
"""The Twitter Financial News topic names, in the order of the topic head's outputs."""

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Earlier dates are a source's default (epoch 0), not a publication time."""
NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Dates from here on are nonsense, and beyond what the store can hold."""
CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of collection a publication time may be before it is rejected."""

GIST_WORDS = 5
"""A title of this many words identifies a story; a shorter one may head many."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MOST_LISTED = 1_000
"""Of a longer list of symbols only the beginning is read."""


class Kind(StrEnum):
    """What kind of text a document is."""

    NEWS = "news"
    SOCIAL = "social"


class Sentiment(StrEnum):
    """The argmax of the sentiment probabilities."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EntityKind(StrEnum):
    """What a name stands for."""

    COMPANY = "company"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    CENTRAL_BANK = "central_bank"
    INDEX = "index"
    CURRENCY = "currency"
    COMMODITY = "commodity"
    PERSON = "person"
    PLACE = "place"
    OTHER = "other"


class AlertState(StrEnum):
    """The lifecycle of an alert."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class SeriesKind(StrEnum):
    """What a watched series counts."""

    TOPIC = "topic"
    SYMBOL = "symbol"
    SECTOR = "sector"
    MARKET = "market"
    SOURCE = "source"


class Severity(StrEnum):
    """How urgent an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


def _utc_ms(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must carry a time zone, for example 2026-03-02T14:05:00Z")
    try:
        value = value.astimezone(UTC)
    except OverflowError as error:  # pydantic lets anything but ValueError through
        raise ValueError("is outside the calendar in UTC") from error
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _language(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    code = value.strip().lower().replace("_", "-").split("-")[0]
    return code if _LANGUAGE.fullmatch(code) else "und"


def _symbols(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not all(isinstance(s, str) for s in value):
        return value
    symbols = (texts.clean_name(s, 32).lstrip("$").upper()[:16].strip() for s in value[:_MOST_LISTED])
    return tuple(dict.fromkeys(symbol for symbol in symbols if symbol))[:50]


def _cleaner(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: texts.clean(value, limit) if isinstance(value, str) else value)


def _named(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: texts.clean_name(value, limit) if isinstance(value, str) else value)


Timestamp = Annotated[datetime, AfterValidator(_utc_ms)]
Name = Annotated[str, _named(200)]


class Record(BaseModel):
    """Immutable, strict about types, forgiving about unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Document(Record):
    """One piece of text as a source published it.

    Validation cleans text (NUL, control characters, lone surrogates) and cuts it to `squall.core.text.MAX_TEXT_CHARS`. Source, author,
    URL, title and symbols are one line each, without direction marks.
    """

    id: str = Field(pattern=r"^[0-9a-f]{32}$", description="128-bit hex, deterministic per source item")
    kind: Kind
    source: Annotated[str, _named(200), Field(min_length=1)]
    author: Name = ""
    url: Annotated[str, _named(2_000)] = ""
    title: Annotated[str, _named(texts.MAX_TITLE_CHARS)] = ""
    text: Annotated[str, _cleaner(texts.MAX_TEXT_CHARS)] = ""
    language: Annotated[str, BeforeValidator(_language)] = "und"
    symbols: Annotated[tuple[str, ...], BeforeValidator(_symbols)] = ()
    published_at: Timestamp
    collected_at: Timestamp

    @field_validator("published_at", "collected_at")
    @classmethod
    def _plausible(cls, value: datetime) -> datetime:
        if not OLDEST <= value < NEWEST:
            raise ValueError(f"is {value:%Y-%m-%d}, outside {OLDEST:%Y} to {NEWEST:%Y}: not a time anything was published")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.title and not self.text:
            raise ValueError("title and text are both empty")
        if self.published_at > self.collected_at + CLOCK_SKEW:
            raise ValueError(
                f"published_at {self.published_at:%Y-%m-%dT%H:%MZ} is in the future of collected_at {self.collected_at:%Y-%m-%dT%H:%MZ}"
            )
        return self

    @property
    def content(self) -> str:
        """The text the model reads: title, then body unless it repeats the title."""
        return texts.content(self.title, self.text)

    @property
    def gist(self) -> str:
        """The text that identifies a story: a title if it is long enough (agencies add bodies of their own), else the content."""
        return self.title if len(texts.normalise(self.title).split()) >= GIST_WORDS else self.content


Probability = Annotated[float, Field(ge=0.0, le=1.0)]


def _check_sum(*probabilities: float) -> None:
    total = sum(probabilities)
    if abs(total - 1.0) > 1e-3:
        raise ValueError(f"sentiment probabilities sum to {total:.4f}, not 1")


MOST_MENTIONS = 100
"""Of a text with more names only the first are kept."""


class Mention(Record):
    """One occurrence of a name in `Document.content`.

    Relevance and tone are those of the entity in the whole document, so each occurrence of one entity carries the same ones; the
    occurrence with `first` stands for the entity where documents are counted.
    """

    entity: str = Field(min_length=1, max_length=200, description="id of the entity: `company:apple-inc`, `found:lehman-brothers`")
    kind: EntityKind
    name: Annotated[str, _named(200), Field(min_length=1)]
    symbols: tuple[str, ...] = Field(default=(), description="tickers of the entity")
    start: int = Field(ge=0, description="offset of the first character in the content")
    end: int = Field(gt=0, description="offset after the last character")
    first: bool = Field(description="whether this is the entity's first occurrence")
    relevance: Probability = Field(description="how much the document is about the entity")
    p_negative: Probability
    p_neutral: Probability
    p_positive: Probability

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"span {self.start}–{self.end} is empty")
        _check_sum(self.p_negative, self.p_neutral, self.p_positive)
        return self


class ScoredDocument(Record):
    """A document with its scores."""

    document: Document
    topic: str
    topic_probability: Probability
    p_negative: Probability
    p_neutral: Probability
    p_positive: Probability
    fingerprint: int = Field(ge=0, lt=2**64, description="near-duplicate group")
    model_version: str = Field(min_length=1)
    catalogue_version: str = Field(default="", description="of the names that mentions were looked for among")
    scored_at: Timestamp
    mentions: tuple[Mention, ...] = Field(default=(), max_length=MOST_MENTIONS, description="in the order of their start")

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        _check_sum(self.p_negative, self.p_neutral, self.p_positive)
        return self

    @property
    def sentiment(self) -> Sentiment:
        """The most probable sentiment."""
        probabilities = (self.p_negative, self.p_neutral, self.p_positive)
        return Sentiment(SENTIMENTS[probabilities.index(max(probabilities))])

    @property
    def score(self) -> float:
        """p_positive − p_negative, in [−1, 1]."""
        return self.p_positive - self.p_negative


class Alert(Record):
    """A spike of negative documents in one series, in one state of its lifecycle."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    topic: str = Field(description="name of the series: a topic, `$SYMBOL`, `Sector: …`, `All topics`, `Source: …`")
    kind: SeriesKind = SeriesKind.TOPIC
    test: str = Field("burst", description="burst (short windows), burn (long ones), no data")
    state: AlertState
    severity: Severity
    window_start: Timestamp
    window_end: Timestamp
    observed: int = Field(ge=0, description="negative documents in the window, copies counted once")
    expected: float = Field(ge=0)
    expected_low: float = Field(0.0, ge=0, description="with expected_high: what 90% of such windows hold")
    expected_high: float = Field(0.0, ge=0)
    p_value: Probability
    negative_share: Probability
    expected_share: Probability
    method: str
    document_ids: tuple[str, ...] = Field(default=(), description="the documents that drove it, strongest first")
    opened_at: Timestamp = Field(description="event time of the first breach")
    fired_at: Timestamp | None = None
    resolved_at: Timestamp | None = None
    updated_at: Timestamp = Field(description="event time of the evaluation that wrote this state")
