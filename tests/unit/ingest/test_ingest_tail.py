"""A file that is followed: growth, rotation, truncation, also while nobody looks."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.ingest.local.followed_file import FollowedFile
from squall.ingest.local.tail import TailOptions, TailType
from squall.ingest.registry.answer import SourceAnswer
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig
from tests.unit.ingest.test_ingest_folder import NOW, context_of, row


class Log:
    """A file, whose source looks at it once for each step that is done to it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.path = folder / "posts.jsonl"
        self.options = options
        self.rejections: list[str] = []

    def append(self, text: str, name: str = "posts.jsonl") -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    def follow(self, *steps: Callable[[], object], commits: int = 1000) -> list[str]:
        clock, stop = ManualClock(NOW), threading.Event()
        waiting = [*steps, lambda: None, stop.set]
        sleeps = 0
        sleep = clock.sleep

        def step(pause: float) -> None:
            nonlocal sleeps
            sleep(pause)
            sleeps += 1
            if sleeps % 40 == 0:  # some looks between two steps
                waiting.pop(0)()

        clock.sleep = step  # type: ignore[method-assign]
        source = TailType().open(TailOptions(path=self.path, **self.options), context_of(self.folder / "state", clock))
        titles = []
        for number, batch in enumerate(source.batches(stop)):
            if number >= commits:
                break
            titles += [item.document.title for item in batch.items if item.document]
            self.rejections += [item.rejection.reason for item in batch.items if item.rejection]
            batch.commit()
        source.close()
        return titles


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_lines_are_delivered_once_they_are_complete(log: Log) -> None:
    log.append(row("one") + row("two")[:20])
    assert log.follow(lambda: log.append(row("two")[20:]), lambda: log.append(row("three"))) == ["one", "two", "three"]


def test_a_restart_goes_on_after_the_last_committed_line(log: Log) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    log.append(row("two"))
    assert log.follow() == ["two"]
    assert log.follow() == []


def test_a_file_that_is_not_there_yet_is_waited_for(log: Log) -> None:
    assert log.follow(lambda: log.append(row("one"))) == ["one"]


def test_from_the_end_only_what_is_new_is_read(log: Log) -> None:
    log.options["start"] = "end"
    log.append(row("old"))
    assert log.follow(lambda: log.append(row("new"))) == ["new"]
    log.append(row("next"))
    assert log.follow() == ["next"]


def test_from_the_end_what_came_while_nobody_looked_is_read_though_no_line_was_delivered_before(log: Log) -> None:
    log.options["start"] = "end"
    log.append(row("old"))
    assert log.follow() == []
    log.append(row("while it was down"))
    assert log.follow() == ["while it was down"]


def test_from_the_end_a_file_that_appears_later_is_read_from_its_beginning(log: Log) -> None:
    log.options["start"] = "end"
    assert log.follow(lambda: log.append(row("first") + row("second"))) == ["first", "second"]


def rotate(log: Log) -> None:
    log.path.rename(log.folder / "posts.jsonl.1")


def test_after_a_rotation_the_old_file_is_read_to_its_end_and_then_the_new_one(log: Log) -> None:
    log.append(row("one"))
    steps = (
        lambda: rotate(log),
        lambda: log.append(row("late"), "posts.jsonl.1"),
        lambda: log.append(row("last").rstrip(), "posts.jsonl.1"),
        lambda: log.append(row("new")),
        lambda: None,
    )
    assert log.follow(*steps) == ["one", "late", "last", "new"]
    assert log.follow() == []


def test_a_rotation_while_nobody_looked_loses_nothing(log: Log) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    log.append(row("two"))
    rotate(log)
    log.append(row("three"))
    assert log.follow(lambda: None) == ["two", "three"]


def rotate_twice(log: Log, rotate_name: Callable[[int], str] = "posts.jsonl.{}".format) -> None:
    """Two rotations of what `log` is followed in, with lines in all three files."""
    log.append(row("rest of the first"))
    log.path.rename(log.folder / rotate_name(1))
    log.append(row("all of the second"))
    (log.folder / rotate_name(1)).rename(log.folder / rotate_name(2))
    log.path.rename(log.folder / rotate_name(1))
    log.append(row("third"))


def test_two_rotations_while_nobody_looked_lose_nothing(log: Log) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    rotate_twice(log)
    (log.folder / "posts.jsonl.lock").write_text("no line of this file")
    assert log.follow(lambda: None, lambda: None) == ["rest of the first", "all of the second", "third"]
    assert log.follow() == []
    assert log.rejections == []


