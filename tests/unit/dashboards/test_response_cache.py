from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from squall.dashboards.page.response_cache import COST_FACTOR, MAX_CONCURRENT_QUERIES, MAX_ENTRIES, TTL_SECONDS, ResponseCache


class Query:
    """Counts how often it ran; takes `seconds` of `clock`."""

    def __init__(self, clock: ManualClock, seconds: float = 0.0) -> None:
        self.clock, self.seconds, self.runs = clock, seconds, 0

    def __call__(self) -> int:
        self.runs += 1
        self.clock.advance(self.seconds)
        return self.runs


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


def test_a_response_is_cached_for_a_second_and_then_queried_again(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    assert [cache.get("a", query), cache.get("a", query)] == [1, 1]
    clock.advance(TTL_SECONDS)
    assert cache.get("a", query) == 2


def test_different_keys_have_different_responses(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    assert [cache.get("a", query), cache.get("b", query)] == [1, 2]


def test_the_response_of_a_slow_query_is_cached_longer(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock, seconds=3)
    cache.get("a", query)
    clock.advance(3 * COST_FACTOR - 0.1)
    assert cache.get("a", query) == 1
    clock.advance(0.2)
    assert cache.get("a", query) == 2


def test_an_error_is_cached_for_a_second(clock: ManualClock) -> None:
    cache, runs = ResponseCache(clock), []

    def fail() -> int:
        runs.append(1)
        raise StoreUnavailableError("gone")

    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            cache.get("a", fail)
    assert len(runs) == 1
    clock.advance(TTL_SECONDS)
    assert cache.get("a", lambda: 7) == 7


def test_the_number_of_entries_is_limited(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    for key in range(MAX_ENTRIES + 1):
        cache.get(key, query)
    assert cache.get(MAX_ENTRIES, query) == MAX_ENTRIES + 1
    assert cache.get(0, query) == MAX_ENTRIES + 2  # the oldest was let go and is asked again


def test_the_number_of_concurrent_queries_is_limited(clock: ManualClock) -> None:
    cache, lock = ResponseCache(clock), threading.Lock()
    full = threading.Barrier(MAX_CONCURRENT_QUERIES)
    running: list[int] = [0, 0]  # now, most

    def query() -> None:
        with lock:
            running[0] += 1
            running[1] = max(running)
        full.wait(timeout=10)  # passes only while MAX_CONCURRENT_QUERIES of them run
        with lock:
            running[0] -= 1

    with ThreadPoolExecutor(3 * MAX_CONCURRENT_QUERIES) as pool:
        list(pool.map(lambda key: cache.get(key, query), range(3 * MAX_CONCURRENT_QUERIES)))
    assert running == [0, MAX_CONCURRENT_QUERIES]


def test_invalidated_entries_are_queried_again(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    assert [cache.get(("alerts", 1), query), cache.get(("mood", 1), query), cache.get("alerts", query)] == [1, 2, 3]
    cache.invalidate("alerts", "silences")
    assert [cache.get(("alerts", 1), query), cache.get(("mood", 1), query), cache.get("alerts", query)] == [4, 2, 3]


def test_a_response_can_have_a_shorter_ttl(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    cache.get("a", query, 0.5)
    clock.advance(0.4)
    assert cache.get("a", query, 0.5) == 1
    clock.advance(0.2)
    assert cache.get("a", query, 0.5) == 2


def test_responses_from_before_a_time_are_outdated_until_they_expire_or_are_queried_again(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    cache.get("slow", Query(clock, seconds=2))
    cache.get("quick", query)
    clock.advance(0.1)
    change = clock.monotonic()
    cache.get("after", query)
    assert cache.outdated(change) == 2
    clock.advance(TTL_SECONDS)
    assert cache.outdated(change) == 1
    cache.get("quick", query)
    assert cache.outdated(change) == 1
    clock.advance(2 * COST_FACTOR)
    assert cache.outdated(change) == 0


def test_a_query_that_still_runs_is_outdated_if_it_began_before(clock: ManualClock) -> None:
    cache, seen = ResponseCache(clock), []

    def query() -> None:
        clock.advance(1)
        seen.append(cache.outdated(clock.monotonic()))

    cache.get("a", query)
    assert seen == [1]


def test_a_query_that_ends_in_an_unexpected_error_is_run_again(clock: ManualClock) -> None:
    cache, query = ResponseCache(clock), Query(clock)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)
    assert cache.outdated(clock.monotonic() + 1) == 0
    assert cache.get("a", query) == 1
