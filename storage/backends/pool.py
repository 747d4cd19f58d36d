"""A bounded pool of connections, each used by one thread at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from squall.core.errors import StoreUnavailableError

C = TypeVar("C")


class Pool(Generic[C]):
    """Hands out connections, opening new ones up to `size`.

    Args:
        connect: opens one; called under no lock.
        disconnect: closes one; must not raise.
        size: most connections open at once; a thread that wants one more waits.
        timeout_seconds: how long it waits before `StoreUnavailableError`.
    """

    def __init__(self, connect: Callable[[], C], disconnect: Callable[[C], None], size: int, timeout_seconds: float) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._slots = threading.BoundedSemaphore(size)
        self._timeout = timeout_seconds
        self._size = size
        self._idle: list[C] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[C]:
        """Lend one connection; one that raised is closed, because its state is unknown."""
        if not self._slots.acquire(timeout=self._timeout):
            raise StoreUnavailableError(
                f"all {self._size} store connections stayed busy for {self._timeout:g} s", "a query is slow or the machine is overloaded"
            )
        try:
            connection = self._take()
            try:
                yield connection
            except BaseException:
                self._disconnect(connection)
                raise
            self._give_back(connection)
        finally:
            self._slots.release()

    def _take(self) -> C:
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the store is closed", "open it again")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: C) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        self._disconnect(connection)

    def close(self, wait_seconds: float = 0.0) -> None:
        """Close idle connections now and lent ones when they come back; idempotent.

        Args:
            wait_seconds: longest wait for those that are lent or being opened.
        """
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            self._disconnect(connection)
        deadline = time.monotonic() + wait_seconds
        taken = 0
        while taken < self._size and self._slots.acquire(timeout=max(0.0, deadline - time.monotonic())):
            taken += 1
        for _ in range(taken):  # whoever waits for one learns that the pool is closed
            self._slots.release()
