"""Clocks as arguments, so that tests and replays control the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time and a way to wait."""

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        time.sleep(seconds)


class ManualClock:
    """A clock that moves only by `advance`; `sleep` advances it and returns at once."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never goes back."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Advance by `seconds` and return at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Advance wall time and monotonic time by `seconds`."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
