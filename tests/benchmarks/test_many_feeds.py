"""What it costs one process to follow 2,000 feeds: processor time of a poll, and memory, measured in one run.

`python -m pytest -s tests/benchmarks/test_many_feeds.py` prints them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from random import Random

import psutil
import pytest

from squall.core.clock import SystemClock
from squall.core.config.ingest import IngestSettings
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource

pytestmark = pytest.mark.benchmark

FEEDS = 2_000
HOSTS = 16
"""A port each: a host is asked by one thread at a time."""
ENTRIES = 20
INTERVAL = 300.0
"""Seconds, as feeds have it that say nothing else."""
MOST_CORE = 0.25
"""Of a core, for polls of which most find nothing new."""
MOST_GROWTH_MB = 30.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.headers.get("If-None-Match") == '"1"'
        number = self.path.rsplit("/", 1)[1]
        entries = "".join(
            f"<item><title>Headline {at} of feed {number}: shares fall</title><guid>https://feed{number}.example/{at}</guid>"
            f"<pubDate>Mon, 02 Mar 2026 09:{at:02d}:00 GMT</pubDate></item>"
            for at in range(ENTRIES)
        )
        body = b"" if known else f'<rss version="2.0"><channel><title>{number}</title>{entries}</channel></rss>'.encode()
        self.send_response(304 if known else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _serve(pipe: Connection) -> None:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Handler) for _ in range(HOSTS)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send([server.server_port for server in servers])
    pipe.recv()


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """A process of its own: its work is not the reader's."""
    ours, theirs = Pipe()
    process = get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.kill()
    process.join()


def _spent() -> float:
    """Return the processor time of this process and of the parsers' processes."""
    own = psutil.Process()
    return sum(
        process.cpu_times().user + process.cpu_times().system for process in (own, *own.children()) if process.name() != "forkserver"
    )


def test_two_thousand_feeds_are_followed_by_a_quarter_of_a_core_and_memory_stays_flat(ports: list[int]) -> None:
    feeds = [Feed(url=f"http://127.0.0.1:{ports[number % HOSTS]}/{number}", interval_seconds=1.0) for number in range(FEEDS)]
    settings = IngestSettings(private_hosts=("127.0.0.1",), host_interval_seconds=0.001)
    source = RssSource(feeds, settings, SystemClock(), Random(1))
    stop, documents, marks = threading.Event(), 0, []
    memory = psutil.Process().memory_info

    def watch() -> None:
        """Note time, work and memory when each feed was polled once, twice and three times."""
        for rounds in (1, 2, 3):
            while min(state.fetched for state in source.states) < rounds and not stop.is_set():
                time.sleep(0.2)
            marks.append((sum(state.fetched for state in source.states), _spent(), memory().rss / 1e6))
        stop.set()

    watcher = threading.Thread(target=watch, daemon=True)
    began = _spent()
    watcher.start()
    for batch in source.batches(stop):
        documents += len(batch.items)
        batch.commit()
    source.close()
    watcher.join()
    assert documents == FEEDS * ENTRIES
    first, second, third = marks
    whole = (first[1] - began) / first[0]
    unchanged = (third[1] - second[1]) / (third[0] - second[0])
    core = unchanged * FEEDS / INTERVAL
    growth = third[2] - first[2]
    print(f"\na poll of {ENTRIES} new entries takes {whole * 1e3:.1f} ms of a core, an unchanged one {unchanged * 1e3:.1f} ms")
    print(f"{FEEDS} feeds, each every {INTERVAL:.0f} s: {core:.3f} of a core; memory {third[2]:.0f} MB, {growth:+.1f} MB more")
    assert core < MOST_CORE
    assert growth < MOST_GROWTH_MB
