"""Keeps the requests to one receiver apart, as its service wants them."""

from __future__ import annotations

import math
import threading

from squall.core.clock import Clock


class Pacing:
    """At least `seconds` between the ends of two requests. Thread-safe.

    Args:
        seconds: a few at most: whoever waits here holds up nobody but messages of the same receiver.
        clock: of the wait.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._last = -math.inf

    def wait(self) -> None:
        """Wait until the next request may begin."""
        with self._lock:
            pause = self._last + self._seconds - self._clock.monotonic()
        if pause > 0:
            self._clock.sleep(pause)

    def ended(self) -> None:
        """Note that a request has ended just now."""
        with self._lock:
            self._last = self._clock.monotonic()
