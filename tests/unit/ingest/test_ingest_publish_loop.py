from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import ConfigurationError, StoppedError
from squall.core.items import Batch, DeadLetter, Item, Origin
from squall.core.records import Document, Kind
from squall.ingest.cursors import CursorStore
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.publish_loop import publish
from squall.ingest.source import accepted, deleted, no_commit

CLOCK = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


class FakePublisher:
    """Stores what it is given, and raises `error` at call `fail_at`."""

    def __init__(self, fail_at: int = -1, error: Exception | None = None) -> None:
        self.documents: list[Document] = []
        self.letters: list[DeadLetter] = []
        self.deletions: list[str] = []
        self.calls = 0
        self._fail_at = fail_at
        self._error = error

    def publish(self, documents: Sequence[Document], stop: threading.Event) -> None:
        self.calls += 1
        if self.calls == self._fail_at and self._error:
            raise self._error
        self.documents.extend(documents)

    def delete(self, document_ids: Sequence[str], stop: threading.Event) -> None:
        assert all(document_id in {document.id for document in self.documents} for document_id in document_ids)
        self.deletions.extend(document_ids)

    def dead_letter(self, letters: Sequence[DeadLetter], stop: threading.Event) -> None:
        self.letters.extend(letters)


def source(folder: Path) -> FileSource:
    path = folder / "f.jsonl"
    path.write_text("".join(f'{{"title": "t{i}", "date": "2020-01-0{i + 1}"}}\n' if i != 3 else "broken\n" for i in range(8)))
    return FileSource(path, CLOCK, FileOptions(batch_items=3), CursorStore(folder / "cursors"))


def test_everything_is_sent_or_dead_lettered_and_counted(tmp_path: Path) -> None:
    publisher, seen = FakePublisher(), []
    report = publish(source(tmp_path), publisher, threading.Event(), CLOCK, lambda report: seen.append(report.sent))
    assert (report.sent, report.rejected, report.batches, report.stopped) == (7, 1, 3, False)
    assert seen == [3, 5, 7]
    assert report.reasons == {"broken_json": 1}
    assert report.first_published_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert report.last_published_at == datetime(2020, 1, 8, tzinfo=UTC)
    assert [document.title for document in publisher.documents] == [f"t{i}" for i in range(8) if i != 3]
    (letter,) = publisher.letters
    assert (letter.reason, letter.raw, letter.origin.offset, letter.stage, letter.at) == (
        "broken_json",
        b"broken\n",
        4,
        "ingest",
        CLOCK.now(),
    )
    assert (report.as_dict()["sent"], report.as_dict()["duplicates"]) == (7, 0)


class Given:
    """A source with these batches."""

    name, live = "given", False

    def __init__(self, *batches: Sequence[Item]) -> None:
        self._batches = batches

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        yield from (Batch(items, no_commit) for items in self._batches)

    def close(self) -> None:
        pass


def test_deletions_keep_their_place_among_the_documents_of_one_id_and_are_counted() -> None:
    order: list[tuple[str, str]] = []

    class Ordered(FakePublisher):
        def publish(self, documents: Sequence[Document], stop: threading.Event) -> None:
            order.extend(("document", document.id[:2]) for document in documents)

        def delete(self, document_ids: Sequence[str], stop: threading.Event) -> None:
            order.extend(("deletion", key[:2]) for key in document_ids)

    first, second = ("aa" * 16, "bb" * 16)

    def created(key: str) -> Item:
        at = CLOCK.now()
        return accepted(Origin("given", 0, 1), Document(id=key, kind=Kind.NEWS, source="s", text="t", published_at=at, collected_at=at))

    gone = [deleted(Origin("given", 0, 1), key) for key in (first, second)]
    report = publish(Given([created(second), *gone, created(first)]), Ordered(), threading.Event(), CLOCK)
    assert order == [("document", "bb"), ("deletion", "aa"), ("deletion", "bb"), ("document", "aa")]
    assert (report.sent, report.deleted, report.as_dict()["deleted"]) == (2, 2, 2)


def test_what_one_run_sends_twice_is_counted_as_duplicates(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text("".join(f'{{"id": {number % 5}, "title": "t", "date": "2020-01-01"}}\n' for number in range(12)))
    report = publish(FileSource(path, CLOCK, FileOptions(batch_items=3)), FakePublisher(), threading.Event(), CLOCK)
    assert (report.sent, report.duplicates, report.rejected) == (12, 7, 0)


def test_a_batch_that_was_not_published_comes_again_and_a_published_one_does_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        publish(source(tmp_path), FakePublisher(2, ConfigurationError("no")), threading.Event(), CLOCK)
    publisher = FakePublisher()
    publish(source(tmp_path), publisher, threading.Event(), CLOCK)
    assert [document.title for document in publisher.documents] == ["t4", "t5", "t6", "t7"]


def test_being_stopped_while_kafka_is_away_ends_quietly_without_a_commit(tmp_path: Path) -> None:
    stop = threading.Event()
    stop_error = StoppedError("stopped")

    class Away(FakePublisher):
        def publish(self, documents: Sequence[Document], stop_event: threading.Event) -> None:
            stop.set()
            raise stop_error

    report = publish(source(tmp_path), Away(), stop, CLOCK)
    assert (report.sent, report.stopped) == (0, True)
    publisher = FakePublisher()
    publish(source(tmp_path), publisher, threading.Event(), CLOCK)
    assert len(publisher.documents) == 7


def test_a_cursor_waits_for_space_on_the_disk(tmp_path: Path) -> None:
    file = source(tmp_path)
    full = CursorStore(tmp_path / "cursors").path(file.name).with_suffix(".new")
    full.parent.mkdir()
    full.symlink_to("/dev/full")

    class Freeing(FakePublisher):
        def dead_letter(self, letters: Sequence[DeadLetter], stop: threading.Event) -> None:
            super().dead_letter(letters, stop)
            threading.Timer(0.1, full.unlink, [True]).start()

    report = publish(file, Freeing(), threading.Event(), CLOCK)
    assert (report.sent, report.stopped) == (7, False)
