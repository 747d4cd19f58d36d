"""Companies and other names that documents are about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from squall.core.records import EntityKind, Sentiment
from squall.dashboards.page.schemas.alerts import AlertRow
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.chart import PointsView
from squall.dashboards.page.schemas.documents import NEXT, DocumentView
from squall.dashboards.page.schemas.severity import EventNames, GravestView, SeverityView
from squall.entities.catalogue.groups import GroupKind


class EntityOrder(StrEnum):
    """What comes first in a list of entities."""

    NEGATIVE = "negative"
    CHANGE = "change"
    VOLUME = "volume"
    GRAVEST = "gravest"


class EntityRow(GravestView, View):
    """An entity with its documents in a span, by the tone towards it; copies count once. `…_before`: in the span of equal length before.

    Of a group (a sector, an industry, the market; a country or an owner with `members=true`) all numbers are sums over its members: a
    document that names two of them counts for each.
    """

    entity: str = Field(description="its id: `company:apple-inc`; `found:…` for a name that the catalogue of names lacks; `sector:energy`")
    kind: EntityKind | GroupKind
    name: str
    symbols: tuple[str, ...]
    documents: int
    negative: int
    neutral: int
    positive: int
    negative_share: float
    mean_score: float = Field(description="mean of p_positive − p_negative towards it, in [−1, 1]; 0 without documents")
    mean_relevance: float = Field(description="in [0, 1]")
    documents_before: int
    negative_before: int
    negative_share_before: float
    mean_score_before: float
    change: float = Field(
        description="rise (above 0) or fall of negative documents, in standard deviations of the difference of two Poisson counts"
    )


class EntitiesView(View):
    """Entities over [start, end) in event time; empty while no mentions are counted."""

    start: datetime | None
    end: datetime | None
    order: EntityOrder
    entities: list[EntityRow]


class NodeView(View):
    """An entity or group that another belongs to."""

    entity: str = Field(description="its id")
    kind: EntityKind | GroupKind
    name: str


class EntityCountsView(View):
    """Documents per step in columns, without gaps."""

    step_seconds: int
    time: list[datetime]
    negative: list[int]
    neutral: list[int]
    positive: list[int]
    total: list[int]
    mean_score: list[float | None] = Field(description="tone towards it, in [−1, 1]; null for a step without documents")


class HistoryView(View):
    """Negative documents at the same times of day in the past, for each step of the counts."""

    days: int = Field(description="of history, before the first step")
    expected: list[float] = Field(description="mean")
    low: list[float] = Field(description="5% quantile")
    high: list[float] = Field(description="95% quantile")


class EntityView(View):
    """One entity, or the sum of a group's members, over [start, end) in event time."""

    start: datetime
    end: datetime
    last_published_at: datetime | None = Field(description="of the newest document that names it, or a member; null: none does")
    totals: EntityRow
    counts: EntityCountsView
    window_minutes: int | None = Field(description="of the points; null when there are none")
    points: PointsView = Field(description="the detector's readings; empty columns where it does not watch this entity")
    history: HistoryView | None = Field(description="null while less than a week of mentions is counted")
    alerts: list[AlertRow] = Field(description="alerts of this entity that were open at any time in the range; last opened first")
    belongs_to: list[NodeView] = Field(description="industry, sector, market, country and owners, nearest first; empty where none is known")
    members_known: int = Field(
        description="entities whose counts `members=true` adds up: companies of a group or country, an owner with what it owns; 0: none"
    )
    members_named: int | None = Field(description="how many of them documents in the range name; null where nothing is added up")
    members: list[EntityRow] | None = Field(description="the first `limit` of those in `order`; null where nothing is added up")


class EntityDocumentView(SeverityView, View):
    """A document that names the entity, the tone towards the entity in it, how grave it is for the entity, and what happened to that."""

    document: DocumentView
    relevance: float = Field(description="of the entity in the document, in [0, 1]")
    p_negative: float
    p_neutral: float
    p_positive: float
    sentiment: Sentiment = Field(description="towards the entity")
    score: float = Field(description="p_positive − p_negative towards the entity")
    events: EventNames = Field(description="what happened to the entity; by the document, where the model does not say it of names")


class EntityDocumentsView(View):
    """In the order asked for: newest first, or gravest for the entity first."""

    documents: list[EntityDocumentView]
    next: str | None = Field(description=NEXT)
