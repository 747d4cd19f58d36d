"""Dates of feeds over HTTP: read as a whole, or the entry is undated; what is dated ahead waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings
from squall.core.items import Batch
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.rss import feed_state
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import FeedServer, body

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SETTINGS = IngestSettings(request_timeout_seconds=2.0, host_interval_seconds=0.001)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    feeds = FeedServer()
    yield feeds
    feeds.close()


def feed_of(*dates: str, language: str = "") -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>g{number}</guid><title>Story {number} of the bank</title><pubDate>{date}</pubDate></item>"
        for number, date in enumerate(dates, 1)
    )
    spoken = f"<language>{language}</language>" if language else ""
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{spoken}{items}</channel></rss>".encode()


def run(source: RssSource) -> list[Batch]:
    batches = []
    for batch in source.batches(threading.Event()):
        batches.append(batch)
        batch.commit()
    return batches


def published(batches: list[Batch]) -> dict[str, tuple[datetime, bool]]:
    documents = [item.document for batch in batches for item in batch.items if item.document]
    return {document.title.split()[1]: (document.published_at, document.undated) for document in documents}


def test_dates_are_read_by_zone_language_and_half_of_the_day(server: FeedServer) -> None:
    dates = (
        "Mon, 02 Mar 2026 15:05:00 CET",
        "Mo, 02 Mär 2026 14:05",
        "Mar 2, 2026 2:05 PM",
        "2026/03/02 14:05",
        "Mon, 02 Mar 2026 19:35:00 IST",
    )
    server.answers["/f"] = body(feed_of(*dates, language="en-in"))
    source = RssSource([Feed(url=server.url("/f"))], SETTINGS, ManualClock(NOW), Random(1), once=True)
    moment = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    assert published(run(source)) == {str(number): (moment, False) for number in range(1, 6)}
    assert source.states[0].undated == 0


def test_an_unreadable_date_is_counted_and_logged_once_and_the_entry_is_undated(
    server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["/f"] = body(feed_of("Mon, 02 Mar 2026 18:02:42 IST", "02/03/2026 14:05", "Mon, 02 Mar 2026 14:05:00 GMT", ""))
    clock = ManualClock(NOW)
    health = Health(clock)
    source = RssSource([Feed(url=server.url("/f"))], SETTINGS, clock, Random(1), once=True, health=health)
    with caplog.at_level(logging.WARNING):
        found = published(run(source))
    assert found == {
        "1": (NOW, True),
        "2": (NOW, True),
        "3": (datetime(2026, 3, 2, 14, 5, tzinfo=UTC), False),
        "4": (NOW, True),
    }
    assert source.states[0].undated == 2
    assert health.metrics.registry.get_sample_value("squall_source_undated_total") == 2
    (line,) = [record.getMessage() for record in caplog.records if "undated" in record.getMessage()]
    assert "02/03/2026" in line
    assert "time_format" in line


def test_an_entry_dated_ahead_is_delivered_when_it_is_due_and_not_before(server: FeedServer) -> None:
    """The feed is not changed meanwhile (304), and its other entry is delivered at once."""
    server.answers["/f"] = body(feed_of("Mon, 02 Mar 2026 15:13:00 GMT", "Mon, 02 Mar 2026 14:05:00 GMT"), ETag='"v1"')
    clock, stop = ManualClock(NOW), threading.Event()
    source = RssSource([Feed(url=server.url("/f"), interval_seconds=300)], SETTINGS, clock, Random(1))
    batches = source.batches(stop)
    assert published([next(batches)]) == {"2": (datetime(2026, 3, 2, 14, 5, tzinfo=UTC), False)}
    server.answers["/f"] = body(b"", 304)
    due = NOW + timedelta(minutes=13)
    assert published([next(batches)]) == {"1": (due, False)}
    assert due <= clock.now() < due + timedelta(minutes=5)
    source.close()


def test_an_entry_that_waits_is_delivered_once_even_if_its_guid_turns_out_to_be_shared(
    server: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is known by another key then; the log counts it as new once, and as waiting afterwards."""
    ahead, past = "Mon, 02 Mar 2026 15:13:00 GMT", "Mon, 02 Mar 2026 14:05:00 GMT"
    server.answers["/f"] = body(feed_of(ahead), ETag='"v1"')
    clock = ManualClock(NOW)
    source = RssSource([Feed(url=server.url("/f"), interval_seconds=60)], SETTINGS, clock, Random(1))
    with caplog.at_level(logging.INFO, "squall"):
        batches = source.batches(threading.Event())
        (state,) = source.states
        assert next(batches).items == []
        (waiting,) = state.early
        server.answers["/f"] = body(feed_of(ahead, past).replace(b">g2<", b">g1<"), ETag='"v2"')
        assert published([next(batches)]) == {"2": (NOW - timedelta(minutes=55), False)}
        assert len(state.early) == 1
        assert waiting not in state.early
        server.answers["/f"] = body(b"", 304)
        assert published([next(batches)]) == {"1": (NOW + timedelta(minutes=13), False)}
        server.answers["/f"] = body(feed_of(ahead, past, past).replace(b">g2<", b">g1<"), ETag='"v3"')
        assert list(published([next(batches)])) == ["3"]
    source.close()
    assert state.early == {}
    lines = [record.__dict__ for record in caplog.records if record.getMessage() == "a feed was read"]
    counts = [[line[name] for name in ("entries", "new", "waiting", "delivered_before", "duplicates")] for line in lines]
    assert counts == [[1, 1, 0, 0, 0], [2, 1, 1, 0, 0], [3, 1, 0, 2, 0]]


