"""Companies and other names: lists, search, one of them over time, and the documents that name it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query

from squall.core.clock import Clock
from squall.core.records import OLDEST, EntityKind, Sentiment
from squall.dashboards.page.history_band import history_band, history_days
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.chart import alerts_of, points_view, readings_of
from squall.dashboards.page.routes.documents import Before, next_position, split_position
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.documents import document_views
from squall.dashboards.page.schemas.entities import (
    EntitiesView,
    EntityCountsView,
    EntityDocumentsView,
    EntityDocumentView,
    EntityOrder,
    EntityRow,
    EntityView,
)
from squall.dashboards.page.time_grid import INSTANT, Hours, TimeGrid, time_grid
from squall.storage import Store
from squall.storage.queries.entities.counts import Order
from squall.storage.rows.entities import EntityBucket, EntityCount, EntityName

_MINUTE: Final = timedelta(minutes=1)
_FIRST_TTL_SECONDS: Final = 60.0
_FIRST_BY: Final[dict[EntityOrder, Callable[[EntityCount], float]]] = {
    EntityOrder.NEGATIVE: lambda row: -row.negative,
    EntityOrder.CHANGE: lambda row: -abs(row.change),
    EntityOrder.VOLUME: lambda row: -row.documents,
}
_NO_ENTITY: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no document names this entity"}}

EntityId = Annotated[str, Path(min_length=1, max_length=500, description="as lists and documents give it; encode it for a URL")]


def entity_routes(store: Store, cache: ResponseCache, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    def named(entity: str) -> EntityName:
        known = cache.get(("entity name", entity), lambda: store.entities.name(entity))
        if known is None:
            raise HTTPException(404, f"no stored document names {entity!r}; /api/entities?q=… finds the ids of names that occurred")
        return known

    @routes.get("/api/entities")
    def entities(
        order: EntityOrder = EntityOrder.NEGATIVE,
        hours: Hours = 24,
        kind: Annotated[list[EntityKind] | None, Query(description="only of this kind; may be repeated")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        q: Annotated[str, Query(max_length=200, description="the beginning of a name, of a word in it, or of a ticker")] = "",
    ) -> EntitiesView:
        """Entities by what documents say about them: most negative documents, largest change of them, or most talked about.

        With `q`, also entities that no document of these hours names.
        """
        kinds, text = tuple(dict.fromkeys(kind or ())), " ".join(q.split())
        key = ("entities", order, hours, kinds, limit, text)
        return cache.get(key, lambda: _entities(store, order, hours, kinds, limit, text))

    # Ahead of the route for one entity: an id may hold slashes.
    @routes.get("/api/entities/{entity:path}/documents", responses=_NO_ENTITY)
    def entity_documents(
        entity: EntityId,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Before = "",
        sentiment: Annotated[Sentiment | None, Query(description="towards the entity")] = None,
    ) -> EntityDocumentsView:
        """The newest documents that name an entity, copies included, with the tone towards it."""
        named(entity)
        key = ("entity documents", entity, limit, before, sentiment)
        return cache.get(key, lambda: _documents(store, entity, limit, before, sentiment))

    @routes.get("/api/entities/{entity:path}", responses=_NO_ENTITY)
    def one_entity(entity: EntityId, hours: Hours = 24) -> EntityView:
        """One entity over time: tone, counts, what is expected, and its alerts."""
        known = named(entity)
        first = cache.get("entities counted since", store.entities.first_counted_at, _FIRST_TTL_SECONDS)
        return cache.get(("entity", entity, hours), lambda: _entity(store, clock, known, first, hours))

    return routes


def _end(last: datetime) -> datetime:
    """Return the end of the minute of the newest document: counts are kept per minute."""
    return last.replace(second=0, microsecond=0) + _MINUTE


def _entities(store: Store, order: EntityOrder, hours: int, kinds: Collection[EntityKind], limit: int, text: str) -> EntitiesView:
    last = store.documents.last_published_at()
    if last is None:
        return EntitiesView(start=None, end=None, order=order, entities=[])
    end = _end(last)
    start = end - timedelta(hours=hours)
    if not text:
        rows = store.entities.top(start, end, order=order.value, limit=limit, kinds=kinds)
    else:
        names = store.entities.search(text, start, end, kinds=kinds, limit=limit)
        rows = _named(store, names, start, end, order)
    return EntitiesView(start=start, end=end, order=order, entities=[EntityRow.model_validate(row) for row in rows])


def _named(store: Store, names: Collection[EntityName], start: datetime, end: datetime, order: EntityOrder) -> list[EntityCount]:
    """Return the counts of `names` in this order, also of those that no document names in the span."""
    counted: dict[str, EntityCount] = {}
    wanted: Order
    for wanted in ("volume", "change"):  # the second has those that had documents in the span before only
        if missing := [name.entity for name in names if name.entity not in counted]:
            counted |= {row.entity: row for row in store.entities.top(start, end, order=wanted, limit=len(missing), entities=missing)}
    rows = [counted.get(name.entity) or _silent(name) for name in names]
    return sorted(rows, key=_FIRST_BY[order])


def _silent(name: EntityName) -> EntityCount:
    return EntityCount(name.entity, name.kind, name.name, name.symbols, 0, 0, 0, 0.0, 0.0, 0, 0, 0.0)


def _entity(store: Store, clock: Clock, known: EntityName, first: datetime | None, hours: int) -> EntityView:
    last = max(store.documents.last_published_at() or known.last_published_at, known.last_published_at)
    grid = replace(time_grid(last, hours), end=_end(last))
    days = history_days(first, grid.start)
    buckets = {row.time: row for row in store.entities.series(known.entity, grid.start - timedelta(days=days), grid.end, step=grid.step)}
    start = grid.end - timedelta(hours=hours)
    [totals] = _named(store, [known], start, grid.end, EntityOrder.VOLUME)
    points = readings_of(store, known.entity, grid, hours)
    return EntityView(
        start=grid.start,
        end=grid.end,
        last_published_at=known.last_published_at,
        totals=EntityRow.model_validate(totals),
        counts=_counts(grid, buckets),
        window_minutes=points[-1].window_minutes if points else None,
        points=points_view(points),
        history=history_band({time: row.negative for time, row in buckets.items()}, grid, days) if days else None,
        alerts=alerts_of(store, clock, known.entity, grid),
    )


def _counts(grid: TimeGrid, buckets: dict[datetime, EntityBucket]) -> EntityCountsView:
    line = [buckets.get(time) for time in grid.times]
    return EntityCountsView(
        step_seconds=int(grid.step.total_seconds()),
        time=grid.times,
        negative=[row.negative if row else 0 for row in line],
        neutral=[row.neutral if row else 0 for row in line],
        positive=[row.positive if row else 0 for row in line],
        total=[row.documents if row else 0 for row in line],
        mean_score=[round(row.mean_score, 4) if row else None for row in line],
    )


def _documents(store: Store, entity: str, limit: int, position: str, sentiment: Sentiment | None) -> EntityDocumentsView:
    before, before_id = split_position(position)
    last = store.documents.last_published_at()
    if last is None or (before is not None and before < OLDEST):
        return EntityDocumentsView(documents=[], next=None)
    rows = store.mentions.documents(
        entity, OLDEST, last + INSTANT, limit=limit, before=before, before_id=before_id, sentiment=sentiment.value if sentiment else ""
    )
    documents = [row.document for row in rows]
    views = document_views(documents, store.mentions.of(documents))
    return EntityDocumentsView(
        documents=[
            EntityDocumentView(
                document=view,
                relevance=row.mention.relevance,
                p_negative=row.mention.p_negative,
                p_neutral=row.mention.p_neutral,
                p_positive=row.mention.p_positive,
                sentiment=row.mention.sentiment,
                score=row.mention.score,
            )
            for view, row in zip(views, rows, strict=True)
        ],
        next=next_position(documents[-1]) if len(rows) == limit else None,
    )
