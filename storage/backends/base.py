"""What the two backends implement: run a query, run a statement, insert a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from squall.core.errors import StoreError, StoreRefusedError, StoreUnavailableError
from squall.storage.backends.error_codes import MISSING, NO_DATABASE, REFUSED, is_temporary

Value = str | int | float | datetime | Enum | Sequence[str]
"""What may be bound: a datetime is aware and becomes text for `{name:DateTime64(3,'UTC')}`; a sequence is `{name:Array(String)}`."""
Params = Mapping[str, Value]

_CODE = re.compile(r"Code: (\d{1,9})", re.ASCII)
MIGRATE_HINT = "run `squall store migrate`"


class Cell(Enum):
    """What a column holds in Python, and its type in ClickHouse where that makes a difference."""

    TEXT = "text"
    ENUM = "enum"
    """Text; an Enum8 in ClickHouse."""
    BYTES = "bytes"
    TEXTS = "texts"
    UINT32 = "uint32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    FLOAT32S = "float32s"
    UINT32S = "uint32s"
    BOOL = "bool"
    TIME = "time"
    """Aware datetime, milliseconds: a DateTime64(3)."""
    SECOND = "second"
    """Aware datetime, whole seconds: a DateTime."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one insert, as columns.

    Args:
        table: name of the table.
        columns: name and type of each column.
        values: one sequence for each column, all of the same length; columns that are left out get their defaults.
    """

    table: str
    columns: tuple[tuple[str, Cell], ...]
    values: Sequence[Sequence[Any]]

    @property
    def names(self) -> str:
        """The column names as an insert lists them."""
        return ", ".join(name for name, _ in self.columns)


class Result:
    """Columns of one answer, in the order they were selected.

    Args:
        names: of the columns, as the query labels them.
        columns: Python values; times are aware.
        rows: number of rows.
    """

    def __init__(self, names: Sequence[str], columns: Sequence[Sequence[Any]], rows: int) -> None:
        self.names = names
        self.columns = columns
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return zip(*self.columns, strict=True)

    def by_name(self) -> Iterator[dict[str, Any]]:
        """Return the rows as mappings of column name to value."""
        return (dict(zip(self.names, row, strict=True)) for row in self)


class Backend(Protocol):
    """Runs SQL: parameters are `{name:Type}`; thread-safe. Every method raises `StoreError` or a subclass, nothing else."""

    def select(self, sql: str, params: Params) -> Result:
        """Run a query that answers with rows."""

    def command(self, sql: str, params: Params) -> None:
        """Run a statement that answers with nothing."""

    def insert(self, block: Block, token: str) -> None:
        """Insert one block; a repeated non-empty `token` changes nothing."""

    def close(self) -> None:
        """Close every connection; idempotent."""


def plain(value: Value) -> str | int | float | list[str]:
    """Turn a parameter into what both backends render: text, numbers and lists of text."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} carries no time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str | int | float):
        return value
    return list(value)


def error_code(message: str) -> int:
    """Return ClickHouse's error number in `message`, 0 when there is none."""
    found = _CODE.search(message)
    return int(found[1]) if found else 0


def server_error(store: str, code: int, message: str, doing: str) -> StoreError | StoreUnavailableError:
    """Return the Squall error for an error that ClickHouse answered: unavailable when trying again may help."""
    text = message.split("Stack trace:")[0].strip()[:800]
    what = f"store {store}: {doing} failed: {text}"
    if is_temporary(code, text):
        return StoreUnavailableError(what, "tried again until it passes; check memory, disk and load of ClickHouse")
    if code in MISSING:
        return StoreError(what, MIGRATE_HINT)
    if code == NO_DATABASE:
        return StoreError(what, "create it on the server with CREATE DATABASE, or correct SQUALL_STORE__URL")
    if code in REFUSED:
        return StoreRefusedError(what, "check user, password (or SQUALL_STORE__PASSWORD) and grants in SQUALL_STORE__URL")
    return StoreError(what, "this is an error in the request; trying again will not help")
