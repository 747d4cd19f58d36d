"""The documents of one story."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query

from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.documents import DocumentsView, document_views
from squall.storage import Store

_NO_STORY: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no such story"}}


def story_routes(store: Store, cache: ResponseCache) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/api/stories/{story_id}", responses=_NO_STORY)
    def story(
        story_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="`story_id` of a document")],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> DocumentsView:
        """The documents of a story, newest first, copies and re-tellings, as far as they are settled; one page."""
        found = cache.get(("story", story_id, limit), lambda: _documents(store, story_id, limit))
        if not found.documents:
            raise HTTPException(404, f"there is no story {story_id}, or none of its documents is stored any more")
        return found

    return routes


def _documents(store: Store, story_id: str, limit: int) -> DocumentsView:
    rows = store.stories.documents(story_id, limit=limit)
    return DocumentsView(documents=document_views(rows, store.mentions.of(rows), store.stories.of(rows)), next=None)
