"""What a user should know of a catalogue: names that several entities claim, names that are ordinary words, gaps in the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.graph import industry_id, sector_id
from squall.entities.entity import Entity


class CatalogueFinding(NamedTuple):
    """Something that is allowed, and worth a look.

    Args:
        entity: id.
        finding: `shared name`, `needs context`, `no such country`, `no such parent`, `circle of parents` or `sector of industry`.
        detail: in words.
    """

    entity: str
    finding: str
    detail: str


def kind_counts(catalogue: Catalogue) -> dict[EntityKind, int]:
    """Return how many entities there are of each kind, the most first."""
    return dict(Counter(entity.kind for entity in catalogue).most_common())


def find_oddities(catalogue: Catalogue, ids: Collection[str] | None = None) -> list[CatalogueFinding]:
    """Return what is odd about some entities, in their order.

    Args:
        catalogue: all entities.
        ids: those to look at; None: all.
    """
    chosen: Iterable[Entity] = catalogue if ids is None else (entity for entity in catalogue if entity.id in ids)
    return [finding for entity in chosen for finding in (*_of_names(catalogue, entity), *_of_edges(catalogue, entity))]


def _of_names(catalogue: Catalogue, entity: Entity) -> Iterator[CatalogueFinding]:
    for name in catalogue.names(entity):
        others = [other for other in catalogue.named(name) if other.id != entity.id]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            yield CatalogueFinding(entity.id, "shared name", f"{name!r} is a name of {others[0].id} too{more}")
        if catalogue.needs_context(name):
            yield CatalogueFinding(entity.id, "needs context", f"{name!r} is short or an ordinary word: linked where the context says so")


def _of_edges(catalogue: Catalogue, entity: Entity) -> Iterator[CatalogueFinding]:
    if entity.country and entity.country not in catalogue:
        yield CatalogueFinding(entity.id, "no such country", entity.country)
    if entity.parent and entity.parent not in catalogue:
        yield CatalogueFinding(entity.id, "no such parent", entity.parent)
    if entity.id in _owners(catalogue, entity):
        yield CatalogueFinding(entity.id, "circle of parents", " → ".join((entity.id, *_owners(catalogue, entity))))
    if entity.industry and entity.sector:
        above = catalogue.graph.above(industry_id(entity.industry))
        if above and sector_id(entity.sector) not in above:
            detail = f"{entity.industry} belongs to {above[0]}, where the entity counts; it says {entity.sector}"
            yield CatalogueFinding(entity.id, "sector of industry", detail)


def _owners(catalogue: Catalogue, entity: Entity) -> list[str]:
    """Parents upwards, to the first that occurs again."""
    owners: list[str] = []
    at: Entity | None = entity
    while at is not None and at.parent and at.parent not in owners:
        owners.append(at.parent)
        at = catalogue.by_id(at.parent)
    return owners
