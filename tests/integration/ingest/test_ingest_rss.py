from __future__ import annotations

import contextlib
import gzip
import itertools
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.clock import Clock, ManualClock, SystemClock
from squall.core.config.settings import IngestSettings
from squall.core.items import Batch
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.parser.pool import ParsedFeed, ParserPool
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import FeedServer, body, rss

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SETTINGS = IngestSettings(request_timeout_seconds=2.0, max_feed_bytes=200_000, host_interval_seconds=0.001)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    feeds = FeedServer()
    yield feeds
    feeds.close()


def source(feeds: list[Feed], clock: Clock | None = None, cursors: CursorStore | None = None, once: bool = True) -> RssSource:
    return RssSource(feeds, SETTINGS, clock or ManualClock(NOW), Random(1), cursors, once=once)


def poll(feeds: list[Feed], cursors: CursorStore | None = None, commit: bool = True) -> tuple[RssSource, list[Batch]]:
    polled = source(feeds, cursors=cursors)
    batches = []
    for batch in polled.batches(threading.Event()):
        batches.append(batch)
        if commit:
            batch.commit()
    return polled, batches


def titles(batches: list[Batch]) -> list[str]:
    return [item.document.title for batch in batches for item in batch.items if item.document]


def test_the_second_poll_is_conditional_and_survives_a_restart(server: FeedServer, tmp_path: Path) -> None:
    server.answers["/f"] = body(rss("1", "2"), ETag='"v1"', Last_Modified="Mon, 02 Mar 2026 14:00:00 GMT")
    feeds, cursors = [Feed(url=server.url("/f"), name="f")], CursorStore(tmp_path)
    assert titles(poll(feeds, cursors)[1]) == ["Story 1", "Story 2"]
    server.answers["/f"] = body(b"", 304)
    again, batches = poll(feeds, cursors)
    assert batches == []
    assert again.states[0].unchanged == 1
    assert server.requests[1][1]["if-none-match"] == '"v1"'
    assert server.requests[1][1]["if-modified-since"] == "Mon, 02 Mar 2026 14:00:00 GMT"
    assert server.requests[1][1]["user-agent"].startswith("squall/")
    server.answers["/f"] = body(rss("1", "2", "3"))
    assert titles(poll(feeds, cursors)[1]) == ["Story 3"]


def test_uncommitted_entries_are_fetched_again_in_full(server: FeedServer, tmp_path: Path) -> None:
    server.answers["/f"] = body(rss("1", "2"), ETag='"v1"')
    feeds, cursors = [Feed(url=server.url("/f"), name="f")], CursorStore(tmp_path)
    poll(feeds, cursors, commit=False)
    assert titles(poll(feeds, cursors)[1]) == ["Story 1", "Story 2"]
    assert "if-none-match" not in server.requests[1][1]


def test_an_entry_without_a_date_gets_the_time_of_collection_and_one_identity(server: FeedServer) -> None:
    server.answers["/f"] = body(b'<rss version="2.0"><channel><item><title>Undated $X</title></item></channel></rss>')
    feeds = [Feed(url=server.url("/f"), name="f", symbols=("Y",), language="de")]
    first, second = (poll(feeds)[1][0].items[0].document for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.published_at == NOW
    assert first.id == second.id
    assert (first.symbols, first.language) == (("Y", "X"), "de")


def _never(server: FeedServer) -> Any:
    return lambda request: server.done.wait(10)


def _endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(rss("1")[:-20])
    while True:
        request.wfile.write(b"<item><title>more</title></item>" * 100)


def _dripping(server: FeedServer) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not server.done.wait(0.05):
            request.wfile.write(b"X-Slow: 1\r\n")
            request.wfile.flush()

    return answer


def _broken_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    request.wfile.write(rss("1"))


def _empty_blocks(request: BaseHTTPRequestHandler) -> None:
    """Compressed data without end that unpacks to nothing: stored blocks of no bytes (RFC 1951, section 3.2.4)."""
    request.send_response(200)
    request.send_header("Content-Encoding", "gzip")
    request.end_headers()
    request.wfile.write(gzip.compress(b"")[:10])
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            request.wfile.write(b"\x00\x00\x00\xff\xff" * 10_000)


def _data_behind_the_end(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Encoding", "gzip")
    request.end_headers()
    request.wfile.write(gzip.compress(rss("1")))
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            request.wfile.write(b"x" * 50_000)


def test_what_follows_the_compressed_feed_is_not_read(server: FeedServer) -> None:
    server.answers["/feed"] = _data_behind_the_end
    polled, batches = poll([Feed(url=server.url("/feed"))])
    assert (titles(batches), polled.states[0].errors) == (["Story 1"], 0)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (body(b"<!doctype html><html></html>", Content_Type="text/html"), "not RSS, Atom, RDF or JSON Feed, but an HTML page"),
        (body(b"", 500), "HTTP 500"),
        (body(b"", 404), "HTTP 404"),
        (body(b"", 302, Location="/bad"), "more than 5 redirects"),
        (body(b"", 302, Location="file:///etc/passwd"), "redirected, but the URL is not an http or https URL"),
        ("never", "not finished after"),
        ("dripping", "not finished after"),
        (_endless, "longer than 200000 bytes"),
        (_broken_off, "not valid HTTP, or it ends early"),
        (body(gzip.compress(b" " * 500_000_000, 1), Content_Encoding="gzip"), "longer than 200000 bytes"),
        (body(gzip.compress(rss("1"))[:-12], Content_Encoding="gzip"), "data ends early"),
        (_empty_blocks, "longer than 200000 bytes"),
        (body(b"\x1f\x8b\x08 not gzip", Content_Encoding="gzip"), "invalid gzip"),
        (body(rss("1"), Content_Encoding="br"), "not requested"),
    ],
    ids=[
        "html",
        "500",
        "404",
        "loop",
        "file",
        "never",
        "dripping",
        "endless",
        "broken off",
        "bomb",
        "gzip cut",
        "blocks of nothing",
        "not gzip",
        "br",
    ],
)
def test_a_bad_feed_is_counted_with_its_reason_and_the_good_one_beside_it_is_read(server: FeedServer, answer: Any, message: str) -> None:
    named = {"never": _never(server), "dripping": _dripping(server)}
    server.answers["/bad"] = named.get(answer, answer) if isinstance(answer, str) else answer
    server.answers["/good"] = body(gzip.compress(rss("1")), Content_Encoding="gzip")
    began = time.monotonic()
    polled, batches = poll([Feed(url=server.url("/bad")), Feed(url=server.url("/good"))])
    assert time.monotonic() - began < 8
    assert titles(batches) == ["Story 1"]
    bad, good = polled.states
    assert (bad.errors, good.errors) == (1, 0)
    assert re.search(message, bad.last_error), bad.last_error


