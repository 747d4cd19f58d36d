"""A table, declared once: its columns, and the record that each row is written from and read into."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from squall.storage.backends.base import Block, Cell, Result

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table and the field of a record behind it.

    Args:
        name: in ClickHouse, and of the field of the record that is read.
        cell: what it holds.
        enum: class of the field's value; None: a plain value.
        path: where the value is in the record that is written, for example `origin.topic`; empty: the field `name`.
        given: the writer adds the value, it is no field of the record, and readers do not get it.
        filled: ClickHouse fills it in, and it is only read.
    """

    name: str
    cell: Cell
    enum: type[StrEnum] | None = None
    path: str = ""
    given: bool = False
    filled: bool = False

    @property
    def selected(self) -> str:
        """The expression that a query selects so that both backends return the same value, with its label."""
        form = _FORMS.get(self.cell)
        return f"{form.format(self.name)} AS {self.label}" if form else self.name

    @property
    def label(self) -> str:
        """What `selected` is called in a result; never the name of a column when it is another value than the column's."""
        return f"{self.name}_as_{self.cell.value}" if self.cell in _FORMS else self.name

    def encode(self, records: Sequence[object]) -> list[Any]:
        """Return the values of `records` as ClickHouse gets them."""
        values = map(attrgetter((self.path or self.name) + (".value" if self.enum else "")), records)
        encode = _ENCODERS.get(self.cell)
        return list(map(encode, values)) if encode else list(values)

    def decode(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return values of a result as the record's field holds them."""
        decode: Callable[[Any], Any] | None = self.enum or _DECODERS.get(self.cell)
        return [decode(value) for value in values] if decode else values


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A table.

    Args:
        name: in ClickHouse.
        record: makes what is read, out of the columns by name.
        columns: every column of the table that is written or read.
    """

    name: str
    record: Callable[..., R]
    columns: tuple[Column, ...]

    @property
    def selected(self) -> str:
        """What a query selects for `read`."""
        return ", ".join(column.selected for column in self.columns if not column.given)

    def select(self, rest: str = "") -> str:
        """Return the query for `read` with `rest` after the table's name, for example `FINAL WHERE id = {id:String}`."""
        return f"SELECT {self.selected} FROM {self.name} {rest}"  # noqa: S608  constant parts only; values are bound

    @property
    def given(self) -> frozenset[str]:
        """Names of the columns that the writer adds."""
        return frozenset(column.name for column in self.columns if column.given)

    def block(self, records: Sequence[object], given: Mapping[str, Sequence[Any]]) -> Block:
        """Return `records` as one insert.

        Args:
            given: values of the columns that are no fields of the records, one for each record.

        Raises:
            KeyError: a given column is missing.
        """
        written = [column for column in self.columns if not column.filled]
        values = [given[column.name] if column.given else column.encode(records) for column in written]
        return Block(self.name, tuple((column.name, column.cell) for column in written), values)

    def read(self, result: Result) -> list[R]:
        """Return the rows of a query that selects `selected`; what else it selects is handed to `record` by its label."""
        found = dict(zip(result.names, result.columns, strict=True))
        fields = {column.name: column.decode(found.pop(column.label)) for column in self.columns if not column.given} | found
        return [self.record(**dict(zip(fields, row, strict=True))) for row in zip(*fields.values(), strict=True)]


VERSION: Final = Column("version", Cell.UINT64, given=True)
"""Of a row that is replaced: the largest version wins."""


def utc(value: datetime) -> datetime:
    """Return `value` in UTC, whatever tzinfo class the client made."""
    return value.astimezone(UTC)


def optional_utc(value: datetime | None) -> datetime | None:
    """Return `value` in UTC or None."""
    return value.astimezone(UTC) if value is not None else None


def valid_text(value: str) -> str:
    """Return `value` without lone surrogates, which UTF-8 cannot carry."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _texts(values: Iterable[str]) -> list[str]:
    return [valid_text(value) for value in values]


_FORMS: Final = {
    Cell.ENUM: "toString({})",
    Cell.BYTES: "base64Encode({})",  # bytes that are not UTF-8 reach no client unharmed
    Cell.SECOND: "toDateTime64({}, 3, 'UTC')",  # chDB answers with a bare number for a DateTime
}
_ENCODERS: Final[Mapping[Cell, Callable[[Any], Any]]] = {Cell.TEXT: valid_text, Cell.TEXTS: _texts}
_DECODERS: Final[Mapping[Cell, Callable[[Any], Any]]] = {
    Cell.TEXTS: tuple,
    Cell.FLOAT32S: tuple,
    Cell.UINT32S: tuple,
    Cell.BYTES: base64.b64decode,
    Cell.BOOL: bool,
    Cell.TIME: optional_utc,
    Cell.SECOND: utc,
}
