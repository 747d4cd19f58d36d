"""The stream of documents: filters, search and paging."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AfterValidator, AwareDatetime, TypeAdapter

from squall.core.records import OLDEST, Kind, Sentiment
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.documents import DocumentsView, document_views
from squall.dashboards.page.time_grid import INSTANT, Hours
from squall.storage import Store
from squall.storage.rows.documents import StoredDocument

_POSITION = re.compile(r"([^,]+)(?:,([0-9a-f]{32}))?")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)

_NO_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such document"}}


def _position(text: str) -> str:
    """Validate a `before`.

    Raises:
        ValueError: it is neither a time with a time zone nor the `next` of the previous page.
    """
    split_position(text)
    return text


def split_position(text: str) -> tuple[datetime | None, str]:
    """Return the time and the document id of a `before`: no id if it is only a time, None if it is empty.

    Raises:
        ValueError: it is neither a time with a time zone nor the `next` of the previous page.
    """
    if not text:
        return None, ""
    found = _POSITION.fullmatch(text)
    if not found:
        raise ValueError("neither a time with a time zone nor the `next` of the previous page")
    return _MOMENT.validate_python(found[1]), found[2] or ""


class DocumentOrder(StrEnum):
    """What comes first in a list of documents."""

    NEWEST = "newest"
    GRAVEST = "gravest"


Filter = Annotated[str, Query(max_length=200, description="exact name; empty: all")]
Before = Annotated[
    str,
    Query(
        max_length=80,
        description="only documents published before this time (ISO 8601 with time zone); or the `next` of the previous page, which "
        "neither skips nor repeats documents published in the same millisecond",
    ),
    AfterValidator(_position),
]
Order = Annotated[
    DocumentOrder, Query(description="newest: page by page, copies included; gravest: of the last `hours` of event time, one page")
]
Words = Annotated[str, Query(max_length=200, description="every word must occur in the title or text, in any case")]


def document_routes(store: Store, cache: ResponseCache) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

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
        event: Annotated[str, Query(max_length=100, description="only those that say that this happened; empty: all")] = "",
        q: Words = "",
        order: Order = DocumentOrder.NEWEST,
        hours: Hours = 24,
    ) -> DocumentsView:
        """The newest documents, or the gravest: those that no model with a severity head has read are not among these."""
        filters = {
            "topic": topic,
            "source": source,
            "symbol": symbol,
            "language": language,
            "sentiment": sentiment.value if sentiment else "",
            "kind": kind.value if kind else "",
            "event": event,
        }
        words = tuple(dict.fromkeys(q.split()))
        if order is DocumentOrder.GRAVEST:
            refuse_page(before)
            return cache.get(("gravest", limit, hours, words, *filters.values()), lambda: _gravest(store, limit, hours, words, filters))
        key = ("documents", limit, before, words, *filters.values())
        return cache.get(key, lambda: _page(store, limit, before, words, filters))

    @routes.get("/api/documents/{document_id}/versions", responses=_NO_DOCUMENT)
    def versions(
        document_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="`id` of any of its versions")],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> DocumentsView:
        """A document as it was published and each time that its title or text had changed, newest first; one page."""
        found = cache.get(("versions", document_id, limit), lambda: _versions(store, document_id, limit))
        if not found.documents:
            raise HTTPException(404, f"there is no document {document_id}, or it is not stored any more")
        return found

    return routes


def _versions(store: Store, document_id: str, limit: int) -> DocumentsView:
    rows = store.documents.versions(document_id, limit=limit)
    return DocumentsView(documents=document_views(rows, store.mentions.of(rows), store.stories.of(rows)), next=None)


def _page(store: Store, limit: int, position: str, words: tuple[str, ...], filters: dict[str, str]) -> DocumentsView:
    before, before_id = split_position(position)
    if before is not None and before < OLDEST:
        return DocumentsView(documents=[], next=None)
    rows = store.documents.search(limit=limit, before=before, before_id=before_id, words=words, **filters)
    views = document_views(rows, store.mentions.of(rows), store.stories.of(rows))
    return DocumentsView(documents=views, next=next_position(rows[-1]) if len(rows) == limit else None)


def _gravest(store: Store, limit: int, hours: int, words: tuple[str, ...], filters: dict[str, str]) -> DocumentsView:
    last = store.documents.last_published_at()
    if last is None:
        return DocumentsView(documents=[], next=None)
    end = last + INSTANT
    rows = store.severity.gravest(
        end - timedelta(hours=hours),
        end,
        limit=limit,
        event=filters["event"],
        topic=filters["topic"],
        source=filters["source"],
        symbols=[filters["symbol"]] if filters["symbol"] else [],
        sentiment=filters["sentiment"],
        kind=filters["kind"],
        language=filters["language"],
        words=words,
    )
    return DocumentsView(documents=document_views(rows, store.mentions.of(rows), store.stories.of(rows)), next=None)


def refuse_page(before: str) -> None:
    """Refuse a `before` where the gravest are asked for.

    Raises:
        HTTPException: 422; there is one.
    """
    if before:
        raise HTTPException(422, "before: the gravest documents come in one page; leave it out, or ask for order=newest")


def next_position(row: StoredDocument) -> str:
    """Return the `next` of a page that ends with `row`."""
    return f"{row.published_at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')},{row.id}"