def test_a_refused_connection_and_an_unknown_host_are_errors_like_others() -> None:
    polled, batches = poll([Feed(url="http://127.0.0.1:1/f"), Feed(url="http://no-such-host.invalid/f")])
    assert batches == []
    assert [state.errors for state in polled.states] == [1, 1]


def test_a_bad_entry_does_not_lose_its_neighbours(server: FeedServer) -> None:
    feed = rss("1", "2", "3").replace(b"Story 2", b" ").replace(b"<guid>3</guid>", b"<guid>3</guid><link>http://[bad</link>")
    server.answers["/f"] = body(feed)
    batches = poll([Feed(url=server.url("/f"), name="f")])[1]
    assert titles(batches) == ["Story 1", "Story 3"]
    assert [item.rejection.reason for item in batches[0].items if item.rejection] == ["missing_field"]


@pytest.mark.parametrize("retry_after", ["500", "Mon, 02 Mar 2026 15:08:20 GMT"])
def test_a_failing_feed_waits_for_retry_after_by_the_given_clock_and_then_recovers(server: FeedServer, retry_after: str) -> None:
    server.answers["/f"] = body(b"", 429, Retry_After=retry_after)
    clock, stop = ManualClock(NOW), threading.Event()
    polled = source([Feed(url=server.url("/f"), name="f", interval_seconds=10)], clock, once=False)
    waits = clock.sleep

    def sleep(seconds: float) -> None:
        server.answers["/f"] = body(rss("1"))
        waits(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    batch = next(polled.batches(stop))
    assert titles([batch]) == ["Story 1"]
    assert clock.monotonic() >= 500
    assert len(server.requests) == 2
    polled.close()


def test_requests_to_one_host_keep_their_distance(server: FeedServer) -> None:
    for path in ("/a", "/b", "/c"):
        server.answers[path] = body(rss(path))
    clock = ManualClock(NOW)
    settings = SETTINGS.model_copy(update={"host_interval_seconds": 30.0})
    polled = RssSource([Feed(url=server.url(path), name=path) for path in ("/a", "/b", "/c")], settings, clock, Random(1), once=True)
    moments = [clock.monotonic() for _ in polled.batches(threading.Event())]
    assert [round(later - earlier) for earlier, later in itertools.pairwise(moments)] == [30, 30]


def test_a_hanging_feed_does_not_delay_the_others_nor_the_stop(server: FeedServer) -> None:
    server.answers["/hangs"] = _never(server)
    server.answers["/good"] = body(rss("1"))
    settings = SETTINGS.model_copy(update={"request_timeout_seconds": 60.0})
    other = FeedServer()
    other.answers["/good"] = body(rss("1"))
    feeds = [Feed(url=server.url("/hangs")), Feed(url=other.url("/good"), name="good")]
    stop, began = threading.Event(), time.monotonic()
    polled = RssSource(feeds, settings, ManualClock(NOW), Random(1))
    batches = polled.batches(stop)
    assert titles([next(batches)]) == ["Story 1"]
    stop.set()
    assert list(batches) == []
    assert time.monotonic() - began < 5
    other.close()


def untitled(count: int, start: int = 0) -> bytes:
    items = "".join(f"<item><guid>{n}</guid></item>" for n in reversed(range(start, start + count)))
    return f'<rss version="2.0"><channel><title>f</title>{items}</channel></rss>'.encode()


def test_a_feed_of_rejects_is_paused_alone_for_longer_and_longer_and_recovers(server: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers["/bad"] = body(untitled(1_001), ETag='"v1"')
    server.answers["/good"] = body(rss("1"))
    clock, stop = ManualClock(NOW), threading.Event()
    settings = SETTINGS.model_copy(update={"max_consecutive_rejects": 400})
    health = Health(clock)
    feeds = [
        Feed(url=server.url("/bad"), name="bad", interval_seconds=100),
        Feed(url=server.url("/good"), name="good", interval_seconds=100),
    ]
    polled = RssSource(feeds, settings, clock, Random(1), health=health)
    rejected, good, at = 0, 0, []
    for batch in polled.batches(stop):
        rejected += sum(item.rejection is not None for item in batch.items)
        good += sum(item.document is not None for item in batch.items)
        assert all(item.limited_by_source for item in batch.items if item.rejection)
        at.append(clock.monotonic())
        if rejected == 1_001:
            stop.set()
    assert (rejected, good) == (1_001, 1)
    paused = [record for record in caplog.records if "is paused" in record.message]
    first, second = (record.__dict__["next_try_seconds"] for record in paused)
    assert 150 <= first <= 200 < 300 <= second <= 400
    assert "401 items in a row were rejected, most with missing_field (limit 400" in paused[0].message
    assert health.metrics.registry.get_sample_value("squall_source_fetches_total", {"outcome": "paused"}) == 2
    assert "if-none-match" not in next(headers for path, headers in server.requests[2:] if path == "/bad"), "what is left is fetched again"
    assert (polled.states[0].pauses, polled.states[1].pauses) == (0, 0), "the last part was below the limit"


def test_rejects_in_a_row_are_counted_across_polls_and_a_good_entry_ends_the_row(server: FeedServer) -> None:
    settings = SETTINGS.model_copy(update={"max_consecutive_rejects": 5})
    polled = RssSource([Feed(url=server.url("/f"), name="f", interval_seconds=10)], settings, ManualClock(NOW), Random(1))
    contents = iter([rss("x"), untitled(3, 3), untitled(3, 6), b""])
    server.answers["/f"] = body(untitled(3))
    delivered, stop = [], threading.Event()
    for batch in polled.batches(stop):
        delivered.append((len(batch.items), polled.states[0].pauses))
        server.answers["/f"] = body(following := next(contents))
        if not following:
            stop.set()
    assert delivered == [(3, 0), (1, 0), (3, 0), (3, 1)]


def test_a_cursor_is_named_by_host_and_digest_and_an_old_one_is_taken_over_once(server: FeedServer, tmp_path: Path) -> None:
    server.answers["/f?key=operators-key"] = body(rss("1", "2"), ETag='"v1"')
    url = server.url("/f?key=operators-key").replace("//", "//me:operators-pw@")
    feeds, cursors = [Feed(url=url, name="f")], CursorStore(tmp_path)
    poll(feeds, cursors)
    [path] = tmp_path.iterdir()
    assert path.name.startswith("rss_127.0.0.1_")
    assert "operators" not in path.name
    assert "operators" not in path.read_text()
    content = path.read_bytes()
    path.unlink()
    digest = cursors.path(f"rss:{url}").stem.rpartition("-")[2]
    old = tmp_path / f"rss_http_me_operators-pw_127.0.0.1-{digest}.json"
    old.write_bytes(content)
    server.answers["/f?key=operators-key"] = body(rss("1", "2", "3"))
    assert titles(poll(feeds, cursors)[1]) == ["Story 3"]
    assert server.requests[-1][1]["if-none-match"] == '"v1"'
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    old.write_bytes(content)
    assert titles(poll(feeds, cursors)[1]) == [], "the new cursor counts"
    assert not old.exists()


def test_a_feed_that_is_being_parsed_does_not_hold_up_another_of_its_host(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/slow"] = body(rss("slow"))
    server.answers["/good"] = body(rss("1"))
    released = threading.Event()
    parse = ParserPool.parse

    def held(pool: ParserPool, content: bytes, content_type: str, url: str) -> ParsedFeed:
        if url.endswith("/slow"):
            released.wait(10)
        return parse(pool, content, content_type, url)

    monkeypatch.setattr(ParserPool, "parse", held)
    polled = source([Feed(url=server.url("/slow"), name="slow"), Feed(url=server.url("/good"), name="good")], SystemClock())
    delivered = []
    for batch in polled.batches(threading.Event()):
        delivered += titles([batch])
        released.set()
    assert delivered == ["Story 1", "Story slow"]


@pytest.mark.parametrize("length", [998, 999, 1_200])
def test_a_long_etag_does_not_lock_its_feed_out(server: FeedServer, length: int) -> None:
    server.answers["/feed"] = body(rss("1"), ETag="a" * length + " b")
    feed = Feed(url=server.url("/feed"))
    polled, _ = poll([feed])
    (state,) = polled.states
    assert len(state.validators.etag) == (1_000 if length == 998 else 0)
