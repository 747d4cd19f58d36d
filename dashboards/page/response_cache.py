"""Responses shared by all open pages: ten pages cost the store as much as one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from squall.core.clock import Clock
from squall.core.errors import SquallError

T = TypeVar("T")

TTL_SECONDS = 1.0
COST_FACTOR = 10
"""A response is cached at least this many times as long as its query took, which keeps polling a large store cheap."""
MAX_ENTRIES = 64
MAX_CONCURRENT_QUERIES = 3
"""Leaves connections free for the processor and the detector."""


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.started_at = float("inf")
        self.running = False
        self.expires_at = float("-inf")
        self.value: object = None
        self.error: SquallError | None = None


class ResponseCache:
    """Runs a query once for all requests with the same key, and limits how many queries run at a time. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT_QUERIES)

    def get(self, key: Hashable, query: Callable[[], T], ttl_seconds: float = TTL_SECONDS) -> T:
        """Return the cached result of `query` for `key`, or run it; a `SquallError` is cached too.

        `query` must not call `get` itself: it holds one of the few query slots.

        Args:
            ttl_seconds: how long the result is valid; longer if the query was slow.
        """
        entry = self._entry(key)
        with entry.lock:
            if self._clock.monotonic() >= entry.expires_at:
                self._refresh(entry, query, ttl_seconds)
            if entry.error is not None:
                raise entry.error
            return cast(T, entry.value)

    def invalidate(self, *names: str) -> None:
        """Drop the entries whose key is a tuple that starts with one of `names`."""
        with self._lock:
            for key in [key for key in self._entries if isinstance(key, tuple) and key[0] in names]:
                del self._entries[key]

    def outdated(self, before: float) -> int:
        """Return how many responses are still given out, or still queried, whose query began before `before`, a monotonic time."""
        with self._lock:
            now = self._clock.monotonic()
            return sum(entry.started_at < before and (entry.running or now < entry.expires_at) for entry in self._entries.values())

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)
            return entry

    def _refresh(self, entry: _Entry, query: Callable[[], object], ttl_seconds: float) -> None:
        with self._slots:
            start = entry.started_at = self._clock.monotonic()
            entry.value, entry.error, entry.running = None, None, True
            try:
                entry.value = query()
                end = self._clock.monotonic()
                entry.expires_at = end + max(ttl_seconds, COST_FACTOR * (end - start))
            except SquallError as error:
                entry.error, entry.expires_at = error, self._clock.monotonic() + TTL_SECONDS
            finally:
                entry.running = False  # last: until then `outdated` counts it
