"""One suite over every source: what a driver may rely on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings, PushSettings
from squall.core.items import Batch
from squall.ingest.cursors import CursorStore
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.push.source import PushSource
from squall.ingest.replay import ReplaySource
from squall.ingest.rss.feed_list import Feed
from squall.ingest.rss.source import RssSource
from squall.ingest.source import Source
from tests.support.feed_server import FeedServer, body, rss

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
COUNT = 12
BAD = 5
"""The position of the one bad item."""
TITLES = [f"Story {n}" for n in range(COUNT) if n != BAD]
ROWS = [{"id": str(n), "title": f"Story {n}" if n != BAD else "", "published_at": f"2026-03-01T00:{n:02}:00Z"} for n in range(COUNT)]


class FileRig:
    """A file, opened anew each time with the same cursors."""

    rejects = 1

    def __init__(self, folder: Path, name: str, content: bytes, wrap: Callable[[Source], Source] = lambda source: source) -> None:
        self.path = folder / name
        self.path.write_bytes(content)
        self.cursors = CursorStore(folder / "cursors")
        self.wrap = wrap
        self.paced = wrap is _paced
        """A paced batch is committed with its last piece, so its earlier pieces may come again."""

    @contextmanager
    def open(self) -> Iterator[Source]:
        yield self.wrap(FileSource(self.path, ManualClock(NOW), FileOptions(batch_items=4), self.cursors))


class RssRig:
    """Three feeds on a real HTTP server; the bad entry has no words."""

    rejects = 1
    paced = False

    def __init__(self, folder: Path) -> None:
        self.server = FeedServer()
        self.cursors = CursorStore(folder / "cursors")
        self.feeds = []
        for part in range(3):
            names = [str(n) for n in range(part * 4, part * 4 + 4)]
            self.server.answers[f"/{part}"] = body(rss(*names).replace(f"Story {BAD}<".encode(), b"<"))
            self.feeds.append(Feed(url=self.server.url(f"/{part}"), name="f"))

    @contextmanager
    def open(self) -> Iterator[Source]:
        settings = IngestSettings(host_interval_seconds=0.001)
        yield RssSource(self.feeds, settings, ManualClock(NOW), Random(1), self.cursors, once=True)


class PushRig:
    """A client that posts three batches in turn and sends again what was not acknowledged, as senders must."""

    paced = False
    rejects = 0  # a bad document is refused by the endpoint

    def __init__(self) -> None:
        self.left = [[row for row in ROWS[part * 4 : part * 4 + 4] if row["title"]] for part in range(3)]

    @contextmanager
    def open(self) -> Iterator[Source]:
        source = PushSource(PushSettings(port=0), ManualClock(NOW))
        source.start()
        sender = threading.Thread(target=self._send, args=(source,), daemon=True)
        sender.start()
        yield source
        source.close()
        sender.join(10)

    def _send(self, source: PushSource) -> None:
        while self.left:
            documents = [{**row, "source": "f"} for row in self.left[0]]
            try:
                if httpx.post(source.url, json=documents, timeout=20).status_code != 202:
                    return
            except httpx.HTTPError:
                return
            self.left.pop(0)
        source.close()  # nothing more will come


def _csv() -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ROWS[0])
    writer.writeheader()
    writer.writerows(ROWS)
    return buffer.getvalue().encode()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), buffer, row_group_size=5)
    return buffer.getvalue()


def _paced(source: Source) -> Source:
    return ReplaySource(source, ManualClock(NOW), speed=600.0, start=datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=1))


JSONL = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
RIGS: dict[str, Callable[[Path], Any]] = {
    "jsonl": lambda folder: FileRig(folder, "f.jsonl", JSONL),
    "jsonl.gz": lambda folder: FileRig(folder, "f.jsonl.gz", gzip.compress(JSONL)),
    "csv": lambda folder: FileRig(folder, "f.csv", _csv()),
    "csv.gz": lambda folder: FileRig(folder, "f.csv.gz", gzip.compress(_csv())),
    "parquet": lambda folder: FileRig(folder, "f.parquet", _parquet()),
    "replay": lambda folder: FileRig(folder, "f.jsonl", JSONL, _paced),
    "rss": RssRig,
    "push": lambda _: PushRig(),
}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made = RIGS[request.param](tmp_path)
    yield made
    if isinstance(made, RssRig):
        made.server.close()


def run(rig: Any, commits: int = 1000) -> list[Batch]:
    """Drive a fresh source, committing the first `commits` batches and giving up at the next, as a crash would."""
    batches: list[Batch] = []
    with rig.open() as source:
        for batch in source.batches(threading.Event()):
            batches.append(batch)
            if len(batches) > commits:
                break
            batch.commit()
        source.close()
    return batches


def titles(batches: list[Batch]) -> list[str]:
    return [item.document.title for batch in batches for item in batch.items if item.document]


def test_every_document_comes_once_and_in_order_and_the_bad_one_is_rejected_alone(rig: Any) -> None:
    batches = run(rig)
    items = [item for batch in batches for item in batch.items]
    assert sorted(titles(batches), key=TITLES.index) == TITLES
    if not isinstance(rig, RssRig):  # feeds are fetched side by side: ordered within one
        assert titles(batches) == TITLES
    assert len({item.document.id for item in items if item.document}) == len(TITLES)
    assert sum(item.rejection is not None for item in items) == rig.rejects
    assert all((item.document is None) != (item.rejection is None) for item in items)


def test_offsets_grow_and_name_the_source(rig: Any) -> None:
    with rig.open() as source:
        name = source.name
        items = []
        for batch in source.batches(threading.Event()):
            items.extend(batch.items)
            batch.commit()
        source.close()
    offsets = [item.origin.offset for item in items]
    assert offsets == sorted(set(offsets))
    assert {(item.origin.topic, item.origin.partition) for item in items} == {(name, 0)}


def test_the_last_batch_says_that_nothing_more_is_there(rig: Any) -> None:
    assert run(rig)[-1].caught_up


def test_what_was_committed_does_not_come_again(rig: Any) -> None:
    run(rig)
    if isinstance(rig, PushRig):
        assert rig.left == []  # the sender has its acknowledgements
    else:
        assert titles(run(rig)) == []


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_what_was_not_committed_comes_again_after_reopening(rig: Any, commits: int) -> None:
    first = run(rig, commits)
    safe = titles(first[:commits])
    again = titles(run(rig))
    assert set(safe) | set(again) == set(TITLES)
    if not rig.paced:
        assert not set(safe) & set(again)


def test_a_stop_ends_it_promptly_between_batches(rig: Any) -> None:
    stop = threading.Event()
    with rig.open() as source:
        batches = source.batches(stop)
        next(batches)
        stop.set()
        began = time.monotonic()
        assert list(batches) == []
        source.close()
        source.close()
    assert time.monotonic() - began < 5
