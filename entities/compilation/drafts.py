"""The entities while they are compiled: found by ticker or name, and changed one after another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.names import name_key, slug

_ELSEWHERE = frozenset(("BE", "DU", "HM", "HA", "MU", "BA", "SA", "MX", "VI", "TI"))
"""Exchanges that list companies of other countries."""


class Drafts:
    """Entities by id, in the order in which they came.

    Args:
        entities: the first ones; their ids are distinct.
    """

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.by_id: dict[str, Entity] = {}
        self._by_symbol: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for entity in entities:
            self.put(entity)

    def put(self, entity: Entity) -> Entity:
        """Add an entity, or take it for the one of its id."""
        self.by_id[entity.id] = entity
        for listing in entity.listings:
            self._by_symbol[str(listing)].append(entity.id)
        for name in (entity.name, *entity.aliases, *entity.former_names):
            self._by_name[name_key(name)].append(entity.id)
        return entity

    def new_id(self, kind: EntityKind, name: str) -> str:
        """Return a free id: `company:audi`, or `company:audi-2` where that is taken."""
        base = f"{kind.value}:{slug(name)}"
        return next(free for free in (base, *(f"{base}-{number}" for number in range(2, 100))) if free not in self.by_id)

    def with_symbol(self, symbol: str) -> Entity | None:
        """Return the company of a ticker: the one that has it as its main listing, then the largest."""
        found = [self.by_id[entity_id] for entity_id in self._by_symbol.get(symbol, ()) if entity_id in self.by_id]
        return min(found, key=lambda e: (str(e.listings[0]) != symbol, -e.size), default=None)

    def with_name(self, name: str, kind: EntityKind | None = None) -> Entity | None:
        """Return the largest entity of a name, of one kind if that is given."""
        found = [self.by_id[entity_id] for entity_id in self._by_name.get(name_key(name), ()) if entity_id in self.by_id]
        return max((e for e in found if kind in (None, e.kind)), key=lambda e: e.size, default=None)

    def change(self, entity: Entity, **values: Any) -> Entity:
        """Replace fields of an entity."""
        return self.put(replace(entity, **values))

    def merge(self, copy: Entity, entity: Entity) -> None:
        """Take `copy` out; `entity` gets its names, tickers and size."""
        del self.by_id[copy.id]
        aliases = merged_names(entity.name, entity.aliases, [copy.name], copy.aliases)
        former = {name_key(name) for name in entity.former_names}
        self.change(
            entity,
            aliases=tuple(alias for alias in aliases if name_key(alias) not in former),
            listings=tuple(dict.fromkeys((*entity.listings, *(known for known in copy.listings if known.exchange not in _ELSEWHERE)))),
            sector=entity.sector or copy.sector,
            industry=entity.industry or copy.industry,
            country=entity.country or copy.country,
            size=max(entity.size, copy.size),
        )


def merged_names(shown: str, *groups: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct names of `groups`, without `shown` and forms that differ from another in case or punctuation only."""
    known = {name_key(shown)}
    kept = []
    for name in (name for group in groups for name in group):
        key = name_key(name)
        if len(key) > 1 and key not in known:
            known.add(key)
            kept.append(name)
    return tuple(kept)
