"""The user's own table of entities (`SQUALL_ENTITIES__PATH`): all of it or nothing, with every problem in one error."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from squall.core.config.files.regular import read_regular_file
from squall.core.errors import ConfigurationError
from squall.core.records import EntityKind
from squall.entities.catalogue.data_file import kind_of
from squall.entities.catalogue.listings import symbol_forms
from squall.entities.catalogue.user_cells import COLUMNS, UserRow, read_row
from squall.entities.entity import Entity
from squall.entities.names import name_key, slug

MOST_CELL_CHARS = 131_072
"""As Python's csv reads by itself; another part of the process may have let it read more."""
_LONG_CELL = f"a cell has more than {MOST_CELL_CHARS:,} characters, or a quote is not closed"
MOST_ROWS = 200_000
MOST_BYTES = 200 * 1024 * 1024
_SHOWN_PROBLEMS = 100
_OWN_NOTHING = frozenset((EntityKind.PERSON, EntityKind.INDEX, EntityKind.CURRENCY, EntityKind.COMMODITY))
_HINT = "docs/entities.md describes the columns; `squall entities check FILE` checks a file without using it"


class TableProblem(NamedTuple):
    """What is wrong with a line.

    Args:
        line: from 1; 0: the file as a whole.
        text: in words.
    """

    line: int
    text: str


class EntityTableError(ConfigurationError):
    """A table of entities is wrong; nothing of it is used.

    Args:
        path: the file.
        problems: all of them, by line.
    """

    def __init__(self, path: Path, problems: list[TableProblem]) -> None:
        shown = [f"line {problem.line}: {problem.text}" if problem.line else problem.text for problem in problems[:_SHOWN_PROBLEMS]]
        more = [f"and {len(problems) - _SHOWN_PROBLEMS:,} more"] if len(problems) > _SHOWN_PROBLEMS else []
        super().__init__(f"the entities in {path} can't be used: {'; '.join(shown + more)}", _HINT)
        self.problems = problems


def read_user_table(path: Path, shipped: Mapping[str, Entity], *, extend: bool) -> list[Entity]:
    """Read a user's table.

    Args:
        path: CSV in UTF-8, with a header; `docs/entities.md` has the columns.
        shipped: the entities that ship with Squall by id; countries and parents can be among them.
        extend: whether rows change shipped entities of their id.

    Returns:
        The table's entities in its order, of changed ones their whole state.

    Raises:
        EntityTableError: the file can't be read, or anything is wrong with it; tells every problem with its line.
    """
    problems: list[TableProblem] = []
    rows: dict[str, UserRow] = {}
    for line, cells, list_mark in _cells(path, problems):
        row = read_row(cells, line, list_mark, shipped.get if extend else _none, _reporter(problems, line))
        if row is None:
            entity_id = cells.get("id", "").strip()
            if not extend and entity_id in shipped:
                text = f"{entity_id} ships with Squall, but in mode `replace` this file is all there is: give the row a name, and no -Name"
                problems.append(TableProblem(line, text))
            continue
        first = rows.setdefault(row.entity.id, row)
        if first is not row:
            problems.append(TableProblem(line, f"{row.entity.id} is on line {first.line} already; give one of them another id"))
    entities = _resolved(list(rows.values()), shipped, problems)
    if problems:
        raise EntityTableError(path, sorted(problems))
    return entities


def _none(_: str) -> None:
    return None


def _reporter(problems: list[TableProblem], line: int) -> Callable[[str], None]:
    return lambda text: problems.append(TableProblem(line, text))