def test_an_entry_that_waits_is_fetched_again_after_a_restart(server: FeedServer, tmp_path: Path) -> None:
    server.answers["/f"] = body(feed_of("Mon, 02 Mar 2026 15:13:00 GMT", "Mon, 02 Mar 2026 14:05:00 GMT"), ETag='"v1"')
    feeds, cursors, clock = [Feed(url=server.url("/f"))], CursorStore(tmp_path), ManualClock(NOW)
    first = RssSource(feeds, SETTINGS, clock, Random(1), cursors, once=True)
    assert list(published(run(first))) == ["2"]
    assert list(first.states[0].early) != []
    clock.sleep(14 * 60)
    second = RssSource(feeds, SETTINGS, clock, Random(1), cursors, once=True)
    assert published(run(second)) == {"1": (NOW + timedelta(minutes=13), False)}
    assert "if-none-match" not in server.requests[1][1]
    third = RssSource(feeds, SETTINGS, clock, Random(1), cursors, once=True)
    assert published(run(third)) == {}
    assert server.requests[2][1]["if-none-match"] == '"v1"'


def test_what_the_worker_would_reject_as_ahead_waits_too(server: FeedServer) -> None:
    server.answers["/f"] = body(feed_of("Mon, 02 Mar 2026 15:05:00 GMT"))
    source = RssSource([Feed(url=server.url("/f"))], SETTINGS, ManualClock(NOW), Random(1), once=True, most_ahead=timedelta(seconds=60))
    assert published(run(source)) == {}
    assert len(source.states[0].early) == 1


def test_a_date_that_nobody_can_have_published_at_is_not_believed(server: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    """What programs write where there is no date, and days of events: the entries are delivered once, undated."""
    absurd = ("Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01T00:00:00Z", "Fri, 31 Dec 1999 23:59:59 GMT", "Mon, 09 Mar 2026 15:05:00 GMT")
    server.answers["/f"] = body(feed_of(*absurd, "9999-12-31T23:59:59Z", "000000000"))
    clock = ManualClock(NOW)
    source = RssSource([Feed(url=server.url("/f"), interval_seconds=60)], SETTINGS, clock, Random(1))
    with caplog.at_level(logging.WARNING):
        batches = source.batches(threading.Event())
        found = published([first := next(batches)])
        first.commit()
        server.answers["/f"] = body(feed_of(*absurd, "9999-12-31T23:59:59Z", "000000000", "Mon, 02 Mar 2026 14:05:00 GMT"))
        assert list(published([next(batches)])) == ["7"]
    source.close()
    assert found == dict.fromkeys("12456", (NOW, True)) | {"3": (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), False)}
    assert source.states[0].undated == 5
    (line,) = [record.getMessage() for record in caplog.records if "undated" in record.getMessage()]
    assert "before 1990" in line or "a day ahead" in line


def test_a_date_that_is_not_believed_leaves_the_other_one_of_the_entry(server: FeedServer) -> None:
    entry = "<entry><id>urn:a</id><title>Story 1</title><published>{}</published><updated>{}</updated></entry>"
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>"
    server.answers["/f"] = body(atom.format(entry.format("0001-01-01T00:00:00Z", "2026-03-02T14:05:00Z")).encode())
    (batch,) = run(RssSource([Feed(url=server.url("/f"))], SETTINGS, ManualClock(NOW), Random(1), once=True))
    assert published([batch]) == {"1": (datetime(2026, 3, 2, 14, 5, tzinfo=UTC), False)}


@pytest.mark.parametrize(("limit", "most"), [("MOST_WAITING", 2), ("MOST_WAITING_CHARS", 2 * len("Story 1 of the bank"))])
def test_of_entries_that_are_dated_ahead_a_bounded_number_waits_and_the_others_are_dead_letters(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(feed_state, limit, most)
    server.answers["/f"] = body(feed_of(*["Mon, 02 Mar 2026 16:00:00 GMT"] * 4))
    clock = ManualClock(NOW)
    source = RssSource([Feed(url=server.url("/f"))], SETTINGS, clock, Random(1), once=True)
    rejected = [item.rejection for batch in run(source) for item in batch.items if item.rejection]
    assert [(one.reason, one.detail) for one in rejected] == [
        ("too_many_waiting", "published_at: 2026-03-02T16:00:00Z is in the future, and 2 entries of its feed wait already")
    ] * 2
    assert [state.early_chars for state in source.states] == [2 * len("Story 1 of the bank")]
    for entry in source.states[0].due(NOW + timedelta(hours=1)):
        source.states[0].no_longer_waits(entry)
    assert (source.states[0].early, source.states[0].early_chars) == ({}, 0)
