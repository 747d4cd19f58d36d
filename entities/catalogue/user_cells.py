"""One row of a user's table of entities: reading and checking its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from squall.core.records import EntityKind
from squall.core.text import clean_name
from squall.entities.catalogue.data_file import kind_of
from squall.entities.catalogue.listings import parse_listing
from squall.entities.entity import Entity, Listing
from squall.entities.names import MOST_NAME_CHARS, name_key, short_forms, slug

COLUMNS = ("id", "kind", "name", "aliases", "former_names", "symbols", "sector", "industry", "country", "parent", "size")
MOST_ALIASES = 200
MOST_SYMBOLS = 50
MOST_ID_CHARS = 160
SIZES = {"": 0, "nano": 1, "micro": 2, "small": 3, "mid": 4, "large": 5, "mega": 6} | {str(size): size for size in range(7)}
_ID = re.compile(r"[a-z_]+:[\w.&+~-]+")
"""Ids are parts of addresses, of lines in logs and of headers: no slash, no sign that a URL gives a meaning, nothing invisible."""
_SYMBOL = re.compile(r"[\w.^=&/+-]{1,24}")
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class UserRow:
    """A row that was read: an entity, whose country and parent are still as the user wrote them.

    Args:
        line: of the file, from 1.
        entity: what the row says; fields that it leaves empty are as those of the entity it changes.
        removed: names that the row takes from that entity.
    """

    line: int
    entity: Entity
    removed: tuple[str, ...] = ()


def read_row(cells: Mapping[str, str], line: int, list_mark: str, known: Callable[[str], Entity | None], report: Report) -> UserRow | None:
    """Read one row; None after a problem was reported.

    Args:
        cells: by column; missing columns are empty.
        line: of the file.
        list_mark: what separates the entries of a list.
        known: returns the entity that an id names, which the row then changes; rows without an id have that of their name.
        report: takes each problem in words.
    """
    problems: list[str] = []
    kind = _kind(cells.get("kind", ""), problems.append)
    entity_id = cells.get("id", "").strip()
    if entity_id:
        problems += _problems_of_id(entity_id)
    if entity_id and kind is not None and kind_of(entity_id) not in {kind, None}:
        problems.append(f"id {entity_id[:80]!r} is no {kind.value}")
    name = _name(cells.get("name", ""), "name", problems.append)
    base = known(entity_id or _id_of(kind, name))
    if not name and base is None:
        problems.append("no name")
    aliases, removed = _names(cells.get("aliases", ""), "aliases", list_mark, problems.append)
    former, removed_former = _names(cells.get("former_names", ""), "former names", list_mark, problems.append)
    removed += removed_former
    symbols = _symbols(cells.get("symbols", ""), list_mark, problems.append)
    size = SIZES.get(cells.get("size", "").strip().lower())
    if size is None:
        problems.append(f"size {cells['size'].strip()[:20]!r} is none of 0 to 6, nano, micro, small, mid, large, mega")
    for name_of_base in removed:
        if base is None or name_key(name_of_base) not in {name_key(known_name) for known_name in (*base.aliases, *base.former_names)}:
            problems.append(f"-{name_of_base[:80]}: the entity has no such alias or former name")
    for problem in problems:
        report(problem)
    if problems:
        return None
    kind = kind_of(entity_id) or kind or EntityKind.COMPANY
    row = Entity(
        id=entity_id or _id_of(kind, name),
        kind=kind,
        name=name,
        aliases=(*aliases, *(short_forms(name) if kind is EntityKind.COMPANY and name else ())),
        former_names=former,
        listings=symbols,
        sector=_text(cells, "sector"),
        industry=_text(cells, "industry"),
        country=_text(cells, "country"),
        parent=_text(cells, "parent"),
        size=size or 0,
    )
    return UserRow(line, _changed(base, row, removed) if base is not None else row, removed)


def _problems_of_id(entity_id: str) -> Iterator[str]:
    if len(entity_id) > MOST_ID_CHARS:
        yield f"id {entity_id[:40]!r}… has {len(entity_id):,} characters; an id has at most {MOST_ID_CHARS}"
    elif not _ID.fullmatch(entity_id) or kind_of(entity_id) is None:
        suggested = _suggested(entity_id)
        hint = f"write {suggested}, or leave the id empty" if suggested else "such as company:acme-corp"
        if not entity_id.isprintable():
            yield f"id {entity_id[:80]!r} has characters that can't be seen: {hint}"
            return
        yield f"id {entity_id[:80]!r} is not a kind, a colon and a name of letters, digits and . - _ & + ~: {hint}"


def _suggested(entity_id: str) -> str:
    """The id that a wrong one was meant to be; empty where it can't be told."""
    kind, colon, name = entity_id.partition(":")
    key = slug(name)
    return f"{kind}:{key}" if colon and kind_of(entity_id) is not None and key and len(key) + len(kind) < MOST_ID_CHARS else ""


