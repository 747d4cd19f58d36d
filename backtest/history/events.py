"""Known events, read from a CSV file: `start,end,name`, `topics` where one counts for some series only, and whom it is about."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from squall.core.config.files.regular import open_regular_text
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import ConfigurationError
from squall.core.records import SeriesKind
from squall.core.series import MARKET, kind_of
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.names import name_key

COLUMNS: Final = ("start", "end", "name")
"""Those that a file must have."""
_ABOUT: Final = ("entity", "aliases", "ticker")
_DAY = re.compile(r"^\s*\d{4}-\d{2}-\d{2}\s*$", re.ASCII)
_EXAMPLE = "for example 2011-08-05,2011-08-10T20:00Z,US downgrade,Markets; Macro"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is known to have happened, in [start, end].

    Events may overlap: an alert counts for every event that it matches.

    Args:
        start: its first moment.
        end: its last.
        name: as it is reported.
        topics: names of series; empty: any.
        names: of whom it is about, as people call them; empty: not said.
        entities: ids of those in the catalogue.
    """

    start: datetime
    end: datetime
    name: str
    topics: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    entities: frozenset[str] = frozenset()

    def is_about(self, entity: str, name: str) -> bool:
        """Return whether it is about an entity, by id or by name, whatever the case and the punctuation."""
        return entity in self.entities or name_key(name) in map(name_key, self.names)


def identify(events: Iterable[Event], catalogue: Catalogue) -> list[Event]:
    """Return the events with the ids of those whom they are about, where the catalogue knows them by name or ticker."""
    found = []
    for event in events:
        known = [*(each for name in event.names for each in catalogue.named(name)), *map(catalogue.by_symbol, event.names)]
        found.append(replace(event, entities=frozenset(entity.id for entity in known if entity)))
    return found


def load_events(path: Path, known: Collection[str]) -> list[Event]:
    """Read the events of a CSV file, in order of their start.

    Times without a zone are UTC; a day without a time begins at midnight as a start and lasts to its end as an end.
    `topics` are separated by `;`; without them, or without the column, an event is of any topic. `entity`, `aliases` and `ticker`, also
    separated by `;`, say whom it is about. Other columns are ignored.

    Args:
        path: a UTF-8 file with a header.
        known: names of the existing topics. Symbols (`$AAPL`), sectors and the market are recognised by their form.

    Raises:
        ConfigurationError: the file can't be read, lacks a column, or has an invalid row; names the row.
    """
    try:
        with open_regular_text(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            missing = [name for name in COLUMNS if name not in [(field or "").strip() for field in rows.fieldnames or ()]]
            if missing:
                raise ConfigurationError(
                    f"{path}: no column {', '.join(missing)}", f"the first line is {','.join(COLUMNS)}, and topics if you like"
                )
            events = [_event(_stripped(row), f"{path}, line {rows.line_num}", known) for row in rows if any(_stripped(row).values())]
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "give a UTF-8 CSV file") from error
    return sorted(events, key=lambda event: (event.start, event.end, event.name))


def _stripped(row: dict[str | None, str | list[str] | None]) -> dict[str, str]:
    extra = row.get(None)
    cells = {name.strip(): (value or "").strip() for name, value in row.items() if name is not None and not isinstance(value, list)}
    return cells | ({"": ",".join(extra)} if isinstance(extra, list) and any(extra) else {})


def _event(row: dict[str, str], where: str, known: Collection[str]) -> Event:
    if row.get(""):
        raise ConfigurationError(f"{where}: more cells than columns, the last {row['']!r}", "put a name with a comma in it in quotes")
    if not row["name"]:
        raise ConfigurationError(f"{where}: the event has no name", _EXAMPLE)
    start, end = _time(row["start"], "start", where), _time(row["end"], "end", where)
    if _DAY.match(row["end"]):
        end += timedelta(days=1) - timedelta(milliseconds=1)
    if end < start:
        raise ConfigurationError(f"{where}: {row['name']} ends ({row['end']}) before it starts ({row['start']})", "correct the dates")
    about = tuple(dict.fromkeys(name for column in _ABOUT for name in _list(row.get(column, ""))))
    return Event(start, end, row["name"], tuple(_topic(name, where, known) for name in _list(row.get("topics", ""))), about)


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _time(text: str, column: str, where: str) -> datetime:
    try:
        return parse_time(text, UTC)
    except TimeFormatError as error:
        raise ConfigurationError(f"{where}: {column}: {error}", _EXAMPLE) from error


def _topic(name: str, where: str, known: Collection[str]) -> str:
    if name in known or name == MARKET or kind_of(name) is not SeriesKind.TOPIC:
        return name
    lower = {topic.lower(): topic for topic in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f"did you mean {lower[near[0]]!r}?" if near else "topics: " + "; ".join(sorted(known))
    raise ConfigurationError(f"{where}: {name!r} is not a topic", hint)
