"""The graph of what belongs to what: its edges are data, walks along them are queries.

company → industry → sector → market, company → country, company → parent, person → organisation.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from squall.entities.entity import Entity
from squall.entities.names import slug

MARKET = "market"
"""The node above all sectors."""


def sector_id(sector: str) -> str:
    """Return the node of a sector: `sector:financials`."""
    return f"sector:{slug(sector)}"


def industry_id(industry: str) -> str:
    """Return the node of an industry: `industry:banks`."""
    return f"industry:{slug(industry)}"


class Graph:
    """Edges upwards and downwards.

    Args:
        entities: their sectors, industries, countries and parents are the edges. An industry belongs to the sector of its first company.
    """

    def __init__(self, entities: Iterable[Entity]) -> None:
        up: dict[str, list[str]] = {}
        labels: dict[str, str] = {MARKET: "Market"}
        for entity in entities:
            above = []
            if entity.sector:
                sector = sector_id(entity.sector)
                labels.setdefault(sector, entity.sector)
                up.setdefault(sector, [MARKET])
            if entity.industry:
                industry = industry_id(entity.industry)
                labels.setdefault(industry, entity.industry)
                up.setdefault(industry, [sector_id(entity.sector)] if entity.sector else [])
                above.append(industry)
            elif entity.sector:
                above.append(sector_id(entity.sector))
            up[entity.id] = [*above, *(node for node in (entity.country, entity.parent) if node)]
        down: dict[str, list[str]] = defaultdict(list)
        for node, above in up.items():
            for upper in above:
                down[upper].append(node)
        self._up: Mapping[str, list[str]] = up
        self._down: Mapping[str, list[str]] = dict(down)
        self.labels: Mapping[str, str] = labels
        """Names of sectors, industries and the market."""

    def above(self, node: str) -> tuple[str, ...]:
        """Return the nodes one edge up."""
        return tuple(self._up.get(node, ()))

    def below(self, node: str) -> tuple[str, ...]:
        """Return the nodes one edge down."""
        return tuple(self._down.get(node, ()))

    def ancestors(self, node: str) -> tuple[str, ...]:
        """Return every node that can be reached upwards, nearest first; a circle of parents ends."""
        return _walk(node, self._up)

    def descendants(self, node: str) -> tuple[str, ...]:
        """Return every node that can be reached downwards, nearest first."""
        return _walk(node, self._down)


def _walk(start: str, edges: Mapping[str, list[str]]) -> tuple[str, ...]:
    seen = {start: None}
    queue = deque([start])
    while queue:
        for node in edges.get(queue.popleft(), ()):
            if node not in seen:
                seen[node] = None
                queue.append(node)
    del seen[start]
    return tuple(seen)
