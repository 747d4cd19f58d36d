"""Connections that are refused, cut, hung or answered with 429 and 500 at random, and crashes in between: nothing is lost or doubled.

`SQUALL_CUTS_SECONDS=120 python -m pytest -s tests/integration/ingest_social/test_random_cuts.py` does it for longer, and prints the counts.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.clock import SystemClock
from squall.core.config.settings import IngestSettings
from squall.core.observability.health import Health
from squall.ingest.bluesky.source_type import BlueskyType
from squall.ingest.cursors import CursorStore
from squall.ingest.edgar.source_type import EdgarType
from squall.ingest.gdelt.source_type import GdeltType
from squall.ingest.mail.source import ImapType
from squall.ingest.mastodon.source_type import MastodonType
from squall.ingest.mastodon.statuses import document_id_of
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.source_list import ConfiguredSource
from squall.ingest.registry.source_type import SourceType
from squall.ingest.registry.supervised import SupervisedSource
from tests.support.certificates import Authorities
from tests.support.cutting_proxy import CuttingProxy
from tests.support.edgar_server import EdgarServer
from tests.support.gdelt_server import GdeltServer, gkg_row
from tests.support.imap_server import PASSWORD, USER, ImapServer, mail
from tests.support.jetstream_server import JetstreamServer
from tests.support.mastodon_server import TOKEN, MastodonServer

SECONDS = float(os.environ.get("SQUALL_CUTS_SECONDS", "3"))
PATIENCE = 60.0
HASTE = 100.0
"""How much faster than the clock sources wait: their pauses are up to 15 minutes."""

pytestmark = pytest.mark.slow


class HastyClock(SystemClock):
    def monotonic(self) -> float:
        return super().monotonic() * HASTE

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / HASTE)


class Run:
    """A source behind a proxy, read by one driver after another that crash at random; `found` is what they committed."""

    def __init__(self, kind: SourceType[Any], options: dict[str, Any], folder: Path, proxy: CuttingProxy, seed: int) -> None:
        self.proxy = proxy
        self.found: Counter[str] = Counter()
        self.crashes = 0
        self.gaps = 0
        self._configured = ConfiguredSource("s", kind, kind.Options.model_validate(options))
        self._folder, self._random = folder, Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self._thread.start()

    def _drive(self) -> None:
        while not self._stop.is_set():
            clock = HastyClock()
            health = Health(clock)
            context = SourceContext(
                name="s",
                clock=clock,
                random=Random(self._random.random()),
                cursor=SourceCursor(CursorStore(self._folder), "s"),
                report=SourceReport("s", health),
                http=SourceHttp(IngestSettings(request_timeout_seconds=3.0)),
                linker=lambda: pytest.fail("the linker is not asked for"),
            )
            source = SupervisedSource(self._configured, context, 1_000)
            for batch in source.batches(self._stop):
                if not self.proxy.calm and self._random.random() < 0.05:
                    self.crashes += 1
                    break
                batch.commit()
                for item in batch.items:
                    assert item.rejection is None, item.rejection
                    known = item.document.title or item.document.text if item.document else ""
                    known = known.partition(":")[0].partition(",")[0]  # of a filing who files it
                    self.found[known or f"deletion {item.deletion.id}"] += 1  # type: ignore[union-attr]
            self.gaps += health.sources.silences()["s"].gaps
            source.close()

    def finish(self, name: str, expected: set[str]) -> None:
        """Leave connections alone, wait for all, and compare."""
        self.proxy.calm = True
        deadline = time.monotonic() + PATIENCE
        while not expected <= set(self.found) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # what comes twice comes now
        self._stop.set()
        self._thread.join(20)
        lost, doubled = expected - set(self.found), [key for key, count in self.found.items() if count > 1]
        print(f"\n{name}: {len(expected):,} sent, {len(lost)} lost, {len(doubled)} doubled; {self.crashes} crashes;", dict(self.proxy.done))
        assert not self._thread.is_alive()
        assert (sorted(lost)[:5], sorted(doubled)[:5], self.gaps) == ([], [], 0)
        assert set(self.found) == expected


def paced(act: Callable[[int], None], per_second: float) -> int:
    """Call `act` with 0, 1, … for `SECONDS`; return how often."""
    began, number = time.monotonic(), 0
    while (now := time.monotonic() - began) < SECONDS:
        act(number)
        number += 1
        time.sleep(max(0.0, number / per_second - now))
    return number


@pytest.fixture
def cut() -> Iterator[Callable[..., CuttingProxy]]:
    made: list[CuttingProxy] = []

    def start(port: int, seed: int = 7, *, http: bool = True) -> CuttingProxy:
        made.append(CuttingProxy(port, seed, http=http))
        return made[-1]

    yield start
    for proxy in made:
        proxy.close()


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_bluesky(protocol: str, tmp_path: Path, cut: Callable[..., CuttingProxy]) -> None:
    server = JetstreamServer(int((time.time() - 1800) * 1e6), step_us=5_000)
    proxy = cut(server.port)
    server.post("post 0")
    options = {"url": f"ws://127.0.0.1:{proxy.port}", "protocol": protocol, "keywords": ["post"], "start_hours": 1}
    run = Run(BlueskyType(), options, tmp_path, proxy, 1)
    count = paced(lambda number: server.post("my cat" if number % 3 else f"post {number + 1}") and None, 200)
    run.finish(f"bluesky {protocol}", {"post 0"} | {f"post {number + 1}" for number in range(0, count, 3)})
    server.close()


def test_mastodon(tmp_path: Path, cut: Callable[..., CuttingProxy]) -> None:
    server = MastodonServer(datetime.now(UTC) - timedelta(minutes=30), step_seconds=0.01)
    server.remaining = 10**9
    proxy = cut(server.port)
    server.streaming = f"ws://127.0.0.1:{proxy.port}"
    options = {"url": f"http://127.0.0.1:{proxy.port}", "token": TOKEN, "hashtags": ["stocks", "markets"], "start_hours": 1}
    run = Run(MastodonType(), options, tmp_path, proxy, 2)

    def write(number: int) -> None:
        server.write(f"status {number}", "stocks", *(["markets"] if number % 2 else []), late_seconds=0.5 if number % 7 == 0 else 0.0)

    count = paced(write, 50)
    proxy.calm = True
    wait_until(lambda: all(f"status {number}" in run.found for number in range(count)))
    proxy.calm = False
    gone = server.statuses[1:count:10][-20:]
    for status in gone:
        server.delete(status)
        time.sleep(0.05)  # some are heard, and some happen while nothing is connected
    host = f"127.0.0.1:{proxy.port}"
    deletions = {f"deletion {document_id_of(status['id'], host, 'mastodon')}" for status in gone}
    run.finish("mastodon", {f"status {number}" for number in range(count)} | deletions)
    server.close()


def test_gdelt(tmp_path: Path, cut: Callable[..., CuttingProxy]) -> None:
    server = GdeltServer()
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=25)
    server.publish(start, gkg_row("title 0", start))
    port = int(server.url.partition("//")[2].partition("/")[0].partition(":")[2])
    proxy = cut(port)
    options = {"url": f"http://127.0.0.1:{proxy.port}/gdeltv2", "everything": True, "poll_seconds": 10, "start_hours": 600}

    def publish(number: int) -> None:
        at = start + timedelta(minutes=15 * (number + 1))
        server.publish(at, *(gkg_row(f"title {number + 1}.{row}" + " x" * 20, at, row) for row in range(50)))

    run = Run(GdeltType(), options, tmp_path, proxy, 3)
    wait_until(lambda: bool(run.found))  # the first start begins with the file of that time, or the newest before
    count = paced(publish, 5)
    titles = {f"title {number + 1}.{row}" + " x" * 20 for number in range(count) for row in range(50)}
    run.finish("gdelt", {"title 0"} | titles)
    server.close()


def test_edgar(tmp_path: Path, cut: Callable[..., CuttingProxy]) -> None:
    server = EdgarServer(datetime.now(UTC) - timedelta(minutes=5))
    server.file("8-K", ("FILER 0", "0000000001", "Filer"))
    proxy = cut(int(server.url.rpartition(":")[2]))
    options = {
        "url": f"http://127.0.0.1:{proxy.port}",
        "user_agent": "Example Fund desk@example.com",
        "forms": ["8-K", "4"],
        "poll_seconds": 10,
    }
    run = Run(EdgarType(), options, tmp_path, proxy, 4)
    wait_until(lambda: bool(run.found))

    def file(number: int) -> None:
        server.file("8-K" if number % 2 else "4", (f"FILER {number + 1}", "0000000001", "Filer"), ("OTHER", "0000000002", "Reporting"))

    count = paced(file, 20)
    run.finish("edgar", {f"FILER {number}" for number in range(count + 1)})
    server.close()


def test_imap(tmp_path: Path, cut: Callable[..., CuttingProxy], authorities: Authorities) -> None:
    with ImapServer(tmp_path, *authorities.ours.issue("127.0.0.1", "localhost")) as server:
        server.deliver(mail("mail 0", "words"), folder="Cut")
        proxy = cut(server.tls_port, http=False)
        options = {"host": "127.0.0.1", "port": proxy.port, "username": USER, "password": PASSWORD, "ca_file": authorities.ours.file}
        run = Run(ImapType(), {**options, "folder": "Cut", "start": "beginning"}, tmp_path, proxy, 5)
        count = paced(lambda number: server.deliver(mail(f"mail {number + 1}", "words"), folder="Cut"), 10)
        run.finish("imap", {f"mail {number}" for number in range(count + 1)})


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
