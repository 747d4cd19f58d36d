"""Standard input: rows as they come, and exact counts."""

from __future__ import annotations

import gzip
import io
import os
import threading
from datetime import UTC, datetime
from typing import BinaryIO

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import ConfigurationError
from squall.core.items import Item
from squall.ingest.file.row_items import FileOptions
from squall.ingest.local.standard_input import StandardInputSource
from tests.unit.ingest.test_ingest_folder import row

CLOCK = ManualClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
CSV = "id;headline;date\n1;Größe;2026-03-01\n2;two;2026-03-01\n"


def read(data: bytes | BinaryIO, **options: str) -> tuple[StandardInputSource, list[Item]]:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    source = StandardInputSource(stream, CLOCK, FileOptions(batch_items=7, **options))  # type: ignore[arg-type]
    items = [item for batch in source.batches(threading.Event()) for item in batch.items]
    source.close()
    return source, items


def titles(items: list[Item]) -> list[str]:
    return [item.document.title for item in items if item.document]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("".join(row(str(n)) for n in range(30)).encode(), [str(n) for n in range(30)]),
        (CSV.encode(), ["Größe", "two"]),
        (CSV.encode("cp1252"), ["Größe", "two"]),
        (CSV.encode("utf-16"), ["Größe", "two"]),
        ("\ufeff".encode() + CSV.replace("\n", "\r\n").encode(), ["Größe", "two"]),
    ],
    ids=["jsonl", "csv", "cp1252", "utf-16", "mark-and-crlf"],
)
def test_format_encoding_and_delimiter_are_found(data: bytes, expected: list[str], packed: bool) -> None:
    assert titles(read(gzip.compress(data) if packed else data)[1]) == expected


def test_bad_rows_are_rejected_with_their_numbers() -> None:
    _, items = read((row("a") + "{broken\n" + row("b")).encode())
    assert [(item.origin.offset, item.rejection is None) for item in items] == [(1, True), (2, False), (3, True)]


def test_what_a_slow_writer_has_written_is_delivered_at_once() -> None:
    reading, writing = os.pipe()
    source = StandardInputSource(os.fdopen(reading, "rb"), CLOCK, FileOptions())
    batches = source.batches(threading.Event())
    with os.fdopen(writing, "wb", buffering=0) as writer:
        for title in ("one", "two"):
            writer.write(row(title).encode())
            assert titles(list(next(batches).items)) == [title]
    assert list(batches) == []


def test_a_stop_ends_it_while_the_writer_is_silent() -> None:
    reading, writing = os.pipe()
    stop = threading.Event()
    source = StandardInputSource(os.fdopen(reading, "rb"), CLOCK, FileOptions())
    threading.Timer(0.05, stop.set).start()
    assert list(source.batches(stop)) == []
    os.close(writing)


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"", "there is no row of data"),
        (b"[1]\n", "none of the 1 rows"),
        (gzip.compress(row("a" * 9999).encode())[:50], "can't be read after row 0"),
    ],
    ids=["empty", "no-documents", "cut-off"],
)
def test_what_is_wrong_with_all_of_it_is_said(data: bytes, damage: str) -> None:
    assert damage in read(data, format="jsonl")[0].damage


def test_a_csv_without_known_columns_names_the_option() -> None:
    with pytest.raises(ConfigurationError, match="--map"):
        read(b"x,y\n1,2\n")


def test_parquet_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigurationError, match="directory is at its end"):
        read(b"PAR1", format="parquet")
