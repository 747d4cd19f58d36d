"""Companies and other names: lists, search, one of them over time, and the documents that name it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from squall.core.clock import Clock
from squall.core.records import OLDEST, EntityKind, Sentiment
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.routes.documents import Before, DocumentOrder, Order, next_position, refuse_page, split_position
from squall.dashboards.page.routes.entity_views import EntityReader
from squall.dashboards.page.schemas.base import ErrorView
from squall.dashboards.page.schemas.documents import document_views
from squall.dashboards.page.schemas.entities import (
    EntitiesView,
    EntityDocumentsView,
    EntityDocumentView,
    EntityOrder,
    EntityView,
)
from squall.dashboards.page.time_grid import INSTANT, Hours
from squall.entities.catalogue.groups import GroupKind, OpenGroups, is_group
from squall.storage import Store
from squall.storage.rows.entities import EntityName
from squall.storage.rows.mentions import EntityDocument

_FIRST_TTL_SECONDS: Final = 60.0
_NO_ENTITY: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "no document names this entity"}}

EntityId = Annotated[str, Path(min_length=1, max_length=500, description="as lists and documents give it; encoded for a URL, slashes too")]
Limit = Annotated[int, Query(ge=1, le=200)]


def entity_routes(store: Store, cache: ResponseCache, clock: Clock, groups: OpenGroups) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(route_class=_EncodedPathRoute)
    reader = EntityReader(store, clock, groups)

    def named(entity: str) -> EntityName:
        known = cache.get(("entity name", entity), lambda: store.entities.name(entity))
        if known is None:
            if is_group(entity):
                raise HTTPException(404, f"no document names {entity!r} itself: ask for the documents of its members")
            raise HTTPException(404, f"no stored document names {entity!r}; /api/entities?q=… finds the ids of names that occurred")
        return known

    @routes.get("/api/entities")
    def entities(
        order: EntityOrder = EntityOrder.NEGATIVE,
        hours: Hours = 24,
        kind: Annotated[
            list[EntityKind | GroupKind] | None,
            Query(description="only of this kind; may be repeated, but groups (sector, industry, market) are listed by themselves"),
        ] = None,
        limit: Limit = 20,
        q: Annotated[
            str, Query(max_length=200, description="the beginning of a name, of a word in it, or of a ticker; former names too")
        ] = "",
    ) -> EntitiesView:
        """Entities by what documents say about them: most negative documents, largest change of them, most talked about, or gravest.

        With `q`, also entities that no document of these hours names; it finds aliases and former names as well.
        Of a sector or an industry, counts are sums over its companies.
        """
        kinds, text = tuple(dict.fromkeys(kind or ())), " ".join(q.split())
        key = ("entities", order, hours, kinds, limit, text)
        of_groups = [each for each in kinds if isinstance(each, GroupKind)]
        of_entities = [each for each in kinds if isinstance(each, EntityKind)]
        if of_groups and of_entities:
            raise HTTPException(422, f"kind: {of_groups[0].value} and {of_entities[0].value} are not listed together; ask for each")
        if of_groups or text:
            groups()  # read before, not while one of the few query slots is held
        if of_groups:
            return cache.get(key, lambda: reader.groups(order, hours, of_groups, limit, text))
        return cache.get(key, lambda: reader.entities(order, hours, of_entities, limit, text))

    # Ahead of the route for one entity: an id may hold slashes.
    @routes.get("/api/entities/{entity:path}/documents", responses=_NO_ENTITY)
    def entity_documents(
        entity: EntityId,
        limit: Limit = 50,
        before: Before = "",
        sentiment: Annotated[Sentiment | None, Query(description="towards the entity")] = None,
        order: Order = DocumentOrder.NEWEST,
        hours: Hours = 24,
    ) -> EntityDocumentsView:
        """The documents that name an entity, newest or gravest for it first, with the tone towards it and what happened to it.

        Those whose severity no model has read are not among the gravest.
        """
        tone = sentiment.value if sentiment else ""
        if order is DocumentOrder.GRAVEST:
            refuse_page(before)
            named(entity)
            return cache.get(("gravest of", entity, limit, hours, tone), lambda: _gravest(store, entity, limit, hours, tone))
        named(entity)
        return cache.get(("entity documents", entity, limit, before, tone), lambda: _page(store, entity, limit, before, tone))

    @routes.get("/api/entities/{entity:path}", responses=_NO_ENTITY)
    def one_entity(
        entity: EntityId,
        hours: Hours = 24,
        members: Annotated[
            bool,
            Query(
                description="add up what belongs to it: the companies of a country, an owner with what it owns; "
                "a sector, an industry and the market are always added up"
            ),
        ] = False,
        order: Annotated[EntityOrder, Query(description="of the members")] = EntityOrder.NEGATIVE,
        limit: Annotated[int, Query(ge=1, le=200, description="of the members that are listed")] = 50,
    ) -> EntityView:
        """One entity over time: tone, counts, what is expected, and its alerts. Or a group: the sum of its members, and the first of them.

        In a sum, a document that names two members counts for each.
        """
        first = cache.get("entities counted since", store.entities.first_counted_at, _FIRST_TTL_SECONDS)
        if members or is_group(entity):
            groups()  # as above
            key = ("entity members", entity, hours, order, limit)
            found = cache.get(key, lambda: reader.summed(entity, first, hours, order, limit))
            if found is None:
                raise HTTPException(404, f"nothing that documents could name is known to belong to {entity!r}, or no document is stored")
            return found
        known = named(entity)
        groups()
        return cache.get(("entity", entity, hours), lambda: reader.one(known, first, hours))

    return routes


class _EncodedPathRoute(APIRoute):
    """Matches the path as the client wrote it: `company:a%2Fdocuments` is the id of an entity, not the documents of `company:a`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        written = raw.partition(b"?")[0].decode("ascii", "replace")
        match, found = super().matches({**scope, "path": written})
        parameters = {name: unquote(value) for name, value in found.get("path_params", {}).items()}
        return match, {**found, "path_params": parameters} if parameters else found


def _page(store: Store, entity: str, limit: int, position: str, sentiment: str) -> EntityDocumentsView:
    before, before_id = split_position(position)
    last = store.documents.last_published_at()
    if last is None or (before is not None and before < OLDEST):
        return EntityDocumentsView(documents=[], next=None)
    rows = store.mentions.documents(entity, OLDEST, last + INSTANT, limit=limit, before=before, before_id=before_id, sentiment=sentiment)
    return EntityDocumentsView(documents=_views(store, rows), next=next_position(rows[-1].document) if len(rows) == limit else None)


def _gravest(store: Store, entity: str, limit: int, hours: int, sentiment: str) -> EntityDocumentsView:
    last = store.documents.last_published_at()
    if last is None:
        return EntityDocumentsView(documents=[], next=None)
    end = last + INSTANT
    rows = store.severity.gravest_of(entity, end - timedelta(hours=hours), end, limit=limit, sentiment=sentiment)
    return EntityDocumentsView(documents=_views(store, rows), next=None)


def _views(store: Store, rows: Sequence[EntityDocument]) -> list[EntityDocumentView]:
    documents = [row.document for row in rows]
    return [
        EntityDocumentView(
            document=view,
            relevance=row.mention.relevance,
            p_negative=row.mention.p_negative,
            p_neutral=row.mention.p_neutral,
            p_positive=row.mention.p_positive,
            sentiment=row.mention.sentiment,
            score=row.mention.score,
            severity=row.mention.severity,
            events=row.mention.event_names,
        )
        for view, row in zip(document_views(documents, store.mentions.of(documents), store.stories.of(documents)), rows, strict=True)
    ]
