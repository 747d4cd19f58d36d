"""What a user should know of a catalogue: names that several entities claim, names that are ordinary words, gaps in the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.graph import industry_id, sector_id
from squall.entities.entity import Entity

_SHOWN_OF_A_CIRCLE: Final = 5


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


class Oddities(NamedTuple):
    """What is odd about a catalogue.

    Args:
        counts: how many findings there are of each kind, the most first.
        findings: the first of each kind, in the order of the entities.
    """

    counts: Mapping[str, int]
    findings: list[CatalogueFinding]


def kind_counts(catalogue: Catalogue) -> dict[EntityKind, int]:
    """Return how many entities there are of each kind, the most first."""
    return dict(Counter(entity.kind for entity in catalogue).most_common())


def find_oddities(catalogue: Catalogue, ids: Collection[str] | None = None, *, most: int = 1000) -> Oddities:
    """Return what is odd about some entities. Takes time in proportion to them and their names.

    Args:
        catalogue: all entities.
        ids: those to look at; None: all.
        most: findings of a kind that are returned; all are counted. A circle of parents is one finding, of the first of its entities.
    """
    chosen: Iterable[Entity] = catalogue if ids is None else (entity for entity in catalogue if entity.id in ids)
    circles = _circles(catalogue)
    told: set[str] = set()
    counts: Counter[str] = Counter()
    shown: list[CatalogueFinding] = []
    for entity in chosen:
        for finding in (*_of_names(catalogue, entity), *_of_edges(catalogue, entity), *_of_circle(entity, circles, told)):
            counts[finding.finding] += 1
            if counts[finding.finding] <= most:
                shown.append(finding)
    return Oddities(dict(counts.most_common()), shown)


def _of_names(catalogue: Catalogue, entity: Entity) -> Iterator[CatalogueFinding]:
    for name in catalogue.names(entity):
        named = catalogue.named(name)
        if len(named) > 1:
            other = named[0] if named[0].id != entity.id else named[1]
            more = f" and {len(named) - 2:,} more" if len(named) > 2 else ""
            yield CatalogueFinding(entity.id, "shared name", f"{name!r} is a name of {other.id} too{more}")
        if catalogue.needs_context(name):
            yield CatalogueFinding(entity.id, "needs context", f"{name!r} is short or an ordinary word: linked where the context says so")


def _of_edges(catalogue: Catalogue, entity: Entity) -> Iterator[CatalogueFinding]:
    if entity.country and entity.country not in catalogue:
        yield CatalogueFinding(entity.id, "no such country", entity.country)
    if entity.parent and entity.parent not in catalogue:
        yield CatalogueFinding(entity.id, "no such parent", entity.parent)
    if entity.industry and entity.sector:
        above = catalogue.graph.above(industry_id(entity.industry))
        if above and sector_id(entity.sector) not in above:
            detail = f"{entity.industry} belongs to {above[0]}, where the entity counts; it says {entity.sector}"
            yield CatalogueFinding(entity.id, "sector of industry", detail)


def _of_circle(entity: Entity, circles: Mapping[str, list[str]], told: set[str]) -> Iterator[CatalogueFinding]:
    circle = circles.get(entity.id)
    if circle is None or entity.id in told:
        return
    told.update(circle)
    at = circle.index(entity.id)
    turned = [*circle[at:], *circle[:at]]
    cut = [*turned[:_SHOWN_OF_A_CIRCLE], f"… ({len(turned):,} in all)"] if len(turned) > _SHOWN_OF_A_CIRCLE else turned
    yield CatalogueFinding(entity.id, "circle of parents", " → ".join((*cut, entity.id)))


def _circles(catalogue: Catalogue) -> dict[str, list[str]]:
    """Id → the circle that it is in, each once in the order of its edges; every entity is walked over once."""
    circles: dict[str, list[str]] = {}
    done: set[str] = set()
    for start in catalogue:
        path: dict[str, None] = {}
        at: Entity | None = start
        while at is not None and at.id not in done and at.id not in path:
            path[at.id] = None
            at = catalogue.by_id(at.parent) if at.parent else None
        if at is not None and at.id in path:
            walked = list(path)
            circle = walked[walked.index(at.id) :]
            circles |= dict.fromkeys(circle, circle)
        done.update(path)
    return circles
