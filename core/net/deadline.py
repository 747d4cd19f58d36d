"""Deadlines of a whole exchange: name lookup, connecting and everything after it share one time limit.

The timeouts of sockets and of most client libraries count from the last byte: a peer that sends one byte now and then holds its client
for as long as it likes.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

from squall.core.clock import Clock, SystemClock

T = TypeVar("T")


class Deadline:
    """The moment at which an exchange must be over.

    Args:
        seconds: from now.
        clock: its monotonic time is used.
    """

    def __init__(self, seconds: float, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._at = self._clock.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return not self.left

    def remaining(self) -> float:
        """Return the seconds left, more than 0.

        Raises:
            TimeoutError: the time is over.
        """
        left = self.left
        if not left:
            raise TimeoutError(f"not finished within {self._seconds:g} s")
        return left

    def sooner(self, seconds: float) -> Deadline:
        """Return a deadline `seconds` from now, or this one if that is sooner."""
        return Deadline(min(seconds, self.left), self._clock)

    def earlier(self, seconds: float) -> Deadline:
        """Return a deadline `seconds` before this one, or after half of the time left if that is later."""
        return Deadline(max(self.left - seconds, self.left / 2), self._clock)

    @property
    def left(self) -> float:
        """The seconds left, 0 when the time is over."""
        return max(self._at - self._clock.monotonic(), 0.0)


def within(deadline: Deadline, call: Callable[[], T]) -> T:
    """Return the result of a call that takes no timeout, such as a name lookup.

    The call runs in a daemon thread, which is left behind when the time is over.

    Raises:
        TimeoutError: the time is over.
        Exception: as `call` raises.
    """
    seconds = deadline.remaining()
    results: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((call(), None))
        except Exception as error:  # noqa: BLE001  raised in the caller's thread
            results.put((None, error))

    threading.Thread(target=run, name="within-deadline", daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"not finished within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is a result where there is no error


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connection to the first address of `host` that accepts one; its timeout is the time left.

    Every address gets an equal share of the time left, so that one that drops packets does not use up all of it.

    Raises:
        TimeoutError: the time is over.
        OSError: the name is unknown, or no address accepts a connection.
    """
    try:
        found = within(deadline, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except UnicodeError as error:
        raise OSError(f"{host!r} is not a valid host name") from error
    failure: OSError | None = None
    for number, (family, kind, protocol, _, address) in enumerate(found):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(deadline.remaining() / (len(found) - number))
            plain.connect(address)
            plain.settimeout(deadline.remaining())
        except OSError as error:
            plain.close()
            failure = error
        except BaseException:
            plain.close()
            raise
        else:
            return plain
    raise failure or OSError(f"{host} has no address")
