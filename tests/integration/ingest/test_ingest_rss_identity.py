"""Identity and decoding of feeds as servers really send them: over HTTP, through the parser's process."""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings
from squall.core.records import Document
from squall.ingest.cursors import CursorStore
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import FeedServer, body, rss

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SETTINGS = IngestSettings(request_timeout_seconds=5.0, host_interval_seconds=0.001)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    feeds = FeedServer()
    yield feeds
    feeds.close()


def read(*feeds: Feed, cursors: CursorStore | None = None) -> list[Document]:
    source = RssSource(feeds, SETTINGS, ManualClock(NOW), Random(1), cursors, once=True)
    documents = []
    for batch in source.batches(threading.Event()):
        documents += [item.document for item in batch.items if item.document]
        batch.commit()
    assert [state.last_error for state in source.states] == [""] * len(feeds)
    return documents


def feed(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>f</title>{"".join(f"<item>{item}</item>" for item in items)}</channel></rss>'.encode()


@pytest.mark.parametrize("tag", ["<guid>N/A</guid>", "<guid isPermaLink='false'>0</guid>", "<guid>http://example.com/</guid>", ""])
def test_ten_items_with_one_guid_are_ten_documents_once(server: FeedServer, tmp_path: Path, tag: str) -> None:
    server.answers["/f"] = body(feed(*(f"<title>Story {number}</title>{tag}" for number in range(10))))
    one = Feed(url=server.url("/f"))
    documents = read(one, cursors=CursorStore(tmp_path))
    assert (len({document.id for document in documents}), len(documents)) == (10, 10)
    assert read(one, cursors=CursorStore(tmp_path)) == []
    assert {document.id for document in read(one)} == {document.id for document in documents}


def test_the_log_says_what_became_of_every_entry(server: FeedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server.answers["/f"] = body(feed("<title>1</title>", "<title>2</title>", "<title>2</title>"))
    one = Feed(url=server.url("/f?apikey=geheim"))
    server.answers["/f?apikey=geheim"] = server.answers["/f"]
    with caplog.at_level(logging.INFO, "squall"):
        read(one, cursors=CursorStore(tmp_path))
        server.answers["/f?apikey=geheim"] = body(feed("<title>1</title>", "<title>3</title>"))
        read(one, cursors=CursorStore(tmp_path))
    lines = [record.__dict__ for record in caplog.records if record.getMessage() == "a feed was read"]
    assert [(line["entries"], line["new"], line["delivered_before"], line["duplicates"]) for line in lines] == [(3, 2, 0, 1), (2, 1, 1, 0)]
    assert all(line["new"] + line["delivered_before"] + line["duplicates"] == line["entries"] for line in lines)
    assert "geheim" not in str(lines)


def test_two_feeds_of_one_host_may_both_number_their_items_from_one(server: FeedServer) -> None:
    for name in ("markets", "politics"):
        server.answers[f"/{name}"] = body(feed(*(f"<guid>{number}</guid><title>{name} {number}</title>" for number in (1, 2))))
    documents = read(Feed(url=server.url("/markets")), Feed(url=server.url("/politics")))
    assert len({document.id for document in documents}) == 4
    assert len({document.source for document in documents}) == 1
    assert {document.url for document in documents} == {""}


def test_a_link_is_as_it_was_written_even_if_its_ampersands_are_not_escaped(server: FeedServer) -> None:
    links = [
        "https://x.com/a?a=1&copy=3",
        "https://x.com/#!/b",
        "https://x.com/c?q=%D6%D0&ref=d",
        "https://x.com/d?reg=1&lt=2&utm_source=e",
    ]
    broken = "<title>AT&T & S&P fall<br></title>"
    server.answers["/f"] = body(feed(*(f"<title>AT&T & S&P fall</title><link>{link}</link>" for link in links)))
    server.answers["/g"] = body(feed(*(f"{broken}<link>{link}</link>" for link in links)))
    for path in ("/f", "/g"):
        documents = read(Feed(url=server.url(path)))
        assert [document.url for document in reversed(documents)] == [*links[:3], "https://x.com/d?reg=1&lt=2"]
        assert {document.title for document in documents} == {"AT&T & S&P fall"}


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _byte_by_byte(data: bytes) -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in data) + b"0\r\n\r\n"


@pytest.mark.parametrize("pack", [_raw_deflate, zlib.compress], ids=["of old IIS", "of zlib"])
def test_both_kinds_of_deflate_are_read(server: FeedServer, pack: object) -> None:
    assert callable(pack)
    data = pack(rss("1", "2") + b" " * 70_000)

    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Content-Encoding", "deflate")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(_byte_by_byte(data))

    server.answers["/f"] = body(data, Content_Encoding="deflate")
    server.answers["/g"] = chunked
    for path in ("/f", "/g"):
        assert [document.title for document in read(Feed(url=server.url(path)))] == ["Story 1", "Story 2"]
    asked = server.requests[0][1]["accept-encoding"]
    assert {name.strip() for name in asked.split(",")} == {"gzip", "deflate"}


def test_an_error_that_nobody_foresaw_in_one_feed_does_not_stop_the_others_and_loses_nothing(
    server: FeedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Clock(ManualClock):
        broken = True

        def now(self) -> datetime:
            if self.broken and len(server.requests) == 1:
                raise OverflowError("date value out of range")
            return super().now()

    for path in ("/a", "/b"):
        server.answers[path] = body(rss("1"), ETag=f'"{path}"')
    feeds = [Feed(url=server.url(path), name=path, interval_seconds=0.01) for path in ("/a", "/b")]
    clock = Clock(NOW)
    clock.broken = False
    source = RssSource(feeds, SETTINGS, clock, Random(1), CursorStore(tmp_path), once=True)
    clock.broken = True
    found = [item.document for batch in source.batches(threading.Event()) for item in batch.items if item.document]
    assert [document.source for document in found] == ["/b"]
    assert source.states[0].last_error == "OverflowError"
    assert "can't be delivered" in caplog.text
    assert {document.source for document in read(*feeds, cursors=CursorStore(tmp_path))} == {"/a", "/b"}
