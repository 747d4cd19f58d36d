"""The mood heatmap: net sentiment of every topic over time."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.severity import GravestView


class UnscoredLanguageView(View):
    """How many documents of the time range are in one language that the model does not know."""

    language: str
    documents: int


class MoodView(View):
    """Topics (rows, largest first) by event time (columns); copies count once. Everything is empty while the store is empty."""

    start: datetime | None = Field(description="start of the first bucket")
    end: datetime | None = Field(description="just after the newest document")
    step_seconds: int
    topics: list[str]
    times: list[datetime] = Field(description="starts of the buckets")
    negative: list[list[int]]
    total: list[list[int]]
    gravest: list[GravestView] = Field(description="per topic: the largest and the mean severity, and how many documents are grave")
    unscored: list[UnscoredLanguageView] = Field(
        description="documents that are not scored and counted nowhere else, because of their language; copies too, most documents first"
    )
    net: list[list[float | None]] = Field(description="(positive − negative) / total, in [−1, 1]; null for an empty bucket")
