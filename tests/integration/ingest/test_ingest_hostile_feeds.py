"""Feeds made to break the parser, in real parser processes: an entry costs itself, a feed costs itself, and time and memory are bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import psutil
import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_formats import NotAFeedError
from squall.ingest.rss.parser.pool import Entry, ParserBudget, ParserError, ParserPool
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import FeedServer, body

pytestmark = pytest.mark.slow

TIGHT = ParserBudget(feed_seconds=0.5, entry_seconds=0.2, entries_seconds=4, seconds_per_byte=0)
URL = "http://me:pw@feeds.example/a/f?key=1"


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    """Short budgets: what a hostile feed costs is that and no more."""
    opened = ParserPool(2_000_000, TIGHT)
    yield opened
    opened.close()


def item(name: str, extra: str = "") -> str:
    return f"<item><title>Story {name}</title><guid>{name}</guid><link>{name}.html</link>{extra}</item>"


def feed(*items: str, prolog: str = "") -> bytes:
    return f'<?xml version="1.0"?>{prolog}<rss version="2.0"><channel><title>f</title>{"".join(items)}</channel></rss>'.encode(
        "utf-8", "surrogatepass"
    )


def titles(entries: list[Entry]) -> list[str]:
    return [entry.fields["title"] for entry in entries if not entry.fault]


def attributes(count: int) -> str:
    return "<a " + " ".join(f'a{n}="1"' for n in range(count)) + "/>"


BROKEN = {
    "20,000 attributes": attributes(20_000),
    "20,000 attributes that hide their length": attributes(20_000).replace('"1"', '">"'),
}


@pytest.mark.parametrize("extra", BROKEN.values(), ids=BROKEN.keys())
def test_an_entry_that_breaks_the_parser_is_the_only_one_that_is_lost(pool: ParserPool, extra: str) -> None:
    parsed = pool.parse(feed(item("1"), item("2", extra), item("3")), "text/xml", URL)
    assert parsed.complete
    assert titles(parsed.entries) == ["Story 1", "Story 3"]
    [broken] = [entry for entry in parsed.entries if entry.fault]
    assert broken.fields["text"].startswith("<item><title>Story 2")
    assert "9999" not in broken.fault


def test_two_hundred_thousand_attributes_are_noticed_before_they_cost_anything() -> None:
    before = _parsers(os.getpid())
    pool = ParserPool(5_000_000)
    parsed = pool.parse(feed(item("1"), item("2", attributes(200_000)), item("3")), "text/xml", URL)
    [parser] = _parsers(os.getpid()) - before
    times = parser.cpu_times()
    pool.close()
    assert titles(parsed.entries) == ["Story 1", "Story 3"]
    assert [entry.fault for entry in parsed.entries if entry.fault] == ["a tag is longer than 64 KB"]
    assert times.user + times.system < 5, "all of the process; 271 s without it"


READ = {
    "5,000 nines": "&#" + "9" * 5000 + ";",
    "a code point too large": "&#99999999;",
    "hexadecimal": "&#x" + "f" * 5000 + ";",
    "half a surrogate pair": "&#xD800;",
    "nines in text": "<description><![CDATA[x &#" + "9" * 5000 + "; y]]></description>",
    "nines escaped": "<description>x &amp;#x" + "f" * 5000 + "; y</description>",
    "NUL": "<author>\x00</author>",
    "an invalid date": "<pubDate>Mon, 99 Xxx 99999999999999999999 99:99:99 +9999</pubDate>",
    "a date of Greek words": "<pubDate>" + "," * 5000 + "</pubDate>",
    "comments that do not end": "<description><![CDATA[" + "<!--" * 40_000 + "]]></description>",
    "one long text": "<description>" + "x" * 1_500_000 + "</description>",
    "namespaces": "<a " + " ".join(f'xmlns:n{n}="http://n/{n}"' for n in range(2_000)) + "/>",
}


@pytest.mark.parametrize("extra", READ.values(), ids=READ.keys())
def test_an_odd_entry_is_read_with_its_neighbours(pool: ParserPool, extra: str) -> None:
    parsed = pool.parse(feed(item("1"), item("2", extra), item("3")), "text/xml", URL)
    assert (titles(parsed.entries), parsed.complete) == (["Story 1", "Story 2", "Story 3"], True)


LAUGHS = "<!DOCTYPE r [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"


@pytest.mark.parametrize(
    ("prolog", "extra"),
    [
        (LAUGHS, "<description>&a9;</description>"),
        ("<!DOCTYPE r [<!ENTITY a '" + "x" * 100_000 + "'>]>", "<description>" + "&a;" * 100_000 + "</description>"),
        ("<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", "<description>&a;</description>"),
        ("<!DOCTYPE r SYSTEM 'http://127.0.0.1:1/r.dtd'>", ""),
    ],
    ids=["billion laughs", "quadratic blowup", "external entity", "external document type"],
)
def test_entities_neither_grow_nor_lead_anywhere(pool: ParserPool, prolog: str, extra: str) -> None:
    parsed = pool.parse(feed(item("1"), item("2", extra), item("3"), prolog=prolog), "text/xml", URL)
    assert {"Story 1", "Story 3"} <= set(titles(parsed.entries))
    assert "root:" not in str(parsed.entries)
    assert len(str(parsed.entries)) < 1_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"<?" + b"encoding='" * 100_000,
        feed(attributes(20_000), item("1")),
        b"<rss>" + b"\n<!ENTITY " * 20_000 + attributes(20_000).encode(),
    ],
    ids=["declaration", "head", "entities"],
)
def test_a_feed_that_can_not_be_read_at_all_costs_itself_only(pool: ParserPool, content: bytes) -> None:
    began = time.monotonic()
    try:
        parsed = pool.parse(content, "text/xml", URL)
    except (ParserError, NotAFeedError) as error:
        assert "encoding=" not in str(error)  # noqa: PT017
    else:
        assert titles(parsed.entries) == []
    assert time.monotonic() - began < 30
    assert titles(pool.parse(feed(item("1")), "text/xml", URL).entries) == ["Story 1"]


def test_several_hostile_entries_cost_themselves_only(pool: ParserPool) -> None:
    hostile = attributes(8_000).replace('"1"', '">"')
    parsed = pool.parse(feed(*(item(str(n), hostile if n % 3 == 1 else "") for n in range(9))), "text/xml", URL)
    assert titles(parsed.entries) == [f"Story {n}" for n in (0, 2, 3, 5, 6, 8)]
    assert len(parsed.entries) == 9


def test_without_time_for_all_entries_those_that_were_read_are_kept() -> None:
    pool = ParserPool(2_000_000, ParserBudget(feed_seconds=0.1, entry_seconds=0.1, entries_seconds=0.25, seconds_per_byte=0))
    parsed = pool.parse(feed(item("1"), *(item(str(n), attributes(8_000).replace('"1"', '">"')) for n in range(9))), "text/xml", URL)
    pool.close()
    assert not parsed.complete
    assert titles(parsed.entries) == ["Story 1"]
    assert 2 <= len(parsed.entries) < 10


def test_memory_is_bounded() -> None:
    pool = ParserPool(1, ParserBudget(memory_bytes=100_000_000))
    with pytest.raises(ParserError, match="too much time or memory"):
        pool.parse(feed(item("1"), item("2", "x" * 60_000_000)), "text/xml", URL)
    assert titles(pool.parse(feed(item("1")), "text/xml", URL).entries) == ["Story 1"]
    pool.close()


def test_links_hold_no_secret_of_the_feeds_own_url(pool: ParserPool) -> None:
    [entry] = pool.parse(feed(item("1")), "text/xml", URL).entries
    assert entry.fields["url"] == "http://feeds.example/a/1.html"
    [atom] = pool.parse(
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="#x"/><title>t</title></entry></feed>', "text/xml", URL
    ).entries
    assert atom.fields["url"] == "http://feeds.example/a/f#x"


def test_threads_share_the_pool_and_processes_are_used_again(pool: ParserPool) -> None:
    contents = [feed(*(item(f"{thread}-{n}") for n in range(3))) for thread in range(6)]
    found: dict[int, list[str]] = {}

    def run(thread: int) -> None:
        for _ in range(5):
            found[thread] = titles(pool.parse(contents[thread], "text/xml", URL).entries)

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == {thread: [f"Story {thread}-{n}" for n in range(3)] for thread in range(6)}
    assert len(_parsers(os.getpid())) <= 2


def test_a_pool_that_is_closed_ends_its_processes_and_what_they_do() -> None:
    pool = ParserPool(2_000_000, ParserBudget(feed_seconds=60))
    raised: list[BaseException] = []

    def parse() -> None:
        try:
            pool.parse(feed(item("1", attributes(60_000))), "text/xml", URL)
        except ParserError as error:
            raised.append(error)

    before = _parsers(os.getpid())
    thread = threading.Thread(target=parse)
    thread.start()
    while not (_parsers(os.getpid()) - before):
        time.sleep(0.01)
    pool.close()
    thread.join(10)
    assert not thread.is_alive()
    assert [str(error) for error in raised] == ["the parser was closed"]
    with pytest.raises(ParserError, match="was closed"):
        pool.parse(feed(item("1")), "text/xml", URL)


CHILD = """
import sys
from squall.ingest.rss.parser.pool import ParserPool
pool = ParserPool(2_000_000)
pool.parse(b"<rss version='2.0'><channel><item><title>x</title></item></channel></rss>", "text/xml", "http://x/")
assert not [name for name in sys.modules if name.partition(".")[0] == "torch"]
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_parser_ends_with_a_process_that_is_killed() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    [parser] = _parsers(parent.pid)
    assert parser.memory_info().rss < 60_000_000, "it loads neither torch nor a store"
    assert not any(name.startswith("SQUALL") for name in parser.environ())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    psutil.wait_procs([parser], timeout=10)
    assert not parser.is_running()
    assert parent.stdin is not None
    parent.stdin.close()
    parent.stdout.close()


