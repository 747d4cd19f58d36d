"""A watched folder: which files are read when, and what is left of them."""

from __future__ import annotations

import errno
import gzip
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.clock import ManualClock
from squall.core.config.ingest import IngestSettings
from squall.core.errors import UnavailableError
from squall.core.items import Batch
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.local.folder import FolderOptions, FolderType
from squall.ingest.registry.answer import SourceAnswer
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp
from squall.ingest.source import Source
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def context_of(folder: Path, clock: ManualClock) -> SourceContext:
    return SourceContext(
        name="drop",
        clock=clock,
        random=Random(1),
        cursor=SourceCursor(CursorStore(folder / "cursors"), "drop"),
        report=SourceReport("drop", Health(clock)),
        http=SourceHttp(IngestSettings()),
        linker=lambda: pytest.fail("the linker is not asked for"),
    )


def row(title: str, **more: Any) -> str:
    return json.dumps({"id": title, "title": title, "published_at": "2026-03-01T10:00:00Z", **more}) + "\n"


class Drop:
    """A folder, its source on a clock of its own, and what came of it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder / "in"
        self.folder.mkdir(exist_ok=True)
        self.base = folder
        self.options = options
        self.clock = ManualClock(NOW)
        self.batches: list[Batch] = []

    def write(self, name: str, *titles: str, at: int = 1_700_000_000) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(map(row, titles)))
        os.utime(path, (at, at))
        return path

    def read(self, seconds: float = 10, at: dict[float, Callable[[], object]] | None = None, commits: int = 1000) -> list[str]:
        """Watch for so many seconds of the clock; call `at[second]` when its time has come; return the titles."""
        stop = threading.Event()
        waiting = dict(sorted((at or {}).items()))
        source = self._open()
        clock = self.clock
        began = clock.monotonic()
        sleep = clock.sleep

        def step(pause: float) -> None:
            sleep(pause)
            for second in [due for due in waiting if due <= clock.monotonic() - began]:
                waiting.pop(second)()
            if clock.monotonic() - began >= seconds:
                stop.set()

        clock.sleep = step  # type: ignore[method-assign]
        self.batches = []
        for batch in source.batches(stop):
            self.batches.append(batch)
            if len(self.batches) > commits:
                break
            batch.commit()
        clock.sleep = sleep  # type: ignore[method-assign]
        source.close()
        return [item.document.title for batch in self.batches for item in batch.items if item.document]

    def rejections(self) -> list[tuple[str, str]]:
        found = [item.rejection for batch in self.batches for item in batch.items if item.rejection]
        return [(each.reason, each.detail) for each in found]

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def _open(self) -> Source:
        return FolderType().open(FolderOptions(path=self.folder, **self.options), context_of(self.base, self.clock))


def test_files_of_every_format_are_read_in_the_order_of_their_changes(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.write("b.jsonl", "one", at=1_700_000_001)
    (drop.folder / "a.csv").write_text("id,title,date\n2,two,2026-03-01\n")
    (drop.folder / "c.jsonl.gz").write_bytes(gzip.compress(row("three").encode()))
    pq.write_table(pa.Table.from_pylist([json.loads(row("four"))]), drop.folder / "d.parquet")
    for seconds, name in enumerate(["b.jsonl", "a.csv", "c.jsonl.gz", "d.parquet"], 1_700_000_001):
        os.utime(drop.folder / name, (seconds, seconds))
    assert drop.read() == ["one", "two", "three", "four"]
    assert [batch.caught_up for batch in drop.batches] == [False, False, False, True]
    assert drop.read() == []
    assert len(drop.left()) == 4


@pytest.mark.parametrize("name", ["x.jsonl.tmp", "x.jsonl.part", ".x.jsonl", "x.jsonl~", "x.filepart", "x.txt", "x.JSONL.TMP"])
def test_a_name_of_a_partly_written_or_other_file_is_left_until_it_is_renamed(tmp_path: Path, name: str) -> None:
    drop = Drop(tmp_path)
    path = drop.write(name, "one")
    assert drop.read(20, {10: lambda: path.rename(drop.folder / "x.jsonl")}) == ["one"]
    assert drop.read() == []


def test_a_file_waits_until_it_has_not_changed_for_the_time_that_is_set(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=5)
    writes = {second: (lambda second=second: drop.write("x.jsonl", *map(str, range(int(second))), at=int(second))) for second in (1, 4, 8)}
    assert drop.read(12, writes) == []
    assert drop.read(8) == [str(n) for n in range(8)]


def test_a_file_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.write("x.jsonl", "one", at=1)
    assert drop.read() == ["one"]
    drop.write("x.jsonl", "one", "two", at=2)
    assert drop.read() == ["one", "two"]
    assert drop.read() == []


def test_after_a_crash_a_file_goes_on_after_its_last_committed_row(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    titles = [str(n) for n in range(1200)]
    drop.write("x.jsonl", *titles)
    assert len(drop.read(commits=1)) == 1000
    assert drop.read() == titles[500:]
    assert drop.read() == []


def test_files_that_are_read_are_moved_and_no_file_there_is_overwritten(tmp_path: Path) -> None:
    drop = Drop(tmp_path, done="done", failed="failed", recursive=True)
    drop.write("x.jsonl", "one")
    drop.write("sub/y.jsonl", "two")
    assert sorted(drop.read()) == ["one", "two"]
    drop.write("x.jsonl", "three")
    assert drop.read() == ["three"]
    assert drop.left() == ["done/1-x.jsonl", "done/sub/y.jsonl", "done/x.jsonl"]


def test_what_was_read_but_not_moved_before_a_crash_is_moved_and_not_read_again(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.write("x.jsonl", "one")
    assert drop.read() == ["one"]
    drop.options["done"] = "done"
    assert drop.read() == []
    assert drop.left() == ["done/x.jsonl"]


def test_a_file_that_is_no_file_of_documents_is_rejected_with_its_name_and_the_others_are_read(tmp_path: Path) -> None:
    drop = Drop(tmp_path, failed="failed")
    (drop.folder / "a.csv").write_text("x,y\n1,2\n")
    (drop.folder / "b.jsonl.gz").write_bytes(gzip.compress(row("cut off" * 50).encode())[:40])
    drop.write("c.jsonl", "one", "")
    assert drop.read() == ["one"]
    assert sorted(reason for reason, _ in drop.rejections()) == ["broken_file", "broken_file", "missing_field"]
    assert any("c.jsonl, row 2" in detail for _, detail in drop.rejections())
    assert any("a.csv has no known time column" in detail for _, detail in drop.rejections())
    assert drop.left() == ["c.jsonl", "failed/a.csv", "failed/b.jsonl.gz"]
    assert drop.read() == []


def test_an_empty_file_is_done_and_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    drop = Drop(tmp_path, done="done")
    drop.write("x.jsonl")
    gone = drop.write("y.jsonl", "one", at=1)
    assert drop.read() == ["one"]
    assert not gone.exists()
    assert drop.left() == ["done/x.jsonl", "done/y.jsonl"]
    cursor = CursorStore(tmp_path / "cursors").load("drop")
    assert cursor is not None
    drop.write("z.jsonl", "two")
    drop.read()
    assert set((CursorStore(tmp_path / "cursors").load("drop") or {})["finished"]) == {"z.jsonl"}


def test_documents_without_a_source_are_of_the_streams_name(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.write("2026-03-02T15.jsonl", "one")
    drop.read()
    assert [item.document.source for item in drop.batches[0].items if item.document] == ["drop"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.folder.rmdir()
    with pytest.raises(UnavailableError, match="can't be read: No such file"):
        drop.read()


def test_too_many_files_that_stay_are_a_failure_that_names_the_remedy_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("squall.ingest.local.folder_scan.MOST_FILES", 2)
    drop = Drop(tmp_path)
    for n in range(3):
        drop.write(f"{n}.jsonl", str(n), at=n)
    with pytest.raises(UnavailableError, match="more than 2 files"):
        drop.read()
    (drop.folder / "2.jsonl").unlink()
    assert drop.read() == ["0", "1"]


def test_however_many_files_there_are_they_are_read_in_their_order_if_they_are_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("squall.ingest.local.folder_scan.MOST_FILES", 2)
    drop = Drop(tmp_path, done="done")
    for n in (3, 1, 4, 0, 2):
        drop.write(f"{9 - n}.jsonl", str(n), at=n + 1)
    assert drop.read(20) == ["0", "1", "2", "3", "4"]
    assert len(drop.left()) == 5


def test_a_file_that_can_not_be_opened_is_tried_again_and_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drop = Drop(tmp_path, failed="failed")
    locked = drop.write("a.jsonl", "one", at=1)
    drop.write("b.jsonl", "two", at=2)
    opened = os.open
    is_locked = True

    def refusing(path: Any, *rest: Any, **more: Any) -> int:  # as root, permissions refuse nothing
        if is_locked and Path(path) == locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *rest, **more)

    def unlock() -> None:
        nonlocal is_locked
        is_locked = False

    monkeypatch.setattr("os.open", refusing)
    assert drop.read(30, {10: unlock}) == ["two", "one"]
    assert caplog.text.count("a.jsonl can't be opened") == 1
    assert drop.left() == ["a.jsonl", "b.jsonl"]
    assert drop.read() == []


def test_a_check_does_not_wait_until_a_file_is_complete(tmp_path: Path) -> None:
    drop = Drop(tmp_path, settle_seconds=5)

    def checked() -> SourceAnswer:
        options = FolderOptions(path=drop.folder, **drop.options)
        return FolderType().check(options, context_of(drop.base, drop.clock), threading.Event(), 1.0)

    assert "there is no file of JSONL, CSV or Parquet" in checked().detail
    drop.write("a.jsonl", "one", at=1)
    drop.write("b.jsonl", "two", "", at=2)
    found = checked()
    assert (found.documents, found.rejected) == (1, 1)
    assert found.detail.startswith(f"2 files in {drop.folder}, the newest is b.jsonl; missing_field")


class TestFolder(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> SourceRig:
        folder = tmp_path / "in"
        folder.mkdir()
        titles = [f"Story {n}" for n in range(6)]
        for n in range(3):
            (folder / f"{n}.jsonl").write_text(row(titles[2 * n]) + ("[1]\n" if n == 1 else "") + row(titles[2 * n + 1]))
            os.utime(folder / f"{n}.jsonl", (n, n))
        options = {"path": folder, "interval_seconds": 0.05, "settle_seconds": 0}
        return TypeRig(FolderType(), options, tmp_path, titles=titles, rejects=1)
