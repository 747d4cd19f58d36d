from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from random import Random

from squall.core.clock import ManualClock
from squall.core.net.outbound.answers import retry_after
from squall.ingest.host_intervals import HostIntervals
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.rss.poll_schedule import LONGEST_BACKOFF, PollSchedule, backoff

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


def states(*urls: str) -> list[FeedState]:
    return [FeedState(Feed(url=url, interval_seconds=100)) for url in urls]


def test_one_feed_per_host_is_due_and_the_next_after_the_host_interval() -> None:
    clock = ManualClock(NOW)
    schedule = PollSchedule(clock, Random(1), HostIntervals(clock, 5))
    first, second, other = states("http://a/1", "http://a/2", "http://b/1")
    assert schedule.due([first, second, other], [], 8) == [first, other]
    assert schedule.due([second], [], 8) == []
    clock.advance(5)
    assert schedule.due([second], ["a"], 8) == []
    assert schedule.due([second], [], 0) == []
    assert schedule.due([second], [], 8) == [second]


def test_a_healthy_feed_is_due_after_its_interval_and_a_failing_one_later_and_later() -> None:
    clock = ManualClock(NOW)
    schedule = PollSchedule(clock, Random(1), HostIntervals(clock, 0))
    healthy, failing = states("http://a/1", "http://b/1")
    schedule.succeeded(healthy)
    pauses = [schedule.failed(failing, None) for _ in range(3)]
    assert 95 <= healthy.next_at <= 105
    assert pauses == sorted(pauses)
    assert (failing.failures, failing.next_at) == (3, pauses[-1])
    assert schedule.failed(failing, 9_000) == 9_000
    schedule.succeeded(failing)
    assert failing.failures == 0


def polls_in(hours: int, news_every_minutes: int, **given: float) -> list[float]:
    """Return the seconds at which a feed is polled that has news so often."""
    clock = ManualClock(NOW)
    schedule = PollSchedule(clock, Random(1), HostIntervals(clock, 0))
    state = FeedState(Feed.model_validate({"url": "http://a/1", "interval_seconds": 60, **given}))
    began, news, polled = clock.monotonic(), news_every_minutes * 60, []
    while (now := clock.monotonic() - began) < hours * 3_600:
        schedule.succeeded(state)
        if int(now // news) > int((polled[-1] if polled else 0) // news):
            schedule.has_news(state)
        polled.append(now)
        clock.advance(state.next_at - clock.monotonic())
    return polled


def test_a_feed_that_changes_each_hour_is_not_asked_each_minute_and_is_asked_soon_after_it_changed() -> None:
    polled = polls_in(12, 60)
    assert 200 < len(polled) < 420  # of 720
    late = [min(at for at in polled if at >= hour * 3_600) - hour * 3_600 for hour in range(1, 12)]
    assert max(late) < 420
    assert sum(at - before < 64 for before, at in pairwise(polled)) > 100


def test_a_feed_with_news_at_each_poll_keeps_its_interval_and_a_silent_one_its_longest() -> None:
    assert 55 <= len(polls_in(1, 1)) <= 66
    silent = polls_in(24, 10_000)
    assert 850 < silent[-1] - silent[-2] < 950
    assert 22 <= len(polls_in(24, 10_000, interval_seconds=3_600)) <= 26


def test_backing_off_doubles_to_an_hour_with_jitter_and_honours_the_server() -> None:
    pauses = [backoff(60, failures, None, Random(1)) for failures in range(1, 12)]
    assert all(0.75 * min(3600, 60 * 2**n) <= pause <= min(3600, 60 * 2**n) for n, pause in enumerate(pauses, 1))
    assert max(pauses) <= LONGEST_BACKOFF
    assert backoff(60, 1, 7200, Random(1)) == 7200
    assert backoff(60, 10**6, None, Random(1)) <= LONGEST_BACKOFF
    assert backoff(86_400, 1, None, Random(1)) <= 86_400


def test_retry_after_as_seconds_or_date() -> None:
    now = NOW
    assert retry_after("120", now) == 120
    assert retry_after("Mon, 02 Mar 2026 14:01:00 GMT", now) == 60
    assert retry_after("Mon, 02 Mar 2026 13:00:00 GMT", now) == 0
    assert retry_after("9" * 500, now) == 86_400
    assert retry_after("soon", now) is None
