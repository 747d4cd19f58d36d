"""A cache of what takes long to make: made once, also for threads that want it at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from squall.core.net.outbound.errors import RequestStoppedError

T = TypeVar("T")
_CHECK_SECONDS: Final = 0.1


class SharedResults(Generic[T]):
    """The least recently used results are forgotten first; safe to use from several threads.

    Args:
        most: the sum of the sizes of what is kept.
        size: of a result; by default each counts as one.
    """

    def __init__(self, most: int, size: Callable[[T], int] = lambda _: 1) -> None:
        self._most = most
        self._size = size
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._kept_size = 0
        self._making: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], T], stopped: Callable[[], bool], usable: Callable[[T], bool]) -> tuple[T, bool]:
        """Return the result for `key`, and whether another call had made it. One that failed is not kept.

        Args:
            key: of the result.
            make: makes it.
            stopped: asked ten times a second whether to give up waiting for another thread.
            usable: whether a result that is kept may be used.

        Raises:
            RequestStoppedError: `stopped` returned True.
            Exception: what `make` raised, for all who waited for it.
        """
        with self._lock:
            if key in self._kept and usable(self._kept[key]):
                self._kept.move_to_end(key)
                return self._kept[key], True
            others = self._making.get(key)
            if others is None:
                own = self._making[key] = Future()
        if others is not None:
            return _awaited(others, stopped), True
        try:
            result = make()
        except BaseException as error:
            own.set_exception(error)
            raise
        else:
            own.set_result(result)
            self._keep(key, result)
            return result, False
        finally:
            with self._lock:
                del self._making[key]

    def _keep(self, key: str, result: T) -> None:
        with self._lock:
            if key in self._kept:
                self._kept_size -= self._size(self._kept.pop(key))
            self._kept[key] = result
            self._kept_size += self._size(result)
            while self._kept_size > self._most:
                self._kept_size -= self._size(self._kept.popitem(last=False)[1])


def _awaited(future: Future[T], stopped: Callable[[], bool]) -> T:
    while not stopped():
        with contextlib.suppress(TimeoutError):
            return future.result(timeout=_CHECK_SECONDS)
    raise RequestStoppedError
