"""Who and what drives an alert, as the JSON API returns it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from squall.core.records import EntityKind
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.severity import EventNames, EventNameView, SeverityView


class LeadView(View):
    """Somebody whom the documents name."""

    entity: str = Field(description="its id, for /api/entities/{entity}")
    kind: EntityKind
    name: str
    documents: int = Field(description="how many of the documents name it")


class EventCountView(EventNameView, View):
    """A kind of event, and how many of the documents report it."""

    documents: int


class StoryView(SeverityView, View):
    """Documents of one story, or that say nearly the same; title, address and source are those of the gravest."""

    id: str = Field(description="of the gravest document")
    title: str
    url: str = Field(description="as the source sent it: check its scheme before you link to it")
    source: str
    first_at: datetime = Field(description="publication of the earliest document")
    events: EventNames = Field([], validation_alias="event_names", description="what happened, most frequent first")
    documents: int = Field(description="copies not counted")
    copies: int = Field(description="copies of them besides")
    story_id: str = Field("", description="for /api/stories/{story_id}; empty: none is stored yet, and their headlines are alike")


class DriversView(View):
    """Who and what drives an alert: the negative documents that its window counted."""

    documents: int = Field(description="how many were read; the gravest 1000 of more")
    leads: list[LeadView] = Field(description="whom a fifth of the documents or more name, the one that the alert is about first")
    events: list[EventCountView] = Field(description="what happened, by the documents that name the first, most frequent first")
    gravest: float | None = Field(description="highest severity, 0 to 1; null: unknown")
    story_count: int
    stories: list[StoryView] = Field(description="at most ten, those with the most documents first")
