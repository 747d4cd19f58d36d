"""A time that is spread over columns: the day in one, the time of day in another, the zone in a third."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from squall.ingest.fields import InvalidFieldError, is_given
from squall.ingest.publication_time import TimeFormatError, parse_time

TIME_OF_DAY: Final = ("time", "time_of_day")
"""Columns that hold the time of day, where another one holds the day."""
ZONE: Final = ("timezone", "time_zone", "tz", "utc_offset", "utcoffset")
_OF_DAY: Final = re.compile(r"\d{1,2}[:h]\d{1,2}|\d{1,2} ?[ap]\.?m", re.IGNORECASE)
_MIDNIGHT: Final = re.compile(r"(?<=\d)[T ]00:00(?::00(?:\.0{1,9})?)?$")
_UNIX: Final = re.compile(r"[+-]?(?:\d{9,19})(?:\.\d+)?", re.ASCII)
_OF_DAY_FORMATS: Final = ("%H", "%I", "%X", "%c", "%T", "%R", "%s")


def beside(day: str) -> str:
    """Return what the column of times of day is called beside the column `day`: `pub_time` beside `pub_date`."""
    name = day.strip().lower()
    return f"{name.removesuffix('_at')}_time" if name.endswith("_at") else name.replace("date", "time")


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns of one file that a time is spread over.

    Args:
        day: the columns of the time, or of its day, the best first.
        of_day: the column of the time of day; empty: none.
        zone: the column of the zone; empty: none.
    """

    day: tuple[str, ...]
    of_day: str = ""
    zone: str = ""

    def joined(self, row: Mapping[str, Any], time_format: str) -> str | None:
        """Return the time of a row as text in one of the forms of `parse_time`; None if its first column that is not empty says all.

        The time of day counts where the first column has none, and the zone where the time has none.

        Raises:
            InvalidFieldError: the parts are not all there, or are no time together; names the columns.
        """
        name = next((name for name in self.day if is_given(row[name])), "")
        if not name:
            return None
        text = _time(row[name], time_format)
        if text is None:
            return None
        used = [name]
        if self.of_day and self.of_day != name:
            text = _MIDNIGHT.sub("", text)  # a column of days, as pandas and Parquet write it
        has_time = bool(_OF_DAY.search(text))
        if not has_time and self.of_day and self.of_day != name:
            part = row[self.of_day]
            if not is_given(part):
                raise self._refusal(f"the day is in {name}, and the time of day in {self.of_day} is missing")
            text, has_time = f"{text} {str(part).strip()}", True
            used.append(self.of_day)
        zone = str(row[self.zone]).strip() if self.zone and is_given(row[self.zone]) else ""
        if zone and _is_naive(text):
            text = f"{text}{'' if has_time else ' 00:00'} {zone}"
            used.append(self.zone)
        if len(used) == 1:
            return None
        try:
            parse_time(text, UTC)
        except TimeFormatError as error:
            raise self._refusal(f"the columns {', '.join(used)} are no time together: {error}") from error
        return text

    def _refusal(self, message: str) -> InvalidFieldError:
        return InvalidFieldError("invalid_field", "published_at", message)


def _time(value: Any, time_format: str) -> str | None:
    """Return a day, or a time, as text; None for a Unix time, and for what `parse_time` reads by `time_format` or refuses."""
    if not isinstance(value, str) or _UNIX.fullmatch(value.strip()):
        return None
    if not time_format:
        return value.strip()
    try:
        read = datetime.strptime(value, time_format)  # noqa: DTZ007 - a zone may be in a column of its own
    except ValueError:
        return None
    if read.tzinfo is not None:
        return None
    return read.isoformat(" ") if any(hours in time_format for hours in _OF_DAY_FORMATS) else read.date().isoformat()


def _is_naive(text: str) -> bool:
    """Return whether `text` is a time without a zone."""
    try:
        parse_time(text, None)
    except TimeFormatError:
        pass
    else:
        return False
    try:
        parse_time(text, UTC)
    except TimeFormatError:
        return False
    return True
