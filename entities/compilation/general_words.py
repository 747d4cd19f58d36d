"""Takes out short names that are too general: an ordinary word with which several companies begin means none of them ("Global", "Star")."""

from __future__ import annotations

from collections import defaultdict

from squall.core.records import EntityKind
from squall.entities.catalogue.common_words import is_common
from squall.entities.compilation.drafts import Drafts
from squall.entities.compilation.tables import parts, read_table
from squall.entities.entity import Entity
from squall.entities.names import name_key

_SEVERAL = 3
"""So many other companies that begin with a word make it general."""
_DOMINATES = 2
"""Sizes by which a company must exceed all these, for the word to mean it nevertheless: "Apple"."""
_INITIALS = 2
_LARGE = 5
"""A company of this size or more, that none of the others exceeds, is called by the word too, where the context says so: "Crown"."""


def drop_general_words(drafts: Drafts) -> None:
    """Take single ordinary words that several other companies begin with from the names of each company that does not stand out by size.

    Where the word is the shown name, a longer form takes its place: "Universal Corp". What the hand-written tables say of a company stays.
    """
    companies = [entity for entity in drafts.by_id.values() if entity.kind is EntityKind.COMPANY]
    sizes = _sizes_by_first_word(companies)
    by_hand = _names_by_hand()
    for entity in companies:
        kept = by_hand.get(name_key(entity.name), frozenset())
        general = {key for name in _names(entity) if (key := name_key(name)) not in kept and _is_general(key, name, entity, sizes)}
        if len(name_key(entity.name)) <= _INITIALS:
            general.discard(name_key(entity.name))  # "KT": as letters it needs context anyway
        if general:
            name, *aliases = [name for name in (entity.name, *entity.aliases) if name_key(name) not in general] or [entity.name]
            former = tuple(name for name in entity.former_names if name_key(name) not in general)
            drafts.change(entity, name=name, aliases=tuple(aliases), former_names=former)


def _names(entity: Entity) -> tuple[str, ...]:
    return (entity.name, *entity.aliases, *entity.former_names)


def _is_general(key: str, name: str, entity: Entity, sizes: dict[str, dict[str, int]]) -> bool:
    if " " in key or not is_common(name):
        return False
    others = [size for entity_id, size in sizes[key].items() if entity_id != entity.id]
    if len(others) < _SEVERAL or entity.size - max(others) >= _DOMINATES:
        return False
    begins_own = any(name_key(name).startswith(f"{key} ") for name in _names(entity))
    return not begins_own or entity.size < max(_LARGE, *others)


def _sizes_by_first_word(companies: list[Entity]) -> dict[str, dict[str, int]]:
    """First word of a name → id → size of the companies that have such a name."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for entity in companies:
        for name in _names(entity):
            found[name_key(name).partition(" ")[0]][entity.id] = entity.size
    return found


def _names_by_hand() -> dict[str, frozenset[str]]:
    """Shown name → all names, as keys, of the companies of the hand-written tables."""
    rows = (row for table in ("companies_known", "companies_unlisted") for row in read_table(table))
    return {
        name_key(row["name"]): frozenset(map(name_key, (row["name"], *parts(row["aliases"]), *parts(row["former_names"])))) for row in rows
    }