def _id_of(kind: EntityKind | None, name: str) -> str:
    return f"{(kind or EntityKind.COMPANY).value}:{slug(name)}"


def _changed(base: Entity, row: Entity, removed: tuple[str, ...]) -> Entity:
    """`base` with the row's cells: lists grow, other cells replace where they are filled."""
    gone = {name_key(name) for name in removed}
    return Entity(
        id=base.id,
        kind=base.kind,
        name=row.name or base.name,
        aliases=tuple(dict.fromkeys(name for name in (*row.aliases, *base.aliases) if name_key(name) not in gone)),
        former_names=tuple(dict.fromkeys(name for name in (*row.former_names, *base.former_names) if name_key(name) not in gone)),
        listings=tuple(dict.fromkeys((*row.listings, *base.listings))),
        sector=row.sector or base.sector,
        industry=row.industry or ("" if row.sector and row.sector != base.sector else base.industry),
        country=row.country or base.country,
        parent=row.parent or base.parent,
        size=row.size or base.size,
    )


def _text(cells: Mapping[str, str], column: str) -> str:
    return clean_name(cells.get(column, ""), MOST_NAME_CHARS)


def _kind(cell: str, report: Report) -> EntityKind | None:
    word = cell.strip().lower().replace(" ", "_")
    if not word:
        return None
    try:
        return EntityKind(word)
    except ValueError:
        report(f"kind {word[:40]!r} is none of {', '.join(kind.value for kind in EntityKind)}")
        return None


def _name(cell: str, what: str, report: Report) -> str:
    name = clean_name(cell, MOST_NAME_CHARS + 1)
    if len(name) > MOST_NAME_CHARS:
        report(f"{what} {name[:40]!r}… has more than {MOST_NAME_CHARS} characters")
    elif name and not name_key(name):
        report(f"{what} {name[:40]!r} has neither a letter nor a digit")
    return name


def _names(cell: str, what: str, list_mark: str, report: Report) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names to add, and those to remove, which begin with a minus."""
    entries = _entries(cell, list_mark, MOST_ALIASES, what, report)
    removed = tuple(entry[1:].strip() for entry in entries if entry.startswith("-"))
    return tuple(
        _name(entry, "alias" if what == "aliases" else "former name", report) for entry in entries if not entry.startswith("-")
    ), removed


def _symbols(cell: str, list_mark: str, report: Report) -> tuple[Listing, ...]:
    entries = _entries(cell, list_mark, MOST_SYMBOLS, "symbols", report)
    for entry in entries:
        if not _SYMBOL.fullmatch(entry):
            report(f"symbol {entry[:40]!r} is not a ticker such as AAPL, BRK.B or ULVR.L")
    return tuple(parse_listing(entry) for entry in entries)


def _entries(cell: str, list_mark: str, most: int, what: str, report: Report) -> list[str]:
    entries = [entry.strip() for entry in cell.split(list_mark) if entry.strip()]
    if len(entries) > most:
        report(f"{len(entries):,} {what}; an entity has at most {most}")
        return []
    return entries
