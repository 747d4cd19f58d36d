"""What every group of queries stands on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from squall.storage.backends.base import Backend, Params, Result
from squall.storage.schema.tables import Table


class StoreBase:
    """The primitives: select, command, insert, and a version number that always grows."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._version = 0
        self._version_lock = threading.Lock()

    def read(self, sql: str) -> Result:
        """Run a finished query, such as a panel's of `squall.storage.panels` with its macros expanded."""
        return self._backend.select(sql, {})

    def _select(self, sql: str, **params: Any) -> Result:
        return self._backend.select(sql, params)

    def _one(self, sql: str, **params: Any) -> tuple[Any, ...] | None:
        return next(iter(self._backend.select(sql, params)), None)

    def _command(self, sql: str, **params: Any) -> None:
        bound: Params = params
        self._backend.command(sql, bound)

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]], token: str = "") -> None:
        if rows:
            self._backend.insert(table, list(zip(*rows, strict=True)), token)

    def _next_version(self) -> int:
        """Return microseconds since 1970, always larger than the one before: the last write of a mutable row wins."""
        with self._version_lock:
            self._version = max(self._version + 1, time.time_ns() // 1000)
            return self._version


def utc(value: datetime) -> datetime:
    """Return `value` in UTC, whatever tzinfo class the client made."""
    return value.astimezone(UTC)


def optional_utc(value: datetime | None) -> datetime | None:
    """Return `value` in UTC or None."""
    return value.astimezone(UTC) if value is not None else None


def valid_text(value: str) -> str:
    """Return `value` without lone surrogates, which UTF-8 cannot carry."""
    return value.encode("utf-8", "replace").decode()


def unique(values: Iterable[str]) -> list[str]:
    """Return distinct values in order."""
    return list(dict.fromkeys(values))
