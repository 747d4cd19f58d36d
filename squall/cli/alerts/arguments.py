"""Reads what operators write: durations, moments, and the name of an author."""

from __future__ import annotations

import getpass
import re
from datetime import datetime, timedelta
from typing import Final

from squall.cli.options import parse_moment
from squall.core.errors import ConfigurationError

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}
_DURATION = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?", re.ASCII)
_LONGEST: Final = timedelta(days=366)


def parse_duration(text: str) -> timedelta:
    """Read `2h`, `90m`, `1d12h`.

    Raises:
        ConfigurationError: it is not of this form, zero, or longer than a year.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    parts = {unit: int(match[unit][:6]) for unit in _UNITS if match[unit]} if match else {}
    duration = timedelta(**{_UNITS[unit]: number for unit, number in parts.items()})
    if not timedelta(0) < duration <= _LONGEST:
        raise ConfigurationError(f"{text!r} is not a duration of at most a year", "write 30m, 2h, 1d or 1d12h")
    return duration


def parse_past(option: str, text: str, now: datetime) -> datetime | None:
    """Read a time, or how long ago it was: `2011-08-05`, `7d`; None when it is empty."""
    return now - parse_duration(text) if _is_duration(text) else parse_moment(option, text)


def parse_future(option: str, text: str, now: datetime) -> datetime | None:
    """Read a time, or how long until then: `2026-03-02T14:00Z`, `2h`; None when it is empty."""
    return now + parse_duration(text) if _is_duration(text) else parse_moment(option, text)


def _is_duration(text: str) -> bool:
    return bool(text.strip()) and _DURATION.fullmatch(text.strip().lower()) is not None


def author_or_user(author: str) -> str:
    """Return the author given, or the login name.

    Raises:
        ConfigurationError: there is neither.
    """
    if author.strip():
        return author.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigurationError("this user has no login name", "give a name with --author") from None