def _parsers(parent: int) -> set[psutil.Process]:
    found = set()
    for child in psutil.Process(parent).children():
        try:
            if "squall.ingest.rss.parser.process" in child.cmdline():
                found.add(child)
        except psutil.Error:
            continue
    return found


def test_a_broken_entry_is_dead_lettered_once_and_its_feed_goes_on(tmp_path: Path) -> None:
    server = FeedServer()
    server.answers["/f"] = body(feed(item("1"), item("2", attributes(20_000)), item("3")))
    settings = IngestSettings(host_interval_seconds=0.001, request_timeout_seconds=5)
    source = RssSource(
        [Feed(url=server.url("/f"), name="f")], settings, ManualClock(datetime(2026, 3, 2, 15, tzinfo=UTC)), Random(1), once=True
    )
    [batch] = list(source.batches(threading.Event()))
    server.close()
    assert [each.document.title for each in batch.items if each.document] == ["Story 3", "Story 1"]
    [rejection] = [each.rejection for each in batch.items if each.rejection]
    assert (rejection.reason, rejection.detail) == ("broken_markup", "the entry can't be parsed: a tag is longer than 64 KB")
    assert b"Story 2" in rejection.raw
    assert source.states[0].undelivered([Entry({"text": ""}, "x")]) != []