@pytest.mark.parametrize("name", ["posts-2026113{}.jsonl", "posts.jsonl-2026113{}"])
def test_two_rotations_to_dates_while_nobody_looked_lose_nothing(log: Log, name: str) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    for number, title in enumerate(["first", "second"]):
        log.append(row(title))
        log.path.rename(log.folder / name.format(number))
    log.append(row("third"))
    assert log.follow(lambda: None, lambda: None) == ["first", "second", "third"]


def test_two_rotations_between_two_looks_lose_nothing(log: Log) -> None:
    log.append(row("one"))
    assert log.follow(lambda: rotate_twice(log), lambda: None, lambda: None) == ["one", "rest of the first", "all of the second", "third"]


def test_a_rotated_file_that_was_compressed_meanwhile_is_a_gap_with_its_name(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    rotate_twice(log)
    (log.folder / "posts.jsonl.1").rename(log.folder / "posts.jsonl.1.gz")
    assert log.follow(lambda: None, lambda: None) == ["rest of the first", "third"]
    assert "posts.jsonl.1.gz is compressed and is not read" in caplog.text


def test_where_the_file_that_was_followed_is_gone_the_gap_is_said_and_later_ones_are_read(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    rotate_twice(log)
    (log.folder / "posts.jsonl.2").unlink()
    assert log.follow(lambda: None, lambda: None) == ["all of the second", "third"]
    assert "is gone or was cut; what was added to it is missing" in caplog.text


def test_a_copy_that_was_made_before_a_cut_is_read_on(log: Log) -> None:
    log.append(row("one"))
    assert log.follow() == ["one"]
    log.append(row("two"))
    shutil.copy(log.path, log.folder / "posts.jsonl.1")
    os.truncate(log.path, 0)
    log.append(row("three"))
    assert log.follow(lambda: None, lambda: None) == ["two", "three"]
    assert log.follow() == []


def test_a_check_says_what_the_last_lines_are_or_that_the_file_is_not_there_yet(log: Log) -> None:
    def checked() -> SourceAnswer:
        return TailType().check(TailOptions(path=log.path), context_of(log.folder / "state", ManualClock(NOW)), threading.Event(), 10)

    assert checked().detail.endswith("posts.jsonl is not there yet; it is read from its beginning once it is")
    log.append("x" * 100_000 + "\n" + row("one") + "[1]\n")
    found = checked()
    assert (found.documents, found.rejected) == (1, 1)
    assert found.last_document_at is not None
    assert "not_an_object" in found.detail


@pytest.mark.parametrize("down", [True, False])
def test_a_file_that_is_cut_is_read_from_its_beginning(log: Log, down: bool) -> None:
    def cut() -> None:
        os.truncate(log.path, 0)
        log.append(row("new, and longer than what was there before, so that its size says nothing"))

    log.append(row("one"))
    if down:
        assert log.follow() == ["one"]
        cut()
        assert len(log.follow()) == 1
    else:
        assert len(log.follow(cut, lambda: None)) == 2


def test_a_line_that_is_no_object_is_rejected_and_one_that_is_too_long_is_skipped(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("squall.ingest.local.followed_file.MAX_ROW_BYTES", 1000)
    log.append("[1]\n" + "x" * 5000)
    assert log.follow(lambda: log.append("y" * 3000), lambda: log.append("\n" + row("good"))) == ["good"]
    assert log.rejections == ["not_an_object", "too_large"]


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=30), max_size=20), st.lists(st.integers(1, 40)))
def test_however_it_is_written_each_line_comes_once(tmp_path_factory: pytest.TempPathFactory, lines: list[str], cuts: list[int]) -> None:
    path = tmp_path_factory.mktemp("tail") / "x"
    data = "".join(line + "\n" for line in lines).encode()
    path.touch()
    followed = FollowedFile(path.open("rb"))
    found: list[bytes] = []
    for size in [*cuts, len(data)]:
        with path.open("ab") as file:
            file.write(data[:size])
        data = data[size:]
        found += [line for line, _ in followed.lines(3)]
        if followed.position()["offset"] % 2:  # opened again, as after a crash
            offset = followed.position()["offset"]
            followed.close()
            followed = FollowedFile(path.open("rb"), offset)
    while rest := list(followed.lines(3)):
        found += [line for line, _ in rest]
    followed.close()
    assert found == [f"{line}\n".encode() for line in lines]


class TestTail(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceRig:
        monkeypatch.setattr("squall.ingest.local.tail.BATCH_ITEMS", 3)
        titles = [f"Story {n}" for n in range(8)]
        path = tmp_path / "posts.jsonl"
        path.write_text("".join(map(row, titles)) + json.dumps([1]) + "\n")
        return TypeRig(TailType(), {"path": path, "interval_seconds": 0.05}, tmp_path, titles=titles, rejects=1)
