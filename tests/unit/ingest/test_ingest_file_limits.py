"""No file takes more memory or patience than is stated: giant cells, bombs, stray quotes, pipes that never speak."""

from __future__ import annotations

import gzip
import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.clock import SystemClock
from squall.core.errors import ConfigurationError
from squall.core.items import Item
from squall.ingest.file import csv_reader, lines
from squall.ingest.file.parquet_decoder import MEMORY_BYTES
from squall.ingest.file.source import FileSource

BIG = 600_000_000
LIMIT = 1000 * 1024 * 1024
"""What a process may take to read any file here: the decoder's limit, and the code."""
DATE = "2020-01-01"


def read(path: Path) -> tuple[list[Item], str]:
    source = FileSource(path, SystemClock())
    items = [item for batch in source.batches(threading.Event()) for item in batch.items]
    return items, source.damage


def described(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.origin.offset, item.rejection.reason if item.rejection else "") for item in items]


READ = """
import json, resource, sys, threading
from pathlib import Path
from squall.core.clock import SystemClock
from squall.ingest.file.source import FileSource
source = FileSource(Path(sys.argv[1]), SystemClock())
items = [item for batch in source.batches(threading.Event()) for item in batch.items]
own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
peak = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)  # its own ru_maxrss begins with that of what started it
print(json.dumps([[[i.origin.offset, i.rejection.reason if i.rejection else ""] for i in items], source.damage, peak * 1024]))
"""


def read_apart(path: Path) -> tuple[list[list[object]], str, int]:
    """Read a file in a process of its own; return its items, the damage, and the peak of memory of any process, in bytes."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True, timeout=120)
    items, damage, peak = json.loads(done.stdout)
    print(f"{path.name}: {path.stat().st_size:,} bytes, peak {peak >> 20} MB")
    return items, damage, peak


def write_big_cell(path: Path) -> None:
    """Two rows, the second with a cell of 600 MB; written apart, so that this process stays small."""
    code = (
        "import struct, sys, pyarrow as pa, pyarrow.parquet as pq\n"
        f"data = pa.py_buffer(b'good title' + b'x' * {BIG})\n"
        f"text = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(struct.pack('3i', 0, 10, 10 + {BIG})), data])\n"
        f"table = pa.table({{'date': ['{DATE}'] * 2, 'title': text}})\n"
        "pq.write_table(table, sys.argv[1], compression='zstd', row_group_size=1, use_dictionary=False, write_statistics=False)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=120)


@pytest.mark.slow
def test_a_giant_parquet_cell_is_named_and_takes_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    write_big_cell(path)
    assert path.stat().st_size < 100_000
    items, damage, peak = read_apart(path)
    assert items == [[1, ""], [2, "broken_file"]]
    assert str(path) in damage
    assert "row 2 needs more than 512 MB" in damage
    assert peak < LIMIT


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_long_cell_that_many_parquet_rows_repeat_rejects_those_rows_only(tmp_path: Path, dictionary: bool) -> None:
    """Thirty rows of one value of 9 MB, in a file of a kilobyte."""
    path = tmp_path / "repeated.parquet"
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 30 + [1], pa.int32()), pa.array(["y" * 9_000_000, "good title"]))
    table = pa.table({"date": [DATE] * 31, "title": values})
    pq.write_table(table, path, compression="zstd", store_schema=dictionary)
    items, damage = read(path)
    assert described(items) == [*((row, "too_large") for row in range(1, 31)), (31, "")]
    assert damage == ""


def test_a_parquet_list_of_many_nulls_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "nulls.parquet"
    count = 20_000_000
    lists = pa.ListArray.from_arrays(pa.array([0, count, count], pa.int32()), pa.nulls(count, pa.string()))
    pq.write_table(pa.table({"date": [DATE] * 2, "title": ["a title"] * 2, "symbols": lists}), path, compression="zstd")
    items, damage = read(path)
    assert described(items) == [(1, "too_large"), (2, "")]
    assert damage == ""


def test_a_decoder_that_dies_is_damage_of_the_file_and_not_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"date": [DATE] * 100_000, "title": [f"title {number}" for number in range(100_000)]}), path)
    source = FileSource(path, SystemClock())
    batches = source.batches(threading.Event())
    next(batches)
    reader = source._reader
    assert reader is not None
    reader._process.kill()  # type: ignore[attr-defined]
    left = [item for batch in batches for item in batch.items]
    assert left[-1].rejection is not None
    assert "signal 9" in left[-1].rejection.detail


def test_a_stop_ends_the_wait_for_a_decoder_that_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"date": [DATE] * 600, "title": ["title"] * 600}), path)
    source, stop = FileSource(path, SystemClock()), threading.Event()
    batches = source.batches(stop)
    next(batches)
    stop.set()
    assert list(batches) == []


def test_parquet_limits_are_those_that_the_documentation_states() -> None:
    security = (Path(__file__).resolve().parents[3] / "docs" / "security.md").read_text()
    assert f"{MEMORY_BYTES >> 20} MB" in security
    assert f"{lines.MAX_ROW_BYTES >> 20} MB" in security


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one line", "one cell", "nested", "many values"])
def test_a_gzip_bomb_takes_bounded_memory(tmp_path: Path, kind: str) -> None:
    suffix = "csv" if kind == "one cell" else "jsonl"
    path = tmp_path / f"bomb.{suffix}.gz"
    good = b'{"title": "good title", "date": "2020-01-01"}\n'
    with gzip.open(path, "wb", compresslevel=1) as file:
        if kind == "one cell":
            file.write(b'title,date\na title,2020-01-01\n"')
        else:
            file.write(good)
        if kind == "nested":
            file.write(b'{"a":' + b"[" * (lines.MAX_ROW_BYTES - 10))
        elif kind == "many values":
            file.write(b'{"a":[' + b"{}," * ((lines.MAX_ROW_BYTES - 100) // 3) + b"1]}")
        else:
            for _ in range(100):
                file.write(b"x" * 3_000_000)
        file.write(b"\n" if kind == "one cell" else b"\n" + good)
    items, damage, peak = read_apart(path)
    assert items[0] == [1, ""]
    assert items[1][0] == 2
    assert items[1][1] in {"too_large", "broken_json", "broken_csv", "missing_field"}
    assert damage == ""
    assert peak < LIMIT


def test_lines_that_each_leave_a_quote_open_are_read_in_linear_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`a","` closes a quoted value where one is open and opens the next: no record ever ends."""
    monkeypatch.setattr(csv_reader, "_REREAD_BYTES", 200_000)

    parsed = 0

    def counted(line: bytes, encoding: str) -> str:
        nonlocal parsed
        parsed += 1
        return lines.decode(line, encoding)

    monkeypatch.setattr(csv_reader, "decode", counted)
    path = tmp_path / "f.csv"
    path.write_text("title,date\n" + 'a","\n' * 20_000)
    assert len(read(path)[0]) == 20_000
    assert parsed < 20_000 * 10, "each line is parsed a few times, not five thousand"


