"""Entities of names that the catalogue lacks: `found:lehman-brothers`, merged by normalised name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from squall.core.records import EntityKind
from squall.entities.entity import Entity, Listing
from squall.entities.linking.network_spans import NamedSpan
from squall.entities.names import short_forms, slug

PREFIX = "found:"
_MOST_CHARS = 100
_LEAST_CHARS = 2
_KINDS = {"ORG": EntityKind.ORGANISATION, "PER": EntityKind.PERSON, "LOC": EntityKind.PLACE}
_EDGES = " \t\n\r.,;:!?()[]{}<>\"'“”‘’«»|/\\*#@$-–—_"
_POSSESSIVES = ("'s", "’s", "‘s", "`s", "s'", "s’")


def found_entity(name: str, kind: EntityKind = EntityKind.ORGANISATION, symbols: Sequence[str] = ()) -> Entity | None:
    """Return the entity of a name that no table knows; None where the name holds no letter, or is one letter.

    "Lehman Brothers Holdings Inc.", "the Lehman Brothers" and "LEHMAN BROTHERS'" are one entity.

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
    """Return `name` on one line, without the signs around it, a possessive and a leading "the"; cut at 100 characters."""
    shown = " ".join(name[: 2 * _MOST_CHARS].split())[:_MOST_CHARS].strip(_EDGES)
    for ending in _POSSESSIVES[:4]:
        shown = shown.removesuffix(ending)
    if shown[:4].lower() == "the " and len(shown) > 5:
        shown = shown[4:]
    return shown.strip(_EDGES)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the signs at its edges and a final possessive; it may be empty."""
    while start < end and text[start] in _EDGES:
        start += 1
    while start < end and text[end - 1] in _EDGES:
        end -= 1
    for ending in _POSSESSIVES[:4]:
        if end - start > len(ending) and text.endswith(ending, start, end):
            end -= len(ending)
            break
    return start, end


def found_spans(text: str, spans: Iterable[NamedSpan]) -> list[tuple[int, int, Entity]]:
    """Return the spans of organisations, people and places with an entity each; a short form gets the entity of the longer one.

    "Lehman Brothers … Lehman" is one entity, as is "Richard Fuld … Fuld"; of several longer names the first is meant.
    """
    named = []
    for start, end, label in spans:
        start, end = trimmed(text, start, end)
        kind = _KINDS.get(label)
        if kind is None or not 0 < end - start <= _MOST_CHARS:
            continue
        entity = found_entity(text[start:end], kind)
        if entity is not None:
            named.append((start, end, entity))
    longer = _longer_names(entity for _, _, entity in named)
    return [(start, end, longer.get((entity.kind, entity.id), entity)) for start, end, entity in named]


def _longer_names(entities: Iterable[Entity]) -> dict[tuple[EntityKind, str], Entity]:
    """(kind, id) of each possible short form → the entity of the longer name."""
    longer: dict[tuple[EntityKind, str], Entity] = {}
    distinct = {entity.id: entity for entity in entities}
    for entity in sorted(distinct.values(), key=lambda e: -e.id.count("-")):  # the longest first; equals in the text's order
        words = entity.id.removeprefix(PREFIX).split("-")
        shorter = [words[-1]] if entity.kind is EntityKind.PERSON and len(words) > 1 else []
        if entity.kind is EntityKind.ORGANISATION:
            shorter += ["-".join(words[:count]) for count in range(1, len(words))]
        for form in shorter:
            longer.setdefault((entity.kind, PREFIX + form), entity)
    return longer
