"""Entities and groups of them as the API shows them, read from the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from squall.core.clock import Clock
from squall.core.records import EntityKind
from squall.dashboards.page.history_band import history_band, history_days
from squall.dashboards.page.routes.chart import alerts_of, points_view, readings_of
from squall.dashboards.page.schemas.entities import EntitiesView, EntityCountsView, EntityOrder, EntityRow, EntityView, NodeView
from squall.dashboards.page.time_grid import TimeGrid, time_grid
from squall.entities.catalogue.groups import GroupKind, Groups, Node, OpenGroups
from squall.storage import Store
from squall.storage.queries.entities.counts import Order
from squall.storage.rows.entities import EntityBucket, EntityCount, EntityName, GroupCount, TwoSpans

_MINUTE: Final = timedelta(minutes=1)
_MOST_KNOWN: Final = 1000
"""Entities of the catalogue that a search looks for in the store: most of them never occurred."""
_FIRST_BY: Final[dict[EntityOrder, Callable[[TwoSpans], float]]] = {
    EntityOrder.NEGATIVE: lambda row: -row.negative,
    EntityOrder.CHANGE: lambda row: -abs(row.change),
    EntityOrder.VOLUME: lambda row: -row.documents,
    EntityOrder.GRAVEST: lambda row: -(row.gravest or 0.0),
}
_SUMMED: Final = set(EntityRow.model_fields) - {"entity", "kind", "name", "symbols"}


class EntityReader:
    """Reads lists of entities and groups, and one of them over time.

    Args:
        store: read.
        clock: tells which alerts are still open.
        groups: what belongs to what.
    """

    def __init__(self, store: Store, clock: Clock, groups: OpenGroups) -> None:
        self._store, self._clock, self._groups = store, clock, groups

    def entities(self, order: EntityOrder, hours: int, kinds: Collection[EntityKind], limit: int, text: str) -> EntitiesView:
        """Return entities that documents name; with `text` those that it finds by any name, ticker or id, also without documents."""
        span = self._span(hours)
        if span is None:
            return EntitiesView(start=None, end=None, order=order, entities=[])
        if not text:
            rows = self._store.entities.top(*span, order=order.value, limit=limit, kinds=kinds)
        else:
            known = self._groups().find(text, _MOST_KNOWN)
            names = self._store.entities.search(text, *span, kinds=kinds, limit=limit, known=known)
            rows = self._named(names, *span, order)
        return EntitiesView(start=span[0], end=span[1], order=order, entities=[EntityRow.model_validate(row) for row in rows])

    def groups(self, order: EntityOrder, hours: int, kinds: Collection[GroupKind], limit: int, text: str) -> EntitiesView:
        """Return groups that have a document; with `text` those with a word in their name that begins with it, also without."""
        span = self._span(hours)
        if span is None:
            return EntitiesView(start=None, end=None, order=order, entities=[])
        groups = self._groups()
        word = f" {text.casefold()}" if text else ""
        listed = {name: members for kind in kinds for name, members in groups.of_kind(kind).items()}
        wanted = {name: members for name, members in listed.items() if word in f" {groups.known(name).name.casefold()}"}
        counted = sorted(self._store.groups.totals(wanted, *span), key=_FIRST_BY[order])
        if not text:
            counted = [row for row in counted if row.documents or (order is EntityOrder.CHANGE and row.negative_before)]
        rows = [_row(groups.known(row.group), row) for row in counted[:limit]]
        return EntitiesView(start=span[0], end=span[1], order=order, entities=rows)

    def one(self, known: EntityName, first: datetime | None, hours: int) -> EntityView:
        """Return one entity over time.

        Args:
            first: since when entities are counted.
        """
        groups, entity = self._groups(), known.entity
        last = max(self._store.documents.last_published_at() or known.last_published_at, known.last_published_at)
        grid = replace(time_grid(last, hours), end=_end(last))
        [totals] = self._named([known], grid.end - timedelta(hours=hours), grid.end, EntityOrder.VOLUME)
        view = self._over_time(groups, entity, [entity], grid, first, EntityRow.model_validate(totals))
        points = readings_of(self._store, entity, grid, hours)
        return view.model_copy(
            update={
                "last_published_at": known.last_published_at,
                "window_minutes": points[-1].window_minutes if points else None,
                "points": points_view(points),
                "alerts": alerts_of(self._store, self._clock, entity, grid),
            }
        )

    def summed(self, entity: str, first: datetime | None, hours: int, order: EntityOrder, limit: int) -> EntityView | None:
        """Return the sum of a node's members over time, and the first of them; `first` as of `one`.

        None when there is nothing to add up, or nothing has been stored, so that there is no time range.
        """
        groups = self._groups()
        node, entities, last = groups.node(entity), groups.members(entity), self._store.documents.last_published_at()
        if node is None or not entities or last is None:
            return None
        grid = replace(time_grid(last, hours), end=_end(last))
        total, members = self._store.groups.members(
            node.entity, entities, grid.end - timedelta(hours=hours), grid.end, order=order.value, limit=limit
        )
        view = self._over_time(groups, node.entity, entities, grid, first, _row(node, total))
        return view.model_copy(
            update={
                "last_published_at": self._store.groups.last_published_at(entities),
                "members_named": total.named,
                "members": [EntityRow.model_validate(row) for row in members],
            }
        )

    def _over_time(
        self, groups: Groups, node: str, entities: Sequence[str], grid: TimeGrid, first: datetime | None, totals: EntityRow
    ) -> EntityView:
        days = history_days(first, grid.start)
        since = grid.start - timedelta(days=days)
        buckets = {row.time: row for row in self._store.entities.sum_by(entities, since, grid.end, step=grid.step)}
        return EntityView(
            start=grid.start,
            end=grid.end,
            last_published_at=None,
            totals=totals,
            counts=_counts(grid, buckets),
            window_minutes=None,
            points=points_view([]),
            history=history_band({time: row.negative for time, row in buckets.items()}, grid, days) if days else None,
            alerts=[],
            belongs_to=[NodeView.model_validate(above) for above in groups.above(node)],
            members_known=len(groups.members(node)),
            members_named=None,
            members=None,
        )

    def _span(self, hours: int) -> tuple[datetime, datetime] | None:
        last = self._store.documents.last_published_at()
        return (_end(last) - timedelta(hours=hours), _end(last)) if last else None

    def _named(self, names: Collection[EntityName], start: datetime, end: datetime, order: EntityOrder) -> list[EntityCount]:
        """Return the counts of `names` in this order, also of those that no document names in the span."""
        counted: dict[str, EntityCount] = {}
        wanted: Order
        for wanted in ("volume", "change"):  # the second has those that had documents in the span before only
            if missing := [name.entity for name in names if name.entity not in counted]:
                found = self._store.entities.top(start, end, order=wanted, limit=len(missing), entities=missing)
                counted |= {row.entity: row for row in found}
        rows = [counted.get(name.entity) or _silent(name) for name in names]
        return sorted(rows, key=_FIRST_BY[order])


def _end(last: datetime) -> datetime:
    """Return the end of the minute of the newest document: counts are kept per minute."""
    return last.replace(second=0, microsecond=0) + _MINUTE


def _silent(name: EntityName) -> EntityCount:
    return EntityCount(name.entity, name.kind, name.name, name.symbols, 0, 0, 0, 0.0, 0.0, 0, 0, 0.0)


def _row(node: Node, count: GroupCount) -> EntityRow:
    return EntityRow(
        entity=node.entity,
        kind=node.kind,
        name=node.name,
        symbols=node.symbols,
        **{field: getattr(count, field) for field in _SUMMED},
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
