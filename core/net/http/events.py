"""What goes wrong on a listener, as one log line a minute for each kind: an attack must not fill the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

log = logging.getLogger("squall.http")

SECONDS: Final = 60.0
"""Interval between two lines about the same kind of event."""


@dataclass(slots=True)
class _Kind:
    since: float
    repeated: int = 0


class ListenerEvents:
    """Logs the first event of a kind at once, and the number of its repetitions once a minute. Use it on one event loop.

    Args:
        listener: what listens, as `the push endpoint`.
        now: a monotonic clock in seconds.
    """

    def __init__(self, listener: str, now: Callable[[], float]) -> None:
        self._listener = listener
        self._now = now
        self._kinds: dict[str, _Kind] = {}

    def note(self, what: str, error: BaseException | None = None) -> None:
        """Count an event; log it if it is the first of its kind in this minute, with the traceback of `error`."""
        kind = self._kinds.get(what)
        if kind is not None:
            kind.repeated += 1
            return
        self._kinds[what] = _Kind(self._now())
        log.log(logging.ERROR if error else logging.WARNING, "%s: %s", self._listener, what, exc_info=error)

    def flush(self) -> None:
        """Log the repetitions of the kinds whose minute is over."""
        now = self._now()
        for what, kind in list(self._kinds.items()):
            if now - kind.since < SECONDS:
                continue
            if not kind.repeated:
                del self._kinds[what]
                continue
            log.warning("%s: %s; %d more in the last %.0f s", self._listener, what, kind.repeated, now - kind.since)
            self._kinds[what] = _Kind(now)


class ServerLog:
    """What uvicorn's protocol logs to: failures of the application, counted. All else is counted where it is noticed."""

    level: Final = logging.WARNING

    def __init__(self, events: ListenerEvents) -> None:
        self._events = events

    def error(self, message: str, *arguments: object, exc_info: BaseException | None = None) -> None:
        """Note a failure of the application; a request that is cancelled at the end of the process is none."""
        if not isinstance(exc_info, asyncio.CancelledError):
            # not the error's message: text of a request in it would make every failure a kind of its own
            kind = type(exc_info).__name__ if exc_info else message % arguments
            self._events.note(f"a request failed: {kind}", exc_info)

    def warning(self, *_: Any, **__: Any) -> None:
        """Ignore it."""

    def log(self, *_: Any, **__: Any) -> None:
        """Ignore it."""
