"""Whose counts add up to those of a sector, an industry, the market, a country's companies, or a company with its subsidiaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue


class GroupKind(StrEnum):
    """Nodes of the graph that no text names: they have no counts but the sums of their companies."""

    SECTOR = "sector"
    INDUSTRY = "industry"
    MARKET = "market"


class Node(NamedTuple):
    """An entity or a group, for a list of what belongs to what."""

    entity: str
    kind: EntityKind | GroupKind
    name: str
    symbols: tuple[str, ...] = ()


def is_group(node: str) -> bool:
    """Whether an id is that of a sector, an industry or the market, which have no counts of their own; needs no catalogue."""
    return node.partition(":")[0] in _GROUPS


_GROUPS: Final = frozenset(GroupKind)
_OF_COMPANIES: Final = frozenset({*GroupKind, EntityKind.COUNTRY})


class Groups:
    """The groups of a catalogue, and search in it. Immutable, and safe to share between threads.

    Args:
        catalogue: whose entities belong to groups.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._graph = catalogue.graph
        nodes = {name: Node(name, GroupKind(name.partition(":")[0]), label) for name, label in self._graph.labels.items()}
        self._nodes = nodes | {entity.id: Node(entity.id, entity.kind, entity.name, entity.symbols) for entity in catalogue}

    def find(self, text: str, limit: int) -> list[str]:
        """Return the ids of the entities that `text` finds by any of their names or tickers, as `Catalogue.find`."""
        return [entity.id for entity in self._catalogue.find(text, limit)]

    def node(self, node: str) -> Node | None:
        """Return what is known of an entity or group by its id."""
        return self._nodes.get(node)

    def known(self, node: str) -> Node:
        """Return what is known of an entity or group; raises `KeyError` when there is none with this id."""
        return self._nodes[node]

    def above(self, node: str) -> tuple[Node, ...]:
        """Return what a node belongs to, nearest first: industry, sector, the market, country, parents."""
        return tuple(self._nodes[name] for name in self._graph.ancestors(node) if name in self._nodes)

    def members(self, node: str) -> tuple[str, ...]:
        """Return the ids of the entities whose counts add up to those of a node, nearest first; () where there is nothing to add up.

        Of a sector, an industry, the market or a country: the companies below it, and those that these own. Of anything else: itself
        and what it owns, people aside.
        """
        found = self._nodes.get(node)
        if found is None:
            return ()
        return self._by_kind[found.kind][node] if isinstance(found.kind, GroupKind) else self._below(found)

    def _below(self, found: Node) -> tuple[str, ...]:
        below = [self._nodes[name] for name in self._graph.descendants(found.entity) if name in self._nodes]
        if found.kind in _OF_COMPANIES:
            return tuple(each.entity for each in below if each.kind is EntityKind.COMPANY)
        owned = [each.entity for each in below if not isinstance(each.kind, GroupKind) and each.kind is not EntityKind.PERSON]
        return (found.entity, *owned) if owned else ()

    def of_kind(self, kind: GroupKind) -> Mapping[str, tuple[str, ...]]:
        """Return the members of each group of a kind, by its id."""
        return self._by_kind[kind]

    @cached_property
    def _by_kind(self) -> dict[GroupKind, dict[str, tuple[str, ...]]]:
        found: dict[GroupKind, dict[str, tuple[str, ...]]] = {kind: {} for kind in GroupKind}
        for name in self._graph.labels:
            found[GroupKind(name.partition(":")[0])][name] = self._below(self._nodes[name])
        return found


OpenGroups = Callable[[], Groups]
"""Returns the groups; the first call may read the catalogue (half a second) and raises as `Catalogue.open`."""


def groups_when_needed(open_catalogue: Callable[[], Catalogue]) -> OpenGroups:
    """Return a function that makes the groups at its first call, once for all threads.

    Args:
        open_catalogue: reads the catalogue, or returns the one that this process has read already.
    """
    lock = threading.Lock()
    opened: list[Groups] = []

    def groups() -> Groups:
        with lock:
            if not opened:
                opened.append(Groups(open_catalogue()))
            return opened[0]

    return groups
