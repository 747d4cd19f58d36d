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
_REREAD_SECONDS: Final = 30.0


class Versions:
    """Numbers that always grow: of the versions of a row, the largest wins. Thread-safe; all queries of a store share one.

    A version is the time, but a clock that was set back, or is behind that of another machine, must not make new rows lose against old
    ones. So a version is also larger than every version that its table has. That is read from the table at the first write, and again
    when it was read more than half a minute ago: another process may have written since.

    Args:
        clock: a version is at least its time in microseconds since 1970.
        highest: returns the largest version in a table, 0 when it is empty.
    """

    def __init__(self, clock: Clock, highest: Callable[[str], int]) -> None:
        self._clock = clock
        self._highest = highest
        self._last = 0
        self._read_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def next(self, table: str, count: int = 1) -> range:
        """Return `count` versions for rows of `table`.

        Raises:
            StoreUnavailableError: the store does not answer.
            StoreError: there is no such table.
        """
        now = self._clock.monotonic()
        with self._lock:
            known = now - self._read_at.get(table, float("-inf")) < _REREAD_SECONDS
        floor = 0 if known else self._highest(table)
        with self._lock:
            if not known:
                self._read_at[table] = now
            first = max(self._last + 1, floor + 1, (self._clock.now() - _EPOCH) // timedelta(microseconds=1))
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
            columns[VERSION.name] = [self._versions.next(table.name)[0]] * len(records)
        self._backend.insert(table.block(records, columns), "")


def newest(records: Iterable[R], key: Callable[[R], Hashable]) -> list[R]:
    """Return the last of all records with the same `key`."""
    return list({key(record): record for record in records}.values())


def unique(values: Iterable[str]) -> list[str]:
    """Return distinct values in order."""
    return list(dict.fromkeys(values))
