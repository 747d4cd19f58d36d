"""What the commands of `squall alerts` share: the store as it is, finding an alert, reading times that people write."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from squall.core.config.settings import Settings, redact_url
from squall.core.errors import ConfigurationError, SquallError

if TYPE_CHECKING:
    from squall.storage import Store

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Author = Annotated[str, typer.Option(help="Who says so; default: the name you are logged in with.")]

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}
_DURATION = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?")
_LONGEST: Final = timedelta(days=366)


@contextmanager
def open_existing(settings: Settings) -> Iterator[Store]:
    """Open the store that is there already, changing nothing about its tables.

    Raises:
        SquallError: there is none, or its schema is behind.
        StoreLockedError: a running node owns the embedded store.
    """
    from squall import storage

    url = settings.store_url
    if url.startswith("chdb:") and not settings.data_dir.exists():
        raise SquallError(f"there is no data at {redact_url(url)}", "give --data-dir, or set SQUALL_STORE__URL")
    store = storage.open(url, timeout_seconds=settings.store.timeout_seconds, retention_days=settings.store.retention_days)
    try:
        if any(migration.applied_at is None for migration in store.migrations()):
            raise SquallError(f"the schema of {redact_url(url)} is missing or behind this version", "run `squall store migrate`")
        yield store
    finally:
        store.close()


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