@pytest.fixture
def special(tmp_path: Path) -> Iterator[dict[str, Path]]:
    os.mkfifo(tmp_path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.csv"))
        (tmp_path / "folder.csv").mkdir()
        (tmp_path / "link.csv").symlink_to(tmp_path / "pipe.csv")
        yield {
            "a named pipe": tmp_path / "pipe.csv",
            "a socket": tmp_path / "s.csv",
            "a folder": tmp_path / "folder.csv",
            "named pipe": tmp_path / "link.csv",
            "a device": Path("/dev/zero"),
        }


@pytest.mark.parametrize("format_name", ["csv", "jsonl", "parquet"])
def test_what_is_no_regular_file_is_refused_at_once_and_named(special: dict[str, Path], format_name: str) -> None:
    from squall.ingest.file.source import FileOptions

    for what, path in special.items():
        with pytest.raises(ConfigurationError, match=what) as caught:
            list(FileSource(path, SystemClock(), FileOptions(format=format_name)).batches(threading.Event()))  # type: ignore[arg-type]
        assert str(path) in caught.value.what


def test_a_text_file_that_shrinks_while_it_is_read_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"title": "a title", "date": "2020-01-01"}\n' * 20_000)
    source = FileSource(path, SystemClock())
    batches = source.batches(threading.Event())
    next(batches)
    os.truncate(path, 100_000)
    assert 0 < sum(len(batch.items) for batch in batches) < 19_500


def test_parquet_is_read_where_a_thousand_files_are_open(tmp_path: Path) -> None:
    pq.write_table(pa.table({"title": ["a", "b"], "date": [DATE, DATE]}), tmp_path / "f.parquet")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    held: list[int] = []
    try:
        while not held or held[-1] <= 1100:
            held.append(os.open(os.devnull, os.O_RDONLY))
        items, damage = read(tmp_path / "f.parquet")
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [item.document.title for item in items if item.document] == ["a", "b"]
    assert damage == ""
