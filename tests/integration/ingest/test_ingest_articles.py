"""Articles behind feeds, from a real HTTP server on loopback through real parser processes."""

from __future__ import annotations

import gzip
import itertools
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest

from squall.core.clock import SystemClock
from squall.core.config.settings import IngestSettings
from squall.core.net.outbound.client import OutboundClient
from squall.core.observability.health import Health
from squall.core.records import Document
from squall.ingest.cursors import CursorStore
from squall.ingest.host_intervals import HostIntervals
from squall.ingest.rss import articles
from squall.ingest.rss.entry_identity import identified
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.rss.parser.pool import Entry, ParserBudget, ParserError, ParserPool
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import Answer, FeedServer, body, redirect

SETTINGS = IngestSettings(request_timeout_seconds=2.0, host_interval_seconds=0.001)
HTML = {"Content_Type": "text/html; charset=utf-8"}
SENTENCE = "The company said that its loss in the third quarter was larger than analysts had expected, and that it would cut 2,000 jobs."


@pytest.fixture
def server() -> Iterator[FeedServer]:
    feeds = FeedServer()
    feeds.answers["/robots.txt"] = body(b"", 404)
    yield feeds
    feeds.close()


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    pool = ParserPool(2_000_000)
    yield pool
    pool.close()


def page(marker: str, sentences: int = 6) -> bytes:
    menu = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(30))
    paragraphs = "".join(f"<p>{marker} {n}: {SENTENCE}</p>" for n in range(sentences))
    return (
        f"<!doctype html><html><head><title>{marker}</title></head><body><nav><ul>{menu}</ul></nav>"
        f"<article><h1>{marker}</h1>{paragraphs}</article><footer>© Publisher. Cookie settings</footer></body></html>"
    ).encode()


