"""How a publication time is read: the forms that files, feeds and APIs use."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from squall.core.errors import ConfigurationError

_EPOCH = re.compile(r"^[+-]?\d{9,10}(?:\.\d+)?$|^\d{12,13}(?:\.\d+)?$|^\d{16}$|^\d{19}$", re.ASCII)
_COMPACT = re.compile(r"^\d{14}$", re.ASCII)
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_WORDY = ("%b %d, %Y %H:%M:%S", "%b %d, %Y %H:%M", "%b %d, %Y", "%B %d, %Y %H:%M", "%B %d, %Y", "%d %b %Y", "%d %B %Y")
_LONGEST = 100
_EXAMPLES = "expected for example 2026-03-02T14:05:00Z, Mon, 02 Mar 2026 14:05:00 GMT or 1772460300"


class TimeFormatError(ValueError):
    """A value is not a time in a known form; the message gives examples."""


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


def parse_time(value: Any, naive: tzinfo | None = None, time_format: str = "") -> datetime:
    """Return `value` as an aware UTC time.

    Args:
        value: a `datetime`, `date`, ISO 8601 text with or without seconds, an RFC 822 date, Twitter's date, `Mar 2, 2026`,
            `20260302140500`, or a Unix time in seconds, ms, µs or ns (distinguished by magnitude) as a number or as text.
            Day and month in numbers (`02/03/2026`) are ambiguous: give `time_format`.
        naive: the zone of times without one; None refuses them.
        time_format: `strptime` format, used instead of all other forms.

    Raises:
        TimeFormatError: it is in none of these forms, or has no zone and `naive` is None.
    """
    if isinstance(value, str) and not value.isascii() and any(each.isdigit() and not each.isascii() for each in value[:_LONGEST]):
        raise TimeFormatError(f"{value[:40]!r} has digits other than 0 to 9, which may belong to another calendar")
    try:
        parsed = datetime.strptime(_text(value), time_format) if time_format else _parse(value)  # noqa: DTZ007 - zone set below
        return _to_utc(parsed, naive)
    except TimeFormatError:
        raise
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


def _parse(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - `parse_time` sets the zone
    if isinstance(value, bool):
        raise TimeFormatError("a boolean is not a time")
    if isinstance(value, int | float):
        return _from_epoch(float(value))
    if isinstance(value, str):
        return _from_text(value.strip())
    raise TypeError


def _from_epoch(value: float) -> datetime:
    size = abs(value)
    unit = 1.0 if size < 1e11 else 1e3 if size < 1e14 else 1e6 if size < 1e17 else 1e9
    return datetime.fromtimestamp(value / unit, UTC)


def _from_text(text: str) -> datetime:
    if not text or len(text) > _LONGEST:
        raise ValueError
    if _COMPACT.match(text):
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - `parse_time` sets the zone
    if _EPOCH.match(text):
        return _from_epoch(float(text))
    for reader in (_iso, parsedate_to_datetime, _wordy):
        try:
            return reader(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    raise ValueError


def _iso(text: str) -> datetime:
    bare = _ZONE_NAME.sub("", text)
    parsed = datetime.fromisoformat(bare.replace("/", "-") if bare[4:5] == "/" and bare[:4].isdigit() else bare)
    return parsed.replace(tzinfo=UTC) if bare != text and parsed.tzinfo is None else parsed


def _wordy(text: str) -> datetime:
    bare = _ZONE_NAME.sub("", text)
    for pattern in _WORDY:
        try:
            parsed = datetime.strptime(bare, pattern)  # noqa: DTZ007 - `parse_time` sets the zone
        except ValueError:
            continue
        return parsed.replace(tzinfo=UTC) if bare != text else parsed
    raise ValueError
