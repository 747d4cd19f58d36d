"""A time that is spread over columns: the day in one or three, the time of day in others, the zone in another one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.ingest.fields import InvalidFieldError, is_given

TIME_OF_DAY: Final = ("time", "time_of_day")
"""Columns that hold the time of day, where another one holds the day."""
_TIMES: Final = frozenset({"time", "clock", "uhrzeit", "heure", "hora"})
_OF_TIMES: Final = (
    "article create created creation day event gmt item local news of post posted pub publication publish published release released story"
    " tweet tweeted utc"
)
_OF_PUBLICATION: Final = frozenset(_OF_TIMES.split())
"""What columns of times are called after."""
CLOCK: Final = (("hour", "hours", "hour_of_day"), ("minute", "minutes"), ("second", "seconds"))
"""Columns that hold hour, minute and second, where no column holds the time of day."""
HALF: Final = ("ampm", "am_pm", "am/pm", "meridiem", "meridian")
"""Columns that hold the half of the day beside a time of day or an hour."""
CALENDAR: Final = (("year",), ("month",), ("day", "day_of_month"))
"""Columns that hold year, month and day, where no column holds the day."""
ZONE: Final = ("timezone", "time_zone", "tz", "utc_offset", "utcoffset", "gmt_offset")
_OF_DAY: Final = re.compile(r"\d{1,2}[:h]\d{1,2}|\d{1,2} ?[ap]\.?m", re.IGNORECASE)
_MIDNIGHT: Final = re.compile(r"(?<=\d)[T ]00:00(?::00(?:\.0{1,9})?)?$")
_WORD: Final = re.compile(r"[a-z]+")
_NUMBER: Final = re.compile(r"\d{1,4}(?:\.0{1,9})?", re.ASCII)
_UNIX: Final = re.compile(r"[+-]?(?:\d{9,19})(?:\.\d+)?", re.ASCII)
_OF_DAY_FORMATS: Final = ("%H", "%I", "%X", "%c", "%T", "%R", "%s")


def is_time_of_day(column: str) -> bool:
    """Return whether a column in lower case is called as one of times of day is, as `pub_time`; `reading_time` is not."""
    words = set(_WORD.findall(column))
    return bool(words & _TIMES) and words <= _TIMES | _OF_PUBLICATION


def is_utc(column: str) -> bool:
    """Return whether the name of a column says that its times are in UTC."""
    return bool({"utc", "gmt"} & set(_WORD.findall(column.lower())))


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
        clock: the columns of hour, minute and second, as far as there are any; without `of_day` only.
        half: the column of the half of the day; empty: none.
        calendar: the columns of year, month and day; without `day` only.
    """

    day: tuple[str, ...]
    of_day: str = ""
    zone: str = ""
    clock: tuple[str, ...] = ()
    half: str = ""
    calendar: tuple[str, ...] = ()

    def joined(self, row: Mapping[str, Any], time_format: str) -> str | None:
        """Return the time of a row as text in one of the forms of `parse_time`; None if its first column that is not empty says all.

        The time of day counts where the first column has none, and the zone where the time has none.

        Raises:
            InvalidFieldError: the parts are not all there, or are no time together; names the columns.
        """
        name = next((name for name in self.day if is_given(row[name])), "")
        used = [name] if name else list(self.calendar)
        text = _time(row[name], time_format) if name else self._calendar_day(row)
        if text is None:
            return None
        if self.calendar and self.of_day and _is_time(row[self.of_day]):
            return None
        parts = tuple(each for each in (self.of_day, *self.clock) if each and each != name)
        if parts:
            text = _MIDNIGHT.sub("", text)  # a column of days, as pandas and Parquet write it
        has_time = bool(_OF_DAY.search(text))
        if not has_time and parts:
            if not is_given(row[parts[0]]):
                raise self._refusal(f"the day is in {', '.join(used)}, and the time of day in {parts[0]} is missing")
            text, has_time = f"{text} {self._of_day(row, parts)}", True
            used += [each for each in (*parts, self.half) if each and is_given(row[each])]
        zone = str(row[self.zone]).strip() if self.zone and is_given(row[self.zone]) else ""
        if has_time and self.of_day in used and is_utc(self.of_day) and _is_naive(text):
            text = f"{text} UTC"
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

    def _calendar_day(self, row: Mapping[str, Any]) -> str | None:
        """Return the day of a row that has columns of year, month and day; None where none of them says anything."""
        values = [row[name] for name in self.calendar]
        if not any(is_given(value) for value in values):
            return None
        absent = [name for name, value in zip(self.calendar, values, strict=True) if not is_given(value)]
        if absent:
            raise self._refusal(f"the day is in {', '.join(self.calendar)}, and {', '.join(absent)} is missing")
        year, month, day = (_digits(value) for value in values)
        return f"{year:>04}-{month:>02}-{day:>02}" if month.isdigit() else f"{day} {month} {year}"

    def _of_day(self, row: Mapping[str, Any], parts: tuple[str, ...]) -> str:
        """Return the time of day of a row: that of its one column, or that of its hour, minute and second."""
        if self.of_day in parts:
            text = str(row[self.of_day]).strip()
        else:
            numbers = [_digits(row[name]) if is_given(row[name]) else "00" for name in parts]
            text = (
                numbers[0] if not numbers[0].isdigit() else ":".join(f"{number:>02}" for number in (*numbers, "00")[: max(2, len(numbers))])
            )
        half = str(row[self.half]).strip() if self.half and is_given(row[self.half]) else ""
        return f"{text} {half}" if half else text

    def _refusal(self, message: str) -> InvalidFieldError:
        return InvalidFieldError("invalid_field", "published_at", message)


def _digits(value: Any) -> str:
    """Return a whole number as its digits, also where a table has made `14.0` of it; other values as text."""
    text = str(value).strip()
    return text.partition(".")[0] if _NUMBER.fullmatch(text) else text


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
    return _is_time(text) and not _is_time(text, None)


def _is_time(value: Any, naive: tzinfo | None = UTC) -> bool:
    try:
        parse_time(value, naive)
    except TimeFormatError:
        return False
    return True
