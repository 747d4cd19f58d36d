"""The names that filters offer."""

from __future__ import annotations

from squall.core.records import SeriesKind
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.severity import EventNameView


class SeriesView(View):
    """A series that can be charted."""

    name: str
    kind: SeriesKind


class FiltersView(View):
    """Names that occur in the last 7 days of event time, most frequent first."""

    topics: list[str]
    sources: list[str]
    symbols: list[str]
    languages: list[str]
    events: list[EventNameView]
    series: list[SeriesView]
