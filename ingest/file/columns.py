"""Which column of a file is which field of a document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from squall.core.cleaning.markup import fullest
from squall.core.display import visible
from squall.core.errors import ConfigurationError
from squall.ingest.fields import is_given
from squall.ingest.file.split_time import CALENDAR, CLOCK, HALF, TIME_OF_DAY, ZONE, TimeColumns, beside, is_time_of_day

ALIASES: dict[str, tuple[str, ...]] = {
    "published_at": ("published_at", "ts_utc", "created_at", "published", "date", "datetime", "timestamp", "time"),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "tweet", "full_text", "extended_tweet", "summary", "description"),
    "url": ("url", "href", "link"),
    "id": ("id", "id_str", "guid"),
    "source": ("source",),
    "author": ("author", "user"),
    "language": ("language", "lang"),
    "symbols": ("symbols", "cashtags", "tickers"),
    "kind": ("kind",),
}
"""Column names recognised without an option, in order of preference; letter case is ignored."""

_PROSE = frozenset({"title", "text"})
_CACHED_COLUMNS = 500
_LONGEST_NAME = 60
_PARTING = ";\t|,"
_SOCIAL_SIGNS = frozenset({"tweet", "id_str", "full_text"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of one row stand for.

    Args:
        columns: field → its columns, the best first.
        time: the columns that the time is spread over; None: it is in one.
        social: whether the columns are those of a tweet.
        as_named: whether each field is in the one column that has its name.
    """

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    time: TimeColumns | None
    social: bool
    as_named: bool

    def fields(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the document fields of `row`: of the columns of a field the first that is not empty, of texts the one that says most.

        It may be `row` itself.
        """
        if self.as_named and not isinstance(row.get("title"), Mapping) and not isinstance(row.get("text"), Mapping):
            return row
        found: dict[str, Any] = {}
        for field, names in self.columns:
            for name in names:
                value = row[name]
                if is_given(value):
                    found[field] = value
                    break
            if field in _PROSE and field in found and (len(names) > 1 or not isinstance(found[field], str)):
                found[field] = _fullest([row[name] for name in names])
        return found


class Columns:
    """The columns of one file.

    Args:
        mapping: field → column, for columns that are not in `ALIASES`; such a field has no other column.

    Raises:
        ConfigurationError: an unknown field is mapped.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        unknown = sorted(set(mapping) - set(ALIASES))
        if unknown:
            raise ConfigurationError(f"unknown field in a column mapping: {', '.join(unknown)}", f"the fields are {', '.join(ALIASES)}")
        self._mapping = dict(mapping)
        self._cached_layout = lru_cache(maxsize=256)(self._layout)

    def layout(self, row: Collection[str]) -> Layout:
        """Return what the columns of `row` stand for."""
        names = tuple(row)
        # rows with very many columns must not fill the cache
        return self._cached_layout(names) if len(names) <= _CACHED_COLUMNS else self._layout(names)

    def known(self, names: Collection[str]) -> set[str]:
        """Return the fields that these column names give."""
        layout = self.layout(names)
        return {field for field, _ in layout.columns} | ({"published_at"} if layout.time else set())

    def require(self, names: Collection[str], path: str) -> None:
        """Check that a file with these columns can give documents.

        Raises:
            ConfigurationError: it has no time or text column, or lacks a mapped one; lists its columns and names the option.
        """
        listed = ", ".join(visible(name, _LONGEST_NAME) for name in sorted(names)[:40]) or "(none)"
        absent = sorted(set(self._mapping.values()) - set(names))
        if absent:
            raise ConfigurationError(
                f"{path} has no column {', '.join(absent)}; its columns are {listed}", "correct --map, in a list of sources columns"
            )
        known = self.known(names)
        if len(names) == 1 and (inside := self._delimiter_in(next(iter(names)))):
            raise ConfigurationError(
                f"{path} has one column, {listed}",
                f"set the delimiter: --delimiter {inside!r}, in a list of sources delimiter = {inside!r}",
            )
        if "published_at" not in known:
            raise ConfigurationError(f"{path} has no known time column; its columns are {listed}", _name_it("published_at"))
        if not known & {"title", "text"}:
            raise ConfigurationError(f"{path} has no known text column; its columns are {listed}", _name_it("text"))

    def _delimiter_in(self, header: str) -> str:
        """Return the character that parts a header of one column; empty if it has none that is usual or gives known columns."""
        signs = dict.fromkeys(sign for sign in header if not (sign.isalnum() or sign == "_"))
        known = (sign for sign in signs if self.known([name.strip() for name in header.split(sign) if name.strip()]))
        return next((sign for sign in _PARTING if sign in signs), "") or next(known, "")

    def _layout(self, names: tuple[str, ...]) -> Layout:
        columns = self._resolve_names(names)
        as_named = len(columns) == len(ALIASES.keys() & set(names)) and all(found == (field,) for field, found in columns)
        return Layout(columns, self._time_columns(names), _has_social_sign(names), as_named)

    def _time_columns(self, names: tuple[str, ...]) -> TimeColumns | None:
        day = next((columns for field, columns in self._resolve_names(names) if field == "published_at"), ())
        by_lower = {name.strip().lower(): name for name in reversed(names)}
        mapped = {column for field, column in self._mapping.items() if field != "published_at"}

        def column(aliases: Sequence[str]) -> str:
            return next((by_lower[alias] for alias in aliases if alias in by_lower and by_lower[alias] not in mapped), "")

        calendar = tuple(name for names in CALENDAR if (name := column(names)))
        if len(calendar) < len(CALENDAR) or any(name.strip().lower() not in TIME_OF_DAY for name in day):
            calendar = ()
        day = () if calendar else day
        partners = tuple(beside(name) for name in day if by_lower.get(beside(name)) != name)
        further = [lower for lower in by_lower if is_time_of_day(lower) and by_lower[lower] not in day]
        of_day, zone = column((*partners, *TIME_OF_DAY)) or column(further), column(ZONE)
        of_day = "" if day[:1] == (of_day,) else of_day  # alone, it is the time itself
        clock = () if of_day or not column(CLOCK[0]) else tuple(name for names in CLOCK if (name := column(names)))
        spread = calendar or (day and (of_day or zone or clock))
        return TimeColumns(day, of_day, zone, clock, column(HALF), calendar) if spread else None

    def _resolve_names(self, names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        by_lower = {name.strip().lower(): name for name in reversed(names)}
        resolved = []
        for field, aliases in ALIASES.items():
            candidates: tuple[str, ...]
            if field in self._mapping:
                candidates = (self._mapping[field],) if self._mapping[field] in names else ()
            else:
                candidates = tuple(by_lower[alias] for alias in aliases if alias in by_lower)
            if candidates:
                resolved.append((field, candidates))
        return tuple(resolved)


def _has_social_sign(names: tuple[str, ...]) -> bool:
    return any(name.lower() in _SOCIAL_SIGNS for name in names)


def _fullest(values: list[Any]) -> Any:
    """Return the value that says most; one that is not text is left for the check of the field."""
    texts = [value.get("full_text", value) if isinstance(value, Mapping) else value for value in values]  # Twitter's `extended_tweet`
    given = [text for text in texts if is_given(text)]
    return fullest(given) if all(isinstance(text, str) for text in given) else given[0]


def _name_it(field: str) -> str:
    """Return how a column is named on the command line, and for a source of type folder or tail."""
    return f'name it with --map {field}=COLUMN, in a list of sources columns = {{ {field} = "COLUMN" }}'
