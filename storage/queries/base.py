"""What every group of queries stands on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from squall.core.clock import Clock
from squall.storage.backends.base import Backend, Params, Result
from squall.storage.schema.table import VERSION, Table

R = TypeVar("R")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Versions:
    """Numbers that always grow: of the versions of a row, the largest wins. Thread-safe; all queries of a store share one.

    Args:
        clock: a version is its time in microseconds since 1970, and larger than the version before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()

    def next(self, count: int = 1) -> range:
        """Return `count` versions."""
        with self._lock:
            first = max(self._last + 1, (self._clock.now() - _EPOCH) // timedelta(microseconds=1))
            self._last = first + count - 1
        return range(first, first + count)


class Queries:
    """The primitives: select, command, and writing records into their table."""

    def __init__(self, backend: Backend, versions: Versions) -> None:
        self._backend = backend
        self._versions = versions

    def _select(self, sql: str, **params: Any) -> Result:
        return self._backend.select(sql, params)

    def _one(self, sql: str, **params: Any) -> tuple[Any, ...] | None:
        """Return the first row, None when there is none."""
        return next(iter(self._backend.select(sql, params)), None)

    def _only(self, sql: str, **params: Any) -> tuple[Any, ...]:
        """Return the first row of a query that always answers with one."""
        return next(iter(self._backend.select(sql, params)))

    def _only_by_name(self, sql: str, **params: Any) -> dict[str, Any]:
        """Return the first row of a query that always answers with one, as a mapping of column name to value."""
        return next(self._backend.select(sql, params).by_name())

    def _read(self, table: Table[R], sql: str, **params: Any) -> list[R]:
        """Return the records of a query that selects `table.selected`."""
        return table.read(self._backend.select(sql, params))

    def _command(self, sql: str, **params: Any) -> None:
        bound: Params = params
        self._backend.command(sql, bound)

    def _write(self, table: Table[Any], records: Sequence[Any], **given: Any) -> None:
        """Insert `records`; `given` are values of columns that are the same in every row. A version is added where the table has one.

        Nothing is written when there are no records.
        """
        if not records:
            return
        columns: dict[str, Sequence[Any]] = {name: [value] * len(records) for name, value in given.items()}
        if VERSION.name in table.given and VERSION.name not in columns:
            columns[VERSION.name] = [self._versions.next()[0]] * len(records)
        self._backend.insert(table.block(records, columns), "")


def newest(records: Iterable[R], key: Callable[[R], Hashable]) -> list[R]:
    """Return the last of all records with the same `key`."""
    return list({key(record): record for record in records}.values())


def unique(values: Iterable[str]) -> list[str]:
    """Return distinct values in order."""
    return list(dict.fromkeys(values))
