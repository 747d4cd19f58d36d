from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from squall.core.clock import ManualClock
from squall.dashboards.page.change_feed import ChangeFeed
from squall.dashboards.page.response_cache import ResponseCache
from squall.storage.rows.documents import Arrivals, StoredDocument
from tests.support.alert_mail import stored

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class ArrivalTable:
    """The answers of `store.arrivals` over rows that a test puts in, with a store clock that it sets: ClickHouse's can't be set."""

    def __init__(self) -> None:
        self.time = NOW
        self.rows: dict[str, datetime] = {}

    def now(self) -> datetime:
        return self.time

    def since(self, moment: datetime, *, limit: int) -> Arrivals:
        found = sorted(((key, at) for key, at in self.rows.items() if moment < at <= self.time), key=lambda row: row[1], reverse=True)
        return Arrivals(self.time, tuple(found[:limit]), len(found))

    def documents(self, ids: Collection[str], since: datetime) -> list[StoredDocument]:
        return [stored(title=key) for key in ids if self.rows[key] > since]


def feed_over(table: ArrivalTable) -> tuple[Any, ManualClock]:
    clock = ManualClock(NOW)
    unread = SimpleNamespace(of=lambda _documents: {})
    store: Any = SimpleNamespace(arrivals=table, mentions=unread, stories=unread, alerts=SimpleNamespace(revision=lambda _now: 0))
    return ChangeFeed(store, ResponseCache(clock), clock, None), clock  # type: ignore[arg-type]


def titles(feed: Any, clock: ManualClock) -> list[str]:
    clock.advance(20)
    documents = feed.poll(with_health=False).documents
    return [row.title for row in documents.documents] if documents else []


def test_documents_are_still_reported_after_the_stores_clock_was_set_back() -> None:
    table = ArrivalTable()
    feed, clock = feed_over(table)
    assert titles(feed, clock) == []
    table.time += SECOND
    table.rows["before"] = table.time
    assert titles(feed, clock) == ["before"]
    table.time -= HOUR
    assert titles(feed, clock) == []
    table.time += SECOND
    table.rows["after"] = table.time
    assert titles(feed, clock) == ["after"]
    table.time += SECOND
    assert titles(feed, clock) == []


def test_a_response_that_was_cached_before_a_change_is_reported_when_it_has_expired() -> None:
    table = ArrivalTable()
    feed, clock = feed_over(table)
    feed.poll(with_health=False)
    clock.advance(20)
    feed._cache.get("counts", lambda: clock.advance(3))  # a slow query: cached for half a minute
    table.time += 20 * SECOND
    table.rows["new"] = table.time
    found = [feed.poll(with_health=False)]
    for _ in range(4):
        clock.advance(10)
        found.append(feed.poll(with_health=False))
    assert [bool(changes.documents) for changes in found] == [True, False, False, False, False]
    assert [changes.expired for changes in found] == [False, False, False, True, False]


def test_without_a_change_nothing_expires_and_a_greeting_is_like_one() -> None:
    feed, clock = feed_over(ArrivalTable())
    for greeting, expected in [(False, [False, False]), (True, [False, True])]:
        feed._cache.get("counts", lambda: 1)
        clock.advance(0.6)
        found = [feed.poll(with_health=False, greeting=greeting)]
        clock.advance(0.6)
        found.append(feed.poll(with_health=False))
        assert [changes.expired for changes in found] == expected
