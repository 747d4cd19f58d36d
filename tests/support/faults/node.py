"""`squall up` over a file of the stream, with its embedded store, and the account of it."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path

import orjson

from squall.ingest.synthetic.stream import START, StreamScript, describe, generate
from squall.storage import Store
from tests.support.faults.account import FIRST, LAST
from tests.support.squall_process import SquallProcess, opened, wait_until

ENDED = "all sources have ended"
_LINES = 1_500
BATCH_DOCUMENTS = "100"


def short_stream(path: Path, seed: int) -> StreamScript:
    """Write the first hours of the stream to `path`, gzipped, and return what is in them: enough for a dozen micro-batches."""
    records = list(islice(generate(seed, START, 1), _LINES))
    path.write_bytes(gzip.compress(b"".join(record.line + b"\n" for record in records), mtime=0))
    return describe(records, seed, START, 1)


class NodeRun:
    """One data folder, and the nodes that run on it one after another.

    Args:
        folder: for the log.
        data: the node's data folder.
        stream: the file to ingest.
        variables: more of the environment of each process.
    """

    def __init__(self, folder: Path, data: Path, stream: Path, variables: Mapping[str, str] | None = None, **settings: str) -> None:
        self.log = folder / "up.log"
        self.data = data
        self._variables = variables or {}
        self.settings = {
            "DATA_DIR": str(data),
            "INGEST__FILES": orjson.dumps([{"path": str(stream)}]).decode(),
            "WEB__PORT": "0",
            "DETECTOR__INTERVAL_SECONDS": "5",
            "DETECTOR__IDLE_SECONDS": "2",
            "ALERTS__NOTIFY_HISTORY": "true",
            "PROCESSOR__BATCH_DOCUMENTS": BATCH_DOCUMENTS,
            "PROCESSOR__RETRY_MAX_SECONDS": "1",
            "MODEL__THREADS": "1",
            **settings,
        }
        self.node: SquallProcess | None = None

    @property
    def url(self) -> str:
        return f"chdb://{self.data / 'chdb'}"

    def start(self) -> SquallProcess:
        """Start a node; its part of the log begins here."""
        self._since = self.log.stat().st_size if self.log.exists() else 0
        self.node = SquallProcess(self.log, "up", variables=self._variables, **self.settings)
        return self.node

    @property
    def alive(self) -> bool:
        """Whether the present node runs."""
        return self.node is not None and self.node.alive

    def output(self) -> str:
        """What the present node has printed."""
        return self.log.read_bytes()[self._since :].decode(errors="replace")

    def printed(self, text: str, seconds: float = 180.0) -> None:
        """Wait until the present node prints `text`."""
        wait_until(lambda: text in self.output(), seconds, f"the line {text!r}", self.log)

    def moved(self, seconds: float = 180.0) -> None:
        """Wait until another batch is stored and its cursor moved."""
        before = self.cursor_times()
        wait_until(lambda: self.cursor_times() > before, seconds, "a stored batch", self.log)

    def cursor_times(self) -> int:
        """A number that grows with each move of a cursor."""
        return sum(path.stat().st_mtime_ns for path in self.cursors())

    def cursors(self) -> list[Path]:
        """The cursor files."""
        folder = self.data / "cursors"
        return sorted(folder.glob("*.json")) if folder.exists() else []

    def finish(self) -> None:
        """Wait for the end of the file and of the detector's work, and stop the node."""
        assert self.node
        self.printed(ENDED)
        self.node.stop()
        assert self.node.process.returncode == 0, self.output()[-3000:]

    def close(self) -> None:
        """Kill the node if it runs."""
        if self.node and self.alive:
            self.node.kill()


def check_account(run: NodeRun, script: StreamScript) -> None:
    """Every document of the stream is stored once, every malformed line is a dead letter, and every count agrees."""
    with opened(run.url) as store:
        letters = sum(count for _, count in store.dead_letters.by_reason())
        totals = store.counts.totals()
        assert (totals.documents, letters) == (script.documents, script.malformed)
        assert sum(row.total for row in store.counts.by_topic(FIRST, LAST, copies=True)) == totals.documents - totals.unscored


def rolled_up(store: Store) -> tuple[int, int]:
    """Return how many documents the precomputed hours show, and how many there are, without copies."""
    shown = sum(bucket.total for bucket in store.counts.buckets(FIRST, LAST, step=timedelta(hours=1)))
    return shown, sum(row.total for row in store.counts.by_topic(FIRST, LAST))


def faked_clock(offset: Path) -> dict[str, str]:
    """Return the environment that shifts a process' wall clock by what `offset` says (`+3600`), read again each second."""
    import libfaketime

    library = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    assert library.exists()
    return {
        "LD_PRELOAD": os.fspath(library),
        "FAKETIME_TIMESTAMP_FILE": os.fspath(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
