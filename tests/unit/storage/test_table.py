"""A table is declared once: what is written and what is read follow from the declaration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from squall.core.clock import ManualClock
from squall.storage.backends.base import Cell, Result
from squall.storage.queries.base import Versions
from squall.storage.schema.table import VERSION, Column, Table

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Maker:
    name: str


@dataclass(frozen=True)
class Car:
    colour: Colour
    maker: Maker
    marks: tuple[str, ...]


def made(*, colour: Colour, maker: str, marks: tuple[str, ...], doors: int = 4) -> tuple[Car, int]:
    return Car(colour, Maker(maker), marks), doors


CARS = Table(
    "cars",
    made,
    (
        Column("colour", Cell.TEXT, Colour),
        Column("maker", Cell.TEXT, path="maker.name"),
        Column("marks", Cell.TEXTS),
        VERSION,
    ),
)


def test_records_become_columns_in_the_order_of_the_declaration() -> None:
    block = CARS.block([Car(Colour.RED, Maker("lone \ud800"), ("a", "b"))], {"version": [7]})
    assert (block.table, block.names) == ("cars", "colour, maker, marks, version")
    assert list(block.values) == [["red"], ["lone ?"], [["a", "b"]], [7]]


def test_a_given_column_must_be_given() -> None:
    with pytest.raises(KeyError):
        CARS.block([Car(Colour.RED, Maker("m"), ())], {})


def test_rows_are_read_by_name_whatever_the_order_of_the_columns() -> None:
    result = Result(["doors", "marks", "colour", "maker"], [[2], [["a"]], ["red"], ["m"]], 1)
    assert CARS.read(result) == [(Car(Colour.RED, Maker("m"), ("a",)), 2)]
    assert CARS.select("WHERE 1") == "SELECT colour, maker, marks FROM cars WHERE 1"


def test_versions_grow_while_the_clock_stands_still() -> None:
    versions = Versions(ManualClock(NOW), lambda _: 0)
    first = versions.next("cars", 3)
    assert list(first) == [first[0], first[0] + 1, first[0] + 2]
    assert versions.next("cars")[0] == first[0] + 3
    assert first[0] == int(NOW.timestamp()) * 1_000_000


def test_a_version_is_larger_than_all_in_the_table_where_the_clock_is_behind() -> None:
    clock, ahead = ManualClock(NOW), int(NOW.timestamp() + 3600) * 1_000_000
    in_table = {"cars": ahead}
    versions = Versions(clock, lambda table: in_table[table])
    assert versions.next("cars")[0] == ahead + 1
    in_table["cars"] = ahead + 100  # another process, whose clock is ahead
    clock.advance(31)
    assert versions.next("cars")[0] == ahead + 101
