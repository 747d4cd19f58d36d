from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from squall.core.errors import StoreUnavailableError
from squall.storage.backends.pool import Pool


class Connections:
    def __init__(self, size: int = 2, timeout: float = 0.05) -> None:
        self.numbers = count()
        self.closed: list[int] = []
        self.pool = Pool(lambda: next(self.numbers), self.closed.append, size, timeout)


def test_a_connection_is_used_again() -> None:
    made = Connections()
    for _ in range(3):
        with made.pool.connection() as connection:
            assert connection == 0


def test_a_connection_is_never_lent_twice_at_once() -> None:
    made = Connections()
    with made.pool.connection() as first, made.pool.connection() as second:
        assert first != second


def test_waiting_for_a_connection_ends() -> None:
    made = Connections(size=1)
    with made.pool.connection(), pytest.raises(StoreUnavailableError, match="busy"), made.pool.connection():
        pass


def test_a_waiting_thread_gets_the_connection_that_comes_back() -> None:
    made = Connections(size=1, timeout=30)
    got = threading.Event()

    def wait() -> None:
        with made.pool.connection():
            got.set()

    with made.pool.connection():
        thread = threading.Thread(target=wait)
        thread.start()
    thread.join(30)
    assert got.is_set()


def test_a_connection_that_failed_is_closed_and_replaced() -> None:
    made = Connections(size=1)
    with pytest.raises(RuntimeError), made.pool.connection():
        raise RuntimeError("boom")
    assert made.closed == [0]
    with made.pool.connection() as connection:
        assert connection == 1


def test_a_failing_connect_gives_its_place_back() -> None:
    def refuse() -> int:
        raise OSError("refused")

    pool: Pool[int] = Pool(refuse, lambda _: None, 1, 0.05)
    for _ in range(3):
        with pytest.raises(OSError, match="refused"), pool.connection():
            pass


def test_closing_closes_idle_connections_now_and_lent_ones_when_they_come_back() -> None:
    made = Connections()
    with made.pool.connection():
        with made.pool.connection():
            pass
        made.pool.close()
        assert made.closed == [1]
    assert made.closed == [1, 0]
    with pytest.raises(StoreUnavailableError, match="closed"), made.pool.connection():
        pass


def test_closing_waits_for_lent_connections_and_those_that_wait_are_told() -> None:
    made = Connections(size=1, timeout=30)
    closing, told = threading.Event(), threading.Event()

    def close() -> None:
        closing.set()
        made.pool.close(wait_seconds=30)
        assert made.closed == [0]

    def wait() -> None:
        closing.wait(30)
        with pytest.raises(StoreUnavailableError, match="closed"), made.pool.connection():
            pass
        told.set()

    with ThreadPoolExecutor(2) as threads:
        with made.pool.connection():
            closer, waiter = threads.submit(close), threads.submit(wait)
            assert closing.wait(30)
            assert not closer.done()
        closer.result(30)
        waiter.result(30)
    assert told.is_set()


def test_the_wait_for_a_connection_that_stays_lent_ends() -> None:
    made = Connections()
    with made.pool.connection():
        made.pool.close(wait_seconds=0.05)
        assert made.closed == []
    assert made.closed == [0]
