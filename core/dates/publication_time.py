"""How a publication time is read: the forms that files, feeds and APIs use."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from squall.core.dates.grammar import DateError, read_date
from squall.core.dates.zones import abbreviated, is_abbreviation, is_offset, parse_offset
from squall.core.errors import ConfigurationError

_EPOCH = re.compile(r"^[+-]?\d{9,10}(?:\.\d+)?$|^\d{12,13}(?:\.\d+)?$|^\d{16}$|^\d{19}$", re.ASCII)
_COMPACT = re.compile(r"^(?:19|20)\d{10}(?:\d\d)?$", re.ASCII)
"""Of 12 digits too: as milliseconds they would be before 1990."""
_DAY = re.compile(r"^(?:19|20)\d{6}$", re.ASCII)
"""As seconds they would be in 1970."""
_PAST_MOMENTS = 10**14
_CUT_CLOCK = re.compile(r"^\d\d(?::?\d\d)?[.,]", re.ASCII)
"""A fraction of an hour or minute: Python reads `18.02` as two hundredths of a second after 18:00, who writes it means 18:02."""
_ORDINAL_DAY = re.compile(r"^\d{4}-\d{3}$", re.ASCII)
_MONTHS = dict(zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True))
_DAY_NAME = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_CLOCK = r"(\d\d):(\d\d)(?::(\d\d))?"
_OFFSET = r"([+-])(\d\d)(\d\d)"
_RFC822 = re.compile(
    rf"^(?:{_DAY_NAME}, )?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}) {_CLOCK} (?:([A-Z]{{2,5}})|{_OFFSET})$", re.ASCII | re.IGNORECASE
)
_TWITTER = re.compile(rf"^{_DAY_NAME} ({'|'.join(_MONTHS)}) (\d\d) {_CLOCK} {_OFFSET} (\d{{4}})$", re.ASCII | re.IGNORECASE)
_ISO_SEPARATORS = frozenset({"", "T", "t", " "})
_DOUBLE_SIGNS = frozenset({":-", ":+"})
_LONGEST = 100
_SHORTEST_UTC = len("2026-03-02T14:05Z")
_SHORTEST_OFFSET = len("2026-03-02T14:05+00:00")
_EXAMPLES = "expected for example 2026-03-02T14:05:00Z, Mon, 02 Mar 2026 14:05:00 GMT or 1772460300"


class TimeFormatError(ValueError):
    """A value is not a time, or not all of it is understood; the message says why, or gives examples."""


def zone(name: str) -> tzinfo | None:
    """Return the time zone `name`, which applies to times without one; None for `reject`.

    Raises:
        ConfigurationError: unknown time zone.
    """
    if name == "reject":
        return None
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(f"{name!r} is not a time zone", "use UTC, reject, or a name such as America/New_York") from None


def parse_time(value: Any, naive: tzinfo | None = None, time_format: str = "", language: str = "") -> datetime:
    """Return `value` as an aware UTC time.

    Args:
        value: a `datetime`, `date`, a Unix time in seconds, ms, µs or ns (distinguished by magnitude) as a number or as text, or text:
            ISO 8601, an RFC 822 date, Twitter's date, `20260302140500`, or what `squall.core.dates.grammar` understands, such as
            `Mar 2, 2026 2:05 PM CET` or `Mo., 2. März 2026, 14:05 Uhr`. Every part of it has to be understood.
            Day and month in numbers (`02/03/2026`) are ambiguous: give `time_format`.
        naive: the zone of times without one; None refuses them. Of two zones with one abbreviation it is the one that is meant.
        time_format: `strptime` format, used instead of all other forms.
        language: of the text, such as `de` or `en-IN`; it decides what a word or a zone's abbreviation means that has several meanings.

    Raises:
        TimeFormatError: it is in none of these forms, a part of it is not understood, or it has no zone and `naive` is None.
    """
    if isinstance(value, str) and not time_format and (read := _iso_utc(value)):  # the usual case
        return read
    if isinstance(value, str) and not value.isascii() and any(each.isdigit() and not each.isascii() for each in value[:_LONGEST]):
        raise TimeFormatError(f"{value[:40]!r} has digits other than 0 to 9, which may belong to another calendar")
    try:
        if time_format:
            return _to_utc(datetime.strptime(_text(value), time_format), naive)  # noqa: DTZ007 - zone set below
        return _to_utc(_parse(value, naive, language), naive)
    except TimeFormatError:
        raise
    except DateError as error:
        raise TimeFormatError(f"{_text(value)[:60]!r} is not a time that is understood: {error}") from None
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        shown = _text(value)[:40] if isinstance(value, str | int | float) else type(value).__name__
        wanted = f"expected {time_format}" if time_format else _EXAMPLES
        raise TimeFormatError(f"{shown!r} is not a time; {wanted}") from None


def _text(value: Any) -> str:
    """Return `value` as text of bounded length; Python refuses to write integers of more than 4300 digits."""
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return "a number that is too large"
    text = str(value)
    if len(text) > _LONGEST:
        raise TimeFormatError(f"{text[:40]!r}… is too long for a time")
    return text


def _to_utc(parsed: datetime, naive: tzinfo | None) -> datetime:
    if parsed.tzinfo is None:
        if naive is None:
            raise TimeFormatError(f"{parsed.isoformat()} has no time zone; write for example {parsed.isoformat()}Z")
        parsed = parsed.replace(tzinfo=naive)
    return parsed.astimezone(UTC)


def _parse(value: Any, naive: tzinfo | None, language: str) -> datetime:
    if isinstance(value, str):
        return _from_text(value, naive, language)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - `parse_time` sets the zone
    if isinstance(value, bool):
        raise TimeFormatError("a boolean is not a time")
    if isinstance(value, int | float):
        return _from_number(value)
    raise TypeError


def _from_number(value: float) -> datetime:
    """Read a number whose digits are a day or a moment, as 20260302 or 20260302140500, as their text is; every other one is a Unix time."""
    digits = str(int(value)) if value == value and abs(value) < _PAST_MOMENTS and value == int(value) else ""
    return datetime.fromisoformat(digits) if _DAY.match(digits) else _digits(digits) or _from_epoch(float(value))


def _from_epoch(value: float) -> datetime:
    size = abs(value)
    unit = 1.0 if size < 1e11 else 1e3 if size < 1e14 else 1e6 if size < 1e17 else 1e9
    return datetime.fromtimestamp(value / unit, UTC)


def _from_text(text: str, naive: tzinfo | None, language: str) -> datetime:
    """Read the forms that programs write by the shortest way, and everything else by the grammar."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        raise ValueError
    found = _digits(text) if text[1:6].isdigit() and text.isascii() else None
    return found or _iso(text) or _rfc822(text, naive, language) or read_date(text, naive, language)


