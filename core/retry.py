"""Retries while a dependency is unavailable: wait longer each time, stop when asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from squall.core.errors import StoppedError, UnavailableError

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.2


def retry_until_available(
    call: Callable[[], T], stop: threading.Event, max_pause: float, on_wait: Callable[[int, BaseException | None], None]
) -> T:
    """Run `call`, and retry with growing random pauses while it raises `UnavailableError`.

    Args:
        call: safe to repeat.
        stop: ends the waiting.
        max_pause: longest pause between two attempts, seconds.
        on_wait: called with the number of the failed attempt and its error.

    Raises:
        StoppedError: `stop` was set before an answer came.
    """

    def before_sleep(state: RetryCallState) -> None:
        on_wait(state.attempt_number, state.outcome.exception() if state.outcome else None)

    policy = Retrying(
        retry=retry_if_exception_type(UnavailableError),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE_SECONDS, max=max_pause),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        before_sleep=before_sleep,
        reraise=True,
    )
    try:
        return policy(call)
    except UnavailableError as error:
        raise StoppedError(f"stopped while waiting: {error.what}") from error
