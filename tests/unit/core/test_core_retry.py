"""Retries only where that can help, and ends when asked to stop."""

from __future__ import annotations

import threading
import time

import pytest

from squall.core.errors import StoppedError, StoreError, StoreUnavailableError
from squall.core.retry import retry_until_available


class Flaky:
    """Fails `failures` times, then answers 42."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.left = failures
        self.calls = 0
        self.error = error or StoreUnavailableError("down")

    def __call__(self) -> int:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return 42


@pytest.fixture(autouse=True)
def _no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause that `time.sleep` makes can't be ended by the stop event."""

    def refuse(_seconds: float) -> None:
        raise AssertionError("time.sleep was called")

    monkeypatch.setattr(time, "sleep", refuse)


def test_it_tries_until_there_is_an_answer_and_reports_every_failure() -> None:
    call, reported = Flaky(4), []
    assert retry_until_available(call, threading.Event(), 0.001, lambda attempt, error: reported.append((attempt, str(error)))) == 42
    assert reported == [(1, "down"), (2, "down"), (3, "down"), (4, "down")]


def test_an_error_that_a_retry_cannot_correct_is_raised_at_once() -> None:
    call = Flaky(1, StoreError("no such table"))
    with pytest.raises(StoreError, match="no such table"):
        retry_until_available(call, threading.Event(), 0.001, lambda *_: None)
    assert call.calls == 1


def test_a_stop_ends_a_pause_in_its_middle() -> None:
    stop = threading.Event()
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            retry_until_available(Flaky(10**9), stop, 3600.0, lambda *_: None)
        except StoppedError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    stop_later = threading.Timer(0.3, stop.set)
    stop_later.start()
    thread.join(5.0)
    assert not thread.is_alive()
    assert "down" in str(ended[0])
    assert isinstance(ended[0].__cause__, StoreUnavailableError)


def test_a_call_is_made_once_even_after_the_stop() -> None:
    stop = threading.Event()
    stop.set()
    assert retry_until_available(Flaky(0), stop, 1.0, lambda *_: None) == 42
    with pytest.raises(StoppedError):
        retry_until_available(Flaky(1), stop, 1.0, lambda *_: None)
