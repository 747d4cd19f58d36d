"""Answers shared by everybody who watches: ten open pages cost the store what one does."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from squall.core.clock import Clock
from squall.core.errors import SquallError

T = TypeVar("T")

FRESH_SECONDS = 1.0
REST = 10
"""An answer is kept this many times as long as it took, so that watching a large store stays cheap."""
MAX_ANSWERS = 64
MAX_QUERIES = 3
"""At once, so that the processor and the detector always find a free connection."""


class _Answer:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.good_until = float("-inf")
        self.value: object = None
        self.error: SquallError | None = None


class SharedAnswers:
    """Runs a query once for all who ask the same within a second, and few queries at a time. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._places = threading.BoundedSemaphore(MAX_QUERIES)

    def get(self, key: Hashable, query: Callable[[], T], fresh_seconds: float = FRESH_SECONDS) -> T:
        """Return what `query` returned a moment ago under `key`, else run it; its `SquallError` is shared as well.

        Args:
            fresh_seconds: how long an answer is good; longer when it was dear.
        """
        answer = self._answer(key)
        with answer.lock:
            if self._clock.monotonic() >= answer.good_until:
                self._ask(answer, query, fresh_seconds)
            if answer.error is not None:
                raise answer.error
            return cast(T, answer.value)

    def forget(self, *names: str) -> None:
        """Forget the answers whose key starts with one of `names`: something was written that changes them."""
        with self._lock:
            for key in [key for key in self._answers if isinstance(key, tuple) and key[0] in names]:
                del self._answers[key]

    def _answer(self, key: Hashable) -> _Answer:
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
            self._answers.move_to_end(key)
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)
            return answer

    def _ask(self, answer: _Answer, query: Callable[[], object], fresh_seconds: float) -> None:
        with self._places:
            start = self._clock.monotonic()
            answer.value, answer.error = None, None
            try:
                answer.value = query()
            except SquallError as error:
                answer.error = error
            end = self._clock.monotonic()
        keep = FRESH_SECONDS if answer.error else max(fresh_seconds, REST * (end - start))
        answer.good_until = end + keep
