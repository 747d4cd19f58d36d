"""What the commands of `squall alerts` share: the store as it is, finding an alert, reading times that people write."""

from __future__ import annotations

import getpass
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    pass

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Author = Annotated[str, typer.Option(help="Who says so; default: the name you are logged in with.")]

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}
_DURATION = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?")
_LONGEST: Final = timedelta(days=366)


def duration(text: str) -> timedelta:
    """Read `2h`, `90m`, `1d12h`.

    Raises:
        ConfigurationError: it is not of this form, zero, or longer than a year.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    parts = {unit: int(match[unit][:6]) for unit in _UNITS if match[unit]} if match else {}
    length = timedelta(**{_UNITS[unit]: number for unit, number in parts.items()})
    if not timedelta(0) < length <= _LONGEST:
        raise ConfigurationError(f"{text!r} is not a length of time up to a year", "write 30m, 2h, 1d or 1d12h")
    return length


def author_or_user(author: str) -> str:
    """Return the author given, or the user's name.

    Raises:
        ConfigurationError: there is neither.
    """
    if author.strip():
        return author.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigurationError("this user has no name", "say who you are with --author") from None
