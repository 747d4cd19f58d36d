"""Overview and documents."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AwareDatetime, TypeAdapter

from squall.core.records import OLDEST, Kind, Sentiment
from squall.dashboards.page.schemas.documents import (
    DocumentsView,
    DocumentView,
    LatencyView,
    OverviewView,
    TopicView,
    TotalsView,
    WindowView,
)
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store
from squall.storage.rows.documents import StoredDocument

WINDOW: Final = timedelta(hours=24)
INSTANT: Final = timedelta(milliseconds=1)
_POSITION = re.compile(r"([^,]+)(?:,([0-9a-f]{32}))?")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def _position(text: str) -> str:
    """Check a `before`.

    Raises:
        ValueError: it is neither a moment with a time zone nor the `next` of a page before.
    """
    split_position(text)
    return text


def split_position(text: str) -> tuple[datetime | None, str]:
    """Return the moment and the document id of a `before`; no id where it is a moment only, None for an empty text.

    Raises:
        ValueError: it is neither a moment with a time zone nor the `next` of a page before.
    """
    if not text:
        return None, ""
    found = _POSITION.fullmatch(text)
    if not found:
        raise ValueError("neither a moment with a time zone nor the `next` of the page before")
    return _MOMENT.validate_python(found[1]), found[2] or ""


Filter = Annotated[str, Query(max_length=200, description="exact name; empty: all")]
Before = Annotated[
    str,
    Query(
        max_length=80,
        description="published before this moment (ISO 8601 with time zone), or the `next` of the page before: no document is lost "
        "or told twice, not even one published in the same millisecond",
    ),
    AfterValidator(_position),
]
Words = Annotated[str, Query(max_length=200, description="title or text must hold every word somewhere, in any case")]


def document_routes(store: Store, answers: SharedAnswers) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/overview")
    def overview() -> OverviewView:
        """Totals, and the last 24 hours of event time by topic and sentiment."""
        return answers.get("overview", lambda: read_overview(store))

    @routes.get("/api/documents")
    def documents(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Before = "",
        topic: Filter = "",
        sentiment: Sentiment | None = None,
        source: Filter = "",
        symbol: Filter = "",
        kind: Kind | None = None,
        language: Filter = "",
        q: Words = "",
    ) -> DocumentsView:
        """Newest documents, copies too."""
        filters = {
            "topic": topic,
            "source": source,
            "symbol": symbol,
            "language": language,
            "sentiment": sentiment.value if sentiment else "",
            "kind": kind.value if kind else "",
        }
        words = tuple(dict.fromkeys(q.split()))
        key = ("documents", limit, before, words, *filters.values())
        return answers.get(key, lambda: _page(store, limit, before, words, filters))

    return routes


def read_overview(store: Store) -> OverviewView:
    """Ask the store for everything the head of the page shows."""
    totals = TotalsView.model_validate(store.counts.totals())
    last = store.documents.last_published_at()
    return OverviewView(totals=totals, last_published_at=last, window=_window(store, last) if last else None)


def _window(store: Store, last: datetime) -> WindowView:
    end = last + INSTANT  # half-open, and the newest document is in it
    start = end - WINDOW
    topics = [TopicView.model_validate(row) for row in store.counts.by_topic(start, end)]
    return WindowView(start=start, end=end, topics=topics, latency=LatencyView.model_validate(store.documents.latency(start, end)))


def _page(store: Store, limit: int, position: str, words: tuple[str, ...], filters: dict[str, str]) -> DocumentsView:
    before, before_id = split_position(position)
    if before is not None and before < OLDEST:
        return DocumentsView(documents=[], next=None)
    rows = store.documents.search(limit=limit, before=before, before_id=before_id, words=words, **filters)
    return DocumentsView(documents=views(rows), next=_after(rows[-1]) if len(rows) == limit else None)


def _after(row: StoredDocument) -> str:
    return f"{row.published_at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')},{row.id}"


def views(rows: list[StoredDocument]) -> list[DocumentView]:
    """Return rows of the store as the API tells them."""
    return [DocumentView.model_validate(row) for row in rows]
