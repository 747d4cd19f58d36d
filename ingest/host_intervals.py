"""The pause between two requests to one host, whichever thread sends them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final
from urllib.parse import urlsplit

from squall.core.clock import Clock

_REMEMBERED: Final = 10_000
"""So many hosts are remembered; the one that was asked longest ago is forgotten first."""


class HostIntervals:
    """Remembers when each host was asked last; safe to use from several threads.

    Args:
        clock: its `monotonic` measures the pauses.
        seconds: the fewest between the starts of two requests to one host.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, host: str, seconds: float = 0.0) -> bool:
        """Return whether `host` may be asked now; if so, it counts as asked now.

        Args:
            host: with its port, as `host_of` returns it.
            seconds: a longer pause than the usual one, which the host wants.
        """
        with self._lock:
            now = self._clock.monotonic()
            if host in self._asked and now < self._asked[host] + max(self._seconds, seconds):
                return False
            self._asked[host] = now
            self._asked.move_to_end(host)
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            return True


def host_of(url: str) -> str:
    """Return host and port of a URL, without user and password, in lower case.

    Raises:
        ValueError: it is no URL.
    """
    return urlsplit(url).netloc.rpartition("@")[2].lower()
