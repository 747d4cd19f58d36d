"""Every source of Squall passes the suite that packages run on their own: what a driver may rely on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.clock import ManualClock, SystemClock
from squall.core.config.settings import IngestSettings, PushSettings
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.push.source import PushSource
from squall.ingest.replay import ReplaySource
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from squall.ingest.source import Source
from squall.sources.conformance import SourceConformance, SourceRig
from tests.support.feed_server import FeedServer, body, rss

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
COUNT = 12
BAD = 5
"""The position of the one bad item."""
TITLES = [f"Story {n}" for n in range(COUNT) if n != BAD]
ROWS = [{"id": str(n), "title": f"Story {n}" if n != BAD else "", "published_at": f"2026-03-01T00:{n:02}:00Z"} for n in range(COUNT)]


class FileRig(SourceRig):
    """A file, opened anew each time with the same cursors."""

    titles = TITLES
    rejects = 1

    def __init__(self, folder: Path, name: str, content: bytes, wrap: Callable[[Source], Source] = lambda source: source) -> None:
        self.path = folder / name
        self.path.write_bytes(content)
        self.cursors = CursorStore(folder / "cursors")
        self.wrap = wrap
        self.in_pieces = wrap is _paced
        """A paced batch is committed with its last piece, so its earlier pieces may come again."""

    @contextmanager
    def open(self) -> Iterator[Source]:
        yield self.wrap(FileSource(self.path, ManualClock(NOW), FileOptions(batch_items=4), self.cursors))


class RssRig(SourceRig):
    """Three feeds on a real HTTP server; the bad entry has no words."""

    titles = TITLES
    rejects = 1
    ordered = False  # feeds are fetched side by side

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
        settings, clock = IngestSettings(host_interval_seconds=0.001), SystemClock()
        self.health = Health(clock)
        self.health.sources.expect("rss")
        yield RssSource(self.feeds, settings, clock, Random(1), self.cursors, health=self.health)

    def is_in_contact(self) -> bool:
        return self.health.sources.contacts("rss") == len(self.feeds)


class PushRig(SourceRig):
    """A client that posts three batches in turn and sends again what was not acknowledged, as senders must."""

    titles = TITLES
    one_in_flight = True

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
RIGS: dict[str, Callable[[Path], SourceRig]] = {
    "jsonl": lambda folder: FileRig(folder, "f.jsonl", JSONL),
    "jsonl.gz": lambda folder: FileRig(folder, "f.jsonl.gz", gzip.compress(JSONL)),
    "csv": lambda folder: FileRig(folder, "f.csv", _csv()),
    "csv.gz": lambda folder: FileRig(folder, "f.csv.gz", gzip.compress(_csv())),
    "parquet": lambda folder: FileRig(folder, "f.parquet", _parquet()),
    "replay": lambda folder: FileRig(folder, "f.jsonl", JSONL, _paced),
    "rss": RssRig,
    "push": lambda _: PushRig(),
}


class TestSources(SourceConformance):
    @pytest.fixture(params=RIGS)
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SourceRig]:
        made = RIGS[request.param](tmp_path)
        yield made
        if isinstance(made, RssRig):
            made.server.close()
