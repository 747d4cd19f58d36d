"""What the JSON API answers about documents and about everything together: pydantic models made from the store's rows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from squall.core.records import Sentiment

TEXT_CHARS = 500

Excerpt = Annotated[str, BeforeValidator(lambda text: text[:TEXT_CHARS])]


class View(BaseModel):
    """Built from the attributes of a row of the store."""

    model_config = ConfigDict(from_attributes=True)


class ErrorView(BaseModel):
    """Why a request was not answered."""

    detail: str = Field(description="one or more sentences for a person")


class TotalsView(View):
    """Everything the store holds, every document id once."""

    documents: int
    copies: int = Field(description="of these, texts that had been published in the 24 hours before")
    negative: int
    neutral: int
    positive: int
    dead_letters: int


class TopicView(View):
    """One topic in the window, copies counted once."""

    topic: str = Field(validation_alias="name")
    negative: int
    neutral: int
    positive: int
    total: int
    negative_share: float
    mean_score: float = Field(description="p_positive − p_negative, mean, in [−1, 1]")


class QuantilesView(View):
    """Seconds."""

    p50: float
    p99: float
    max: float


class LatencyView(View):
    """How long the window's documents took until they were stored."""

    documents: int
    since_collected: QuantilesView
    since_published: QuantilesView


class WindowView(View):
    """The last 24 hours of event time, [start, end): they end with the newest document, not with the wall clock."""

    start: datetime
    end: datetime
    topics: list[TopicView] = Field(description="largest first")
    latency: LatencyView


class OverviewView(View):
    """What the head of the page shows."""

    totals: TotalsView
    last_published_at: datetime | None
    window: WindowView | None = Field(description="null while the store is empty")


class DocumentView(View):
    """One scored document."""

    id: str
    kind: str
    source: str
    author: str
    url: str = Field(description="as the source gave it: check the scheme before you link it")
    title: str
    text: Excerpt = Field(description=f"its first {TEXT_CHARS} characters")
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
    score: float = Field(description="p_positive − p_negative")
    model_version: str
    scored_at: datetime
    stored_at: datetime
    copies: int = Field(description="later documents of the same text, where they were counted")


class DocumentsView(View):
    """Newest first."""

    documents: list[DocumentView]
    next: str | None = Field(description="give it as `before` for the following page; null: there is none")


class PingView(View):
    """The store answers."""

    status: str
