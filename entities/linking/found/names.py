"""Entities of names that the catalogue lacks: `found:lehman-brothers`, merged by normalised name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from squall.core.records import EntityKind
from squall.core.text import clean_name
from squall.entities.entity import Entity, Listing
from squall.entities.linking.found.span_edges import trimmed
from squall.entities.names import short_forms, slug

PREFIX = "found:"
MOST_CHARS = 100
"""Longer names are cut."""
_LEAST_CHARS = 2


def found_entity(name: str, kind: EntityKind = EntityKind.ORGANISATION, symbols: Sequence[str] = ()) -> Entity | None:
    """Return the entity of a name that no table knows; None where the name holds no letter, or is one letter.

    "Lehman Brothers Holdings Inc.", "the Lehman Brothers" and "LEHMAN BROTHERS'" are one entity. Its id holds letters, digits and "-" only.

    Args:
        name: as written.
        kind: what it is.
        symbols: its tickers, where a text told them.
    """
    shown = bare_name(name)
    key = slug((short_forms(shown) or (shown,))[-1])
    key = key.removeprefix("the-") or key
    if len(key) < _LEAST_CHARS or not any(character.isalpha() for character in key):
        return None
    return Entity(PREFIX + key, kind, shown, listings=tuple(Listing(symbol) for symbol in symbols))


def found_symbol(symbol: str) -> Entity:
    """Return the entity of a ticker that no table knows."""
    return Entity(PREFIX + slug(symbol), EntityKind.COMPANY, symbol, listings=(Listing(symbol),))


def bare_name(name: str) -> str:
    """Return `name` on one line, without the signs around it, invisible marks, a possessive and a leading "the"; cut at 100 characters."""
    shown = clean_name(" ".join(name[: 2 * MOST_CHARS].split())[:MOST_CHARS])
    start, end = trimmed(shown, 0, len(shown))
    shown = shown[start:end]
    return shown[4:].lstrip() if shown[:4].lower() == "the " and len(shown) > 5 else shown


def longer_names(named: Iterable[tuple[EntityKind, str, Entity]]) -> dict[tuple[EntityKind, str], Entity]:
    """Return (kind, id) of each possible short form → the entity of the longer name; of several the longest, then the first.

    "Lehman Brothers … Lehman" is one entity, as is "Richard Fuld … Fuld".

    Args:
        named: kind, id that the name has or would have where no table knew it, and whom it means.
    """
    longer: dict[tuple[EntityKind, str], Entity] = {}
    distinct = {(kind, found_id): entity for kind, found_id, entity in named}
    for (kind, found_id), entity in sorted(distinct.items(), key=lambda item: -item[0][1].count("-")):  # equals in the text's order
        words = found_id.removeprefix(PREFIX).split("-")
        shorter = [words[-1]] if kind is EntityKind.PERSON and len(words) > 1 else []
        if kind is EntityKind.ORGANISATION:
            shorter += ["-".join(words[:count]) for count in range(1, len(words))]
        for form in shorter:
            longer.setdefault((kind, PREFIX + form), entity)
    return longer