def _cells(path: Path, problems: list[TableProblem]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield line, cells by column and the mark between entries of a list; reports what is wrong with the form of the file."""
    text = _text(path, problems)
    header, _, _ = text.partition("\n")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    line = 1
    try:
        for number, cells in enumerate(reader):
            line, first_line = reader.line_num + 1, line
            if not columns:
                columns = _columns(cells, problems)
                if not columns:
                    return
            elif number > MOST_ROWS:
                problems.append(TableProblem(first_line, f"more than {MOST_ROWS:,} rows"))
                return
            elif max(map(len, cells), default=0) > MOST_CELL_CHARS:
                problems.append(TableProblem(first_line, _LONG_CELL))
            elif any(cell.strip() for cell in cells):
                if len(cells) != len(columns):
                    problems.append(TableProblem(first_line, f"{len(cells)} cells; the header has {len(columns)}"))
                else:
                    yield first_line, dict(zip(columns, cells, strict=True)), "|" if delimiter == ";" else ";"
    except csv.Error as error:
        what = _LONG_CELL if "limit" in str(error) else str(error)
        problems.append(TableProblem(line, f"not CSV: {what}; the rows below were not read"))


def _text(path: Path, problems: list[TableProblem]) -> str:
    try:
        content = read_regular_file(path, MOST_BYTES)
    except ConfigurationError as error:
        problems.append(TableProblem(0, error.what))
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(TableProblem(line, "not UTF-8; save the file as CSV UTF-8"))
        return ""
    if not text.strip():
        problems.append(TableProblem(0, "the file is empty"))
    return text.replace("\0", "")


def _columns(header: list[str], problems: list[TableProblem]) -> list[str]:
    columns = [cell.strip().lower() for cell in header]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        problems.append(TableProblem(1, f"unknown columns {', '.join(map(repr, unknown[:10]))}; known are {', '.join(COLUMNS)}"))
    if "name" not in columns and "id" not in columns:
        problems.append(TableProblem(1, "no column `name`"))
    if len(set(columns)) != len(columns):
        problems.append(TableProblem(1, "a column occurs twice"))
    return columns if not problems else []


def _resolved(rows: list[UserRow], shipped: Mapping[str, Entity], problems: list[TableProblem]) -> list[Entity]:
    """Countries and parents as ids."""
    wanted = {cell for row in rows for cell in (row.entity.country, row.entity.parent) if cell}
    if not wanted:
        return [row.entity for row in rows]
    own = {row.entity.id: row.entity for row in rows}
    finder = _Finder({**shipped, **own})
    resolved = []
    for row in rows:
        entity = row.entity
        country, parent = entity.country, entity.parent
        if country:
            country = finder.find(country, EntityKind.COUNTRY)
            if not country:
                problems.append(TableProblem(row.line, f"country {entity.country[:60]!r} is neither a country's id nor its name"))
        if parent:
            parent = finder.find(parent, None)
            if not parent or parent == entity.id or kind_of(parent) in _OWN_NOTHING:
                problems.append(
                    TableProblem(row.line, f"parent {entity.parent[:60]!r} is no id, symbol or name of another company or organisation")
                )
        resolved.append(replace(entity, country=country, parent=parent))
    return resolved


class _Finder:
    """Entities by id, symbol and name; the largest of a name."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._entities = entities
        self._by_name: dict[tuple[str, bool], Entity] = {}
        self._by_symbol: dict[str, Entity] = {}
        for entity in sorted(entities.values(), key=lambda e: e.size):
            for name in (entity.name, *entity.aliases, *entity.former_names):
                self._by_name[name_key(name), entity.kind is EntityKind.COUNTRY] = entity
            for listing in entity.listings:
                self._by_symbol[str(listing)] = entity

    def find(self, text: str, kind: EntityKind | None) -> str:
        """Return an id, empty where nothing is found."""
        if kind is EntityKind.COUNTRY:
            known = map(self._entities.get, (text, f"country:{slug(text)}"))
            found = next((entity for entity in known if entity and entity.kind is kind), None) or self._by_name.get((name_key(text), True))
            return found.id if found else ""
        if text in self._entities:
            return text
        symbol = next((self._by_symbol[form] for form in symbol_forms(text) if form in self._by_symbol), None)
        entity = symbol or self._by_name.get((name_key(text), False))
        return entity.id if entity else ""