def _iso_utc(text: str) -> datetime | None:
    """Read `2026-03-02T14:05:00Z` and `…+00:00`, with a fraction or without: what `_iso` reads too, by fewer steps."""
    if len(text) < _SHORTEST_UTC or len(text) > _LONGEST or text[4] != "-" or text[10] != "T" or not text.isascii():
        return None
    if text[-1] != "Z" and (text[-6:] != "+00:00" or len(text) < _SHORTEST_OFFSET):
        return None
    if text[13] != ":" or text[16] not in ":Z+":
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is UTC else None


def _iso(text: str) -> datetime | None:
    """Read ISO 8601; Python's reader accepts any sign between day and time, a week without a day, and offsets of a whole day."""
    sign = text[4:5]
    length = 8
    if sign in {"-", "/"}:
        length = 10
        if sign == "/":
            text = text.replace("/", "-")
    if len(text) == 8 and _ORDINAL_DAY.match(text):
        return datetime.strptime(text, "%Y-%j")  # noqa: DTZ007 - `parse_time` sets the zone
    if len(text) < length or text[length : length + 1] not in _ISO_SEPARATORS:
        return None
    if _CUT_CLOCK.match(text[length + 1 :]):
        return None
    bare = text[:-4] if text.endswith((" UTC", " GMT")) else text
    try:
        parsed = datetime.fromisoformat(bare)
    except ValueError:
        return None
    offset = parsed.utcoffset()
    if offset is None:
        return parsed if bare is text else parsed.replace(tzinfo=UTC)
    return parsed if bare is text and (not offset or is_offset(offset)) and text[-6:-4] not in _DOUBLE_SIGNS else None


def _rfc822(text: str, naive: tzinfo | None, language: str) -> datetime | None:
    match = _RFC822.match(text)
    name: str | None = None
    if match is not None:
        day, month, year, hour, minute, second, name, sign, hours, minutes = match.groups()
    else:
        match = _TWITTER.match(text)
        if match is None:
            return None
        month, day, hour, minute, second, sign, hours, minutes, year = match.groups()
    try:
        local = datetime(int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
        if name is None:
            return local.replace(tzinfo=_fixed(sign + hours + minutes))
        if name == "GMT":
            return local
        local = local.replace(tzinfo=None)
        return local.replace(tzinfo=abbreviated(name, naive, language)) if is_abbreviation(name) else None
    except ValueError:
        return None  # the grammar says what is wrong with it


@lru_cache(maxsize=256)
def _fixed(offset: str) -> timezone:
    return timezone(parse_offset(offset))


def _digits(text: str) -> datetime | None:
    if _EPOCH.match(text) and not _COMPACT.match(text):
        return _from_epoch(float(text))
    if _COMPACT.match(text):
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
    return None
