"""All known entities, by id, symbol and name, and the graph between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from squall.core.config.entities import EntitySettings
from squall.core.records import EntityKind
from squall.entities.catalogue.common_words import is_common
from squall.entities.catalogue.data_file import read_data_file
from squall.entities.catalogue.graph import Graph
from squall.entities.catalogue.listings import symbol_forms
from squall.entities.catalogue.search import NameSearch
from squall.entities.catalogue.user_table import read_user_table
from squall.entities.catalogue.version import version_of
from squall.entities.entity import Entity, Listing
from squall.entities.names import name_key


class Catalogue:
    """Entities that are known by name; immutable, and safe to share between threads.

    Args:
        entities: of several with one id the last counts, in the place of the first.
        shipped_version: `version` of exactly these, where they are what ships with Squall; empty: they are others.
        own: ids of those that the user's table adds or changes.
    """

    def __init__(self, entities: Iterable[Entity], *, shipped_version: str = "", own: Iterable[str] = ()) -> None:
        self._by_id = {entity.id: entity for entity in entities}
        self.own = frozenset(own)
        """Ids of the user's own table."""
        self._shipped_version = shipped_version

    @classmethod
    def open(cls, settings: EntitySettings) -> Catalogue:
        """Read what ships with Squall, and the user's own table as the settings say.

        Raises:
            ConfigurationError: a file can't be read, or the user's table has errors; names every one of them with its line.
        """
        shipped, version = read_data_file()
        if settings.path is None:
            return cls(shipped, shipped_version=version)
        extend = settings.mode == "extend"
        own = read_user_table(settings.path, {entity.id: entity for entity in shipped}, extend=extend)
        return cls((*shipped, *own) if extend else own, own=(entity.id for entity in own))

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Entity]:
        return iter(self._by_id.values())

    def __contains__(self, entity_id: object) -> bool:
        return entity_id in self._by_id

    @property
    def is_shipped(self) -> bool:
        """Whether it holds what ships with Squall and nothing else, so that what was made of that ahead is right."""
        return bool(self._shipped_version)

    @cached_property
    def version(self) -> str:
        """A name for what is known: another one after any change of a name, ticker, size or kind."""
        return self._shipped_version or version_of(self)

    def by_id(self, entity_id: str) -> Entity | None:
        """Return the entity with this id."""
        return self._by_id.get(entity_id)

    def by_symbol(self, symbol: str) -> Entity | None:
        """Return the entity of a ticker as texts and feeds write it: `AAPL`, `$AAPL`, `AAPL.O`, `<F.N>`, `ULVR.L`, `BRK-B`.

        Of several the one that lists it first among its tickers, then the largest.
        """
        return next((self._by_symbol[form] for form in symbol_forms(symbol) if form in self._by_symbol), None)

    def named(self, name: str) -> tuple[Entity, ...]:
        """Return the entities that have this very name, alias or former name (case, accents and punctuation aside), the largest first."""
        return self._by_name.get(name_key(name), ())

    def names(self, entity: Entity) -> tuple[str, ...]:
        """Return every form under which texts name an entity: its name, aliases and former names."""
        return tuple(dict.fromkeys((entity.name, *entity.aliases, *entity.former_names)))

    def needs_context(self, name: str) -> bool:
        """Whether a form of a name is an ordinary word or too short to mean an entity by itself ("Target", "Gap", "Next", "GE")."""
        return is_common(name)

    def find(self, text: str, limit: int = 20) -> list[Entity]:
        """Search by id, ticker or the beginning of a name's words, the best first: exact, then the beginning, then within; then by size."""
        return self._search.find(text, limit)

    def ancestors(self, node: str) -> tuple[str, ...]:
        """Return what an entity, sector or industry belongs to, nearest first: ids of industry, sector, `market`, country, parents."""
        return self.graph.ancestors(node)

    def members(self, node: str, kind: EntityKind | None = None) -> tuple[str, ...]:
        """Return the ids of the entities below a node (`sector:financials`, `country:japan`, a parent), nearest first.

        Args:
            node: id of a sector, an industry, the market or an entity.
            kind: only entities of this kind.
        """
        below = (self._by_id.get(name) for name in self.graph.descendants(node))
        return tuple(entity.id for entity in below if entity is not None and kind in (None, entity.kind))

    @cached_property
    def graph(self) -> Graph:
        """The edges between entities, industries, sectors and the market."""
        return Graph(self)

    @cached_property
    def _search(self) -> NameSearch:
        return NameSearch(self)

    @cached_property
    def _by_symbol(self) -> dict[str, Entity]:
        found: dict[str, list[tuple[Listing, Entity]]] = {}
        for entity in self:
            for listing in entity.listings:
                found.setdefault(str(listing), []).append((listing, entity))
        return {symbol: min(claims, key=_claim)[1] for symbol, claims in found.items()}

    @cached_property
    def _by_name(self) -> dict[str, tuple[Entity, ...]]:
        found: dict[str, list[Entity]] = {}
        for entity in self:
            for key in {name_key(name) for name in self.names(entity)}:
                found.setdefault(key, []).append(entity)
        return {key: tuple(sorted(entities, key=lambda e: -e.size)) for key, entities in found.items() if key}


def _claim(claim: tuple[Listing, Entity]) -> tuple[bool, int, bool]:
    """How good an entity's claim to a ticker is; less is better."""
    listing, entity = claim
    return listing != entity.listings[0], -entity.size, entity.kind is not EntityKind.COMPANY
