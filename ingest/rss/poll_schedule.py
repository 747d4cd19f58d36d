"""When each feed is polled: its interval, exponential backoff while it fails, and a pause between requests to one host."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from squall.core.clock import Clock
from squall.ingest.host_intervals import HostIntervals
from squall.ingest.rss.feed_state import FeedState

LONGEST_BACKOFF = 3_600.0
"""The most seconds between two polls of a failing feed; a longer interval or Retry-After takes precedence."""
_SHARE_OF_QUIET = 0.1
"""A feed waits for so much of the time since it had news."""
JITTER = 0.05
"""The interval of a healthy feed varies by this share, so that feeds do not stay in step."""


class PollSchedule:
    """Decides which feeds are polled when.

    Args:
        clock: its `monotonic` is the time of the schedule.
        random: jitter.
        intervals: the pauses between two requests to one host.
    """

    def __init__(self, clock: Clock, random: Random, intervals: HostIntervals) -> None:
        self._clock = clock
        self._random = random
        self._intervals = intervals

    def due(self, waiting: Iterable[FeedState], busy: Iterable[str], most: int) -> list[FeedState]:
        """Return the feeds to poll now, at most one per host, and reserve their hosts.

        Args:
            waiting: feeds that are not being polled.
            busy: hosts that are being polled.
            most: the most feeds to return.
        """
        now = self._clock.monotonic()
        taken = set(busy)
        due: list[FeedState] = []
        for state in sorted(waiting, key=lambda state: state.next_at):
            host = state.feed.host
            if state.next_at > now or len(due) >= most:
                break
            if host in taken or not self._intervals.take(host):
                continue
            taken.add(host)
            due.append(state)
        return due

    def succeeded(self, state: FeedState) -> None:
        """Schedule the next poll: after the feed's interval while it has news, later and later while it has none.

        A feed that changes once an hour is not asked each minute, and one that had news a moment ago is.
        """
        state.failures = 0
        now = self._clock.monotonic()
        if state.news_at is None:
            state.news_at = now
        quiet = (now - state.news_at) * _SHARE_OF_QUIET
        pause = max(state.feed.interval_seconds, min(quiet, state.feed.max_interval_seconds))
        state.next_at = now + pause * self._random.uniform(1 - JITTER, 1 + JITTER)

    def has_news(self, state: FeedState) -> None:
        """Note that the last poll of a feed brought news, and schedule the next one accordingly."""
        state.news_at = self._clock.monotonic()
        self.succeeded(state)

    def failed(self, state: FeedState, retry_after: float | None) -> float:
        """Schedule the next poll after a pause that grows with the failures in a row; return the pause in seconds."""
        state.failures += 1
        pause = backoff(state.feed.interval_seconds, state.failures, retry_after, self._random)
        state.next_at = self._clock.monotonic() + pause
        return pause

    def paused(self, state: FeedState) -> float:
        """Schedule the next poll after a pause that grows with the pauses in a row; return the pause in seconds."""
        state.pauses += 1
        pause = backoff(state.feed.interval_seconds, state.pauses, None, self._random)
        state.next_at = self._clock.monotonic() + pause
        return pause


def backoff(interval: float, failures: int, retry_after: float | None, random: Random) -> float:
    """Return the seconds to wait after the `failures`-th failure in a row: doubling up to an hour, jittered, at least `retry_after`."""
    doubled = min(max(LONGEST_BACKOFF, interval), interval * 2.0 ** min(failures, 20))
    return max(retry_after or 0.0, doubled * random.uniform(0.75, 1.0))