def feed(*entries: tuple[str, str, str]) -> bytes:
    """An entry each: path of its page, title, text; its guid is its path, and the first is the newest."""
    items = "".join(
        f"<item><title>{title}</title><guid>urn:{path}</guid><link>{path}</link><description>{text}</description>"
        f"<pubDate>Mon, 02 Mar 2026 14:{59 - number // 60:02}:{59 - number % 60:02} GMT</pubDate></item>"
        for number, (path, title, text) in enumerate(entries)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>f</title>{items}</channel></rss>'.encode()


class Polled:
    """One poll of feeds by a process of its own, everything committed."""

    def __init__(self, feeds: list[Feed], cursors: CursorStore | None = None, options: IngestSettings = SETTINGS) -> None:
        clock = SystemClock()
        self.health = Health(clock)
        source = RssSource(feeds, options, clock, Random(1), cursors, once=True, health=self.health)
        self.documents: list[Document] = []
        for batch in source.batches(threading.Event()):
            self.documents += [item.document for item in batch.items if item.document]
            batch.commit()
        self.articles = sum(state.articles for state in source.states)

    def text(self, title: str) -> str:
        [found] = [document.text for document in self.documents if document.title == title]
        return found

    def counted(self) -> dict[str, float]:
        return counts(self.health)


def counts(health: Health) -> dict[str, float]:
    """Articles by outcome, as the metric has them."""
    prefix = 'squall_articles_total{outcome="'
    lines = [line for line in generate_latest(health.metrics.registry).decode().splitlines() if line.startswith(prefix)]
    found = {line.removeprefix(prefix).partition('"')[0]: float(line.rpartition(" ")[2]) for line in lines}
    return {outcome: count for outcome, count in found.items() if count}


def asked(server: FeedServer, path: str) -> int:
    return sum(request == path for request, _ in server.requests)


def listed(server: FeedServer, path: str = "/f", **more: object) -> Feed:
    return Feed.model_validate({"url": server.url(path), "name": "wire", "article": True, **more})


def test_an_entry_that_says_little_gets_the_text_of_its_article_and_no_other_does(server: FeedServer) -> None:
    full = "A feed that says it all. " * 20
    server.answers["/f"] = body(feed(("/short", "Short", "More at wire"), ("/full", "Full", full), ("", "No link", "")))
    server.answers["/short"] = body(page("short"), **HTML)
    polled = Polled([listed(server)])
    assert polled.text("Short").count(SENTENCE) == 6
    assert "Section 3" not in polled.text("Short")
    assert "Cookie" not in polled.text("Short")
    assert polled.text("Full") == full.strip()
    assert (asked(server, "/full"), polled.counted(), polled.articles) == (0, {"read": 1}, 1)
    assert dict(server.requests)["/short"]["user-agent"] == SETTINGS.user_agent


def test_the_identity_of_documents_is_the_same_with_and_without_their_articles(server: FeedServer) -> None:
    server.answers["/f"] = body(feed(("/a", "With a guid", ""), ("/b", "Without one", "")).replace(b"<guid>urn:/b</guid>", b""))
    server.answers |= {"/a": body(page("a"), **HTML), "/b": body(page("b"), **HTML)}
    with_articles, without = Polled([listed(server)]).documents, Polled([listed(server, article=False)]).documents
    assert [document.id for document in with_articles] == [document.id for document in without]
    assert ([len(each.text) > 200 for each in with_articles], [each.text for each in without]) == ([True, True], ["", ""])


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    while True:
        request.wfile.write(b"<p>without end</p>" * 10_000)


@pytest.mark.slow
def test_each_failure_delivers_the_entry_as_the_feed_has_it_and_is_counted(server: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    inside = FeedServer()  # another port of loopback, which nobody named
    inside.answers["/secret"] = body(page("secret"), **HTML)
    answers = {
        "/stub": (body(b"<html><body><article><p>Subscribe to read this article.</p></article></body></html>", **HTML), "no_text"),
        "/pdf": (body(b"%PDF-1.7 " + SENTENCE.encode() * 10, Content_Type="application/pdf"), "not_html"),
        "/403": (body(page("x"), 403, **HTML), "refused"),
        "/404": (body(page("x"), 404, **HTML), "refused"),
        "/500": (body(page("x"), 500, **HTML), "failed"),
        "/endless": (endless, "failed"),
        "/bomb": (body(gzip.compress(b"<p>x</p>" * 5_000_000), Content_Encoding="gzip", **HTML), "failed"),
        "/private": (redirect(inside.url("/secret")), "failed"),
        "/metadata": (redirect("http://169.254.169.254/latest/"), "failed"),
        "/slow": (lambda _: server.done.wait(30), "failed"),
        "/loop": (redirect("/loop"), "failed"),
        "/forbidden/1": (body(page("x"), **HTML), "robots"),
    }
    server.answers["/robots.txt"] = body(b"User-agent: other\nDisallow: /\n\nUser-agent: squall\nDisallow: /forbidden/\n")
    server.answers |= {path: answer for path, (answer, _) in answers.items()}  # type: ignore[misc]
    server.answers["/good"] = body(page("good"), **HTML)
    links = [*answers, "/good", inside.url("/secret")]
    server.answers["/f"] = body(feed(*((path, f"At {path}", "little") for path in links)))
    with caplog.at_level(logging.WARNING):
        polled = Polled([listed(server)])
    inside.close()
    assert [document.title for document in polled.documents] == [f"At {path}" for path in reversed(links)]
    assert {document.text for document in polled.documents if document.title != "At /good"} == {"little"}
    assert SENTENCE in polled.text("At /good")
    assert polled.counted() == {"no_text": 1, "not_html": 1, "refused": 2, "robots": 1, "failed": 8, "read": 1}
    assert inside.requests == []
    assert asked(server, "/forbidden/1") == 0
    said = [record for record in caplog.records if "an article of a feed is not read" in record.message]
    assert sorted(record.__dict__["outcome"] for record in said) == ["failed", "no_text", "not_html", "refused", "robots"]
    assert not any("http://" in record.message for record in said), "nothing foreign"


def outcomes(server: FeedServer, parsers: ParserPool, *paths: str) -> dict[str, float]:
    """Read the articles at `paths` for one feed, without a poll; return what became of them."""
    clock, listing = SystemClock(), listed(server)
    health = Health(clock)
    stage = articles.Articles([listing], SETTINGS, OutboundClient(), parsers, HostIntervals(clock, 0.001), clock, health)
    entries = identified([Entry({"url": server.url(path), "title": path}) for path in paths], listing.url, {})
    reading = stage.begin(FeedState(listing), entries, lambda: False)
    assert reading is not None
    assert len(reading.result(60)) == len(paths)
    stage.close()
    return counts(health)


HOSTILE_ROBOTS = b"".join(b"User-agent: %d\n" % n for n in range(17_000)) + b"Disallow: /%\n" * 20_000


@pytest.mark.parametrize(
    ("robots", "is_read"),
    [
        (body(b"", 404), True),
        (body(b"", 403), True),
        (body(b"", 500), False),
        (body(b"", 429), False),
        (lambda request: request.connection.close(), False),
        (body(b"User-agent: *\nDisallow: /"), False),
        (body(b"User-agent: *\nDisallow: /\nUser-agent: Squall\nAllow: /"), True),
        (body(b"User-agent: *\nCrawl-delay: 31"), False),
        (body(b"\xff\xfe\x00garbage" * 1000), True),
        pytest.param(body(HOSTILE_ROBOTS), False, marks=pytest.mark.slow),
    ],
    ids=["404", "403", "500", "429", "closed", "all forbidden", "ours allowed", "delay too long", "garbage", "made to take all memory"],
)
def test_robots_txt_decides_and_forbids_where_it_can_not_be_had(
    server: FeedServer, parsers: ParserPool, robots: Answer, is_read: bool
) -> None:
    server.answers |= {"/robots.txt": robots, "/a": body(page("a"), **HTML), "/b": body(page("b"), **HTML)}
    assert outcomes(server, parsers, "/a", "/b") == ({"read": 2} if is_read else {"robots": 2})
    assert (asked(server, "/robots.txt"), asked(server, "/a")) == (1, int(is_read))


def test_robots_txt_holds_for_the_target_of_a_redirect_too(server: FeedServer, parsers: ParserPool) -> None:
    server.answers["/robots.txt"] = body(b"User-agent: *\nDisallow: /b")
    server.answers |= {"/a": redirect("/b"), "/b": body(page("b"), **HTML)}
    assert outcomes(server, parsers, "/a") == {"robots": 1}
    assert asked(server, "/b") == 0


def test_an_article_in_two_feeds_is_fetched_once(server: FeedServer) -> None:
    entries = feed(("/a", "A", ""))
    server.answers |= {
        "/f": body(entries),
        "/g": body(entries.replace(b"/a</link>", b"/a?utm_source=x</link>")),
        "/a": body(page("a"), **HTML),
    }
    polled = Polled([listed(server, "/f"), listed(server, "/g", name="other")])
    assert [len(document.text) > 200 for document in polled.documents] == [True, True]
    assert (asked(server, "/a"), polled.counted()) == (1, {"read": 1, "known": 1})


def test_a_changed_entry_reads_its_article_again_and_an_unchanged_one_does_not(server: FeedServer, tmp_path: Path) -> None:
    cursors = CursorStore(tmp_path)
    server.answers |= {"/f": body(feed(("/a", "A", ""))), "/a": body(page("first"), **HTML)}
    [first] = Polled([listed(server)], cursors).documents
    assert Polled([listed(server)], cursors).documents == []
    server.answers |= {"/f": body(feed(("/a", "A, corrected", ""))), "/a": body(page("second"), **HTML)}
    [second] = Polled([listed(server)], cursors).documents
    assert (first.id == second.id, "first 0:" in first.text, "second 0:" in second.text) == (True, True, True)
    assert asked(server, "/a") == 2


def test_after_a_crash_before_the_commit_the_articles_come_again_with_the_same_ids(server: FeedServer, tmp_path: Path) -> None:
    cursors = CursorStore(tmp_path)
    server.answers |= {"/f": body(feed(("/a", "A", ""), ("/b", "B", "")), ETag='"1"'), "/a": body(page("a"), **HTML)}
    server.answers["/b"] = body(page("b"), **HTML)
    crashed = RssSource([listed(server)], SETTINGS, SystemClock(), Random(1), cursors, once=True)
    [lost] = crashed.batches(threading.Event())
    again = Polled([listed(server)], cursors)
    assert [document.id for document in again.documents] == [item.document.id for item in lost.items if item.document]
    assert [SENTENCE in document.text for document in again.documents] == [True, True]
    assert Polled([listed(server)], cursors).documents == []


def test_of_a_long_feed_the_newest_articles_are_read(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "MOST_OF_A_POLL", 2)
    server.answers["/f"] = body(feed(*((f"/{n}", f"Story {n}", "") for n in range(4))))
    server.answers |= {f"/{n}": body(page(str(n)), **HTML) for n in range(4)}
    polled = Polled([listed(server)])
    assert [document.title for document in polled.documents] == [f"Story {n}" for n in (3, 2, 1, 0)]
    assert [bool(document.text) for document in polled.documents] == [False, False, True, True]
    assert polled.counted() == {"left_out": 2, "read": 2}


def test_requests_to_one_host_keep_the_pause_that_it_asks_for(server: FeedServer, parsers: ParserPool) -> None:
    at: list[float] = []

    def timed(request: BaseHTTPRequestHandler) -> None:
        at.append(time.monotonic())
        body(page("x"), **HTML)(request)

    server.answers["/robots.txt"] = body(b"User-agent: *\nCrawl-delay: 0.3")
    server.answers |= {f"/{n}": timed for n in range(3)}
    assert outcomes(server, parsers, "/0", "/1", "/2") == {"read": 3}
    assert all(later - earlier > 0.25 for earlier, later in itertools.pairwise(at))


def test_a_stop_is_noticed_while_an_article_is_read_and_nothing_of_it_counts_as_delivered(server: FeedServer, tmp_path: Path) -> None:
    reading, stop, cursors = threading.Event(), threading.Event(), CursorStore(tmp_path)

    def slow(_: BaseHTTPRequestHandler) -> None:
        reading.set()
        server.done.wait(30)

    server.answers |= {"/f": body(feed(("/a", "A", "")), ETag='"1"'), "/a": slow}
    source = RssSource([listed(server)], SETTINGS.model_copy(update={"request_timeout_seconds": 20.0}), SystemClock(), Random(1), cursors)
    stopped: list[float] = []

    def stopper() -> None:
        reading.wait(20)
        stopped.append(time.monotonic())
        stop.set()

    threading.Thread(target=stopper).start()
    assert list(source.batches(stop)) == []
    assert time.monotonic() - stopped[0] < 1
    server.answers["/a"] = body(page("a"), **HTML)
    [document] = Polled([listed(server)], cursors).documents
    assert SENTENCE in document.text
    assert "if-none-match" not in server.requests[-1][1]


PIECES = (b"<p>", b"</p>", b"<article>", b"<table><td>", b"&#0;", b"\x00", b"\xff", b"<!--", b"<svg>", b"<script>", b"text ")
PAGES = st.one_of(st.binary(max_size=2_000), st.lists(st.sampled_from(PIECES)).map(b"".join))
CHARSETS = st.sampled_from(["", "utf-8", "utf-16", "idna", "hex", "undefined"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=PAGES, charset=CHARSETS)
def test_no_page_ends_the_process_that_reads_it(parsers: ParserPool, content: bytes, charset: str) -> None:
    parsers.read("article", b"<p>warm</p>", content_type="")
    before = parsers._idle[-1]
    text = str(parsers.read("article", content, content_type=f"text/html; charset={charset}")["text"])
    assert "\x00" not in text
    assert parsers._idle[-1] is before


def test_a_page_that_needs_too_much_costs_itself_only(parsers: ParserPool) -> None:
    tight = ParserPool(1, ParserBudget(feed_seconds=0.05, seconds_per_byte=0))
    with pytest.raises(ParserError, match="too much time or memory"):
        tight.read("article", page("long", 15_000), content_type="text/html")
    tight.close()
    assert SENTENCE in str(parsers.read("article", page("after"), content_type="text/html")["text"])
