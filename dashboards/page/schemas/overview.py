"""The overview: totals, topics and latency."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.severity import GravestView


class TotalsView(View):
    """Totals over the whole store; every document id counts once. Sentiments are those of the documents that are no copies."""

    documents: int
    copies: int = Field(description="documents among these whose text was already published in the 24 hours before")
    negative: int
    neutral: int
    positive: int
    unscored: int = Field(description="documents among these that are not scored, because the model does not know their language")
    dead_letters: int


class TopicView(GravestView, View):
    """One topic in the window; copies count once."""

    topic: str = Field(validation_alias="name")
    negative: int
    neutral: int
    positive: int
    total: int
    negative_share: float
    mean_score: float = Field(description="mean of p_positive − p_negative, in [−1, 1]")


class QuantilesView(View):
    """Seconds."""

    p50: float
    p99: float
    max: float


class LatencyView(View):
    """How long it took until the window's documents were stored; of more than 20,000 the newest."""

    documents: int
    since_collected: QuantilesView
    since_published: QuantilesView


class WindowView(View):
    """The last 24 hours of event time, [start, end). The window ends with the newest document or its minute, not with the wall clock."""

    start: datetime
    end: datetime
    topics: list[TopicView] = Field(description="largest first")
    latency: LatencyView


class OverviewView(View):
    """Totals, and the last 24 hours of event time."""

    totals: TotalsView
    last_published_at: datetime | None
    window: WindowView | None = Field(description="null while the store is empty")
