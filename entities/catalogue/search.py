"""Search by id, ticker, or the beginning of a name or of a word in it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from squall.entities.catalogue.listings import symbol_forms
from squall.entities.entity import Entity
from squall.entities.names import name_key

_EXACT_SYMBOL, _EXACT, _BEGINNING, _SYMBOL, _WORD = range(5)
_NAME: Final = "\n "
"""Before a name's key in the text; a blank, because before every other word of it is one too."""
_TICKER: Final = "\n$"


class NameSearch:
    """Finds entities by the beginning of what they are called.

    All names stand in one text, which a search reads once (2 ms for the shipped names): a typed letter must not cost a walk over objects.

    Args:
        entities: their names, aliases, former names, tickers and ids are found.
    """

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._entities = list(entities)
        parts: list[str] = []
        self._starts = array("q")
        at = 0
        for entity in self._entities:
            keys = dict.fromkeys(map(name_key, (entity.name, *entity.aliases, *entity.former_names)))
            part = "".join((*(f"{_NAME}{key}" for key in keys if key), *(f"{_TICKER}{symbol.upper()}" for symbol in entity.symbols), "\n"))
            self._starts.append(at)
            parts.append(part)
            at += len(part)
        self._text = "".join(parts)
        self._by_id = {entity.id: position for position, entity in enumerate(self._entities)}

    def find(self, text: str, limit: int) -> list[Entity]:
        """Return the entities that `text` finds, the best first: exact, then the beginning, then within; then by size.

        Args:
            text: an id, a ticker as texts write it (`$AAPL`, `AAPL.O`), or the beginning of a ticker, of a name or of a word in it.
            limit: at most this many.
        """
        ranks: dict[int, int] = {}
        for position, rank in self._matches(text.strip()):
            if rank < ranks.get(position, rank + 1):
                ranks[position] = rank
        return [self._entities[position] for position in sorted(ranks, key=lambda position: self._order(position, ranks[position]))[:limit]]

    def _matches(self, text: str) -> Iterator[tuple[int, int]]:
        if text in self._by_id:
            yield self._by_id[text], _EXACT_SYMBOL
        forms = symbol_forms(text)
        for form in forms:
            for position, whole, _ in self._places(_TICKER, form):
                if whole:
                    yield position, _EXACT_SYMBOL
                elif form == forms[0]:
                    yield position, _SYMBOL
        key = name_key(text)
        if key:
            for position, whole, first in self._places(" ", key):
                yield position, _WORD if not first else _EXACT if whole else _BEGINNING

    def _places(self, before: str, wanted: str) -> Iterator[tuple[int, bool, bool]]:
        """Yield each place of `wanted`: of which entity, whether nothing follows in its line, and whether it begins the line."""
        if "\n" in wanted:
            return
        needle = before + wanted
        at = self._text.find(needle)
        while at >= 0:
            end = at + len(needle)
            yield bisect_right(self._starts, at) - 1, self._text[end] == "\n", before == _TICKER or self._text[at - 1] == "\n"
            at = self._text.find(needle, at + 1)

    def _order(self, position: int, rank: int) -> tuple[int, int, int, str]:
        entity = self._entities[position]
        return rank, -entity.size, len(entity.name), entity.name
