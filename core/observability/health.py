"""Liveness and readiness of a process: its loops make progress; its dependencies answered.

A worker that waits for an unavailable store is alive but not ready: a restart would not help. A worker whose loop hangs is not alive,
even if other threads respond.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry

from squall.core.clock import Clock, SystemClock
from squall.core.observability.metric_spec import Dependency
from squall.core.observability.metrics import Metrics
from squall.core.observability.source_activity import SourceActivity

DEFAULT_PATIENCE: Final = 300.0


@dataclass(slots=True)
class _Part:
    touched: float
    patience: float


class Liveness:
    """When each part of this process last made progress. Thread-safe.

    Touched only from the loops that do the work: a batch is done, a poll found nothing, an attempt failed and will be repeated.

    Args:
        clock: its monotonic time is used.
        patience_seconds: time without progress after which a part counts as stuck, unless it asks for more.
    """

    def __init__(self, clock: Clock, patience_seconds: float = DEFAULT_PATIENCE) -> None:
        self._clock = clock
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._parts: dict[str, _Part] = {}

    def expect(self, part: str, least_patience: float = 0.0) -> None:
        """Expect `part` to be touched from now on, at least every `patience_seconds`, or `least_patience` seconds if that is longer."""
        with self._lock:
            self._parts[part] = _Part(self._clock.monotonic(), max(self._patience, least_patience))

    def touch(self, part: str) -> None:
        """Note that `part` made progress; a part that is not expected is ignored."""
        with self._lock:
            if part in self._parts:
                self._parts[part].touched = self._clock.monotonic()

    def done(self, part: str) -> None:
        """Stop expecting progress of `part`: it has ended."""
        with self._lock:
            self._parts.pop(part, None)

    def stuck(self) -> list[str]:
        """Return a sentence for each part that has made no progress for too long."""
        now = self._clock.monotonic()
        with self._lock:
            return [
                f"{name}: no progress for {now - part.touched:.0f} s, which is more than {part.patience:.0f} s"
                for name, part in sorted(self._parts.items())
                if now - part.touched > part.patience
            ]


class Dependencies:
    """Whether each dependency of this process answered the last request. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: dict[Dependency, bool] = {}

    def expect(self, name: Dependency) -> None:
        """Not ready before `name` has answered."""
        with self._lock:
            self._answered.setdefault(name, False)

    def answered(self, name: Dependency) -> None:
        """Note that `name` answered."""
        with self._lock:
            self._answered[name] = True

    def failed(self, name: Dependency) -> None:
        """Note that `name` did not answer."""
        with self._lock:
            self._answered[name] = False

    def states(self) -> Mapping[str, bool]:
        """Return whether each dependency answered the last request."""
        with self._lock:
            return {str(name): answered for name, answered in self._answered.items()}

    def missing(self) -> list[str]:
        """Return the names of the dependencies that did not."""
        return sorted(name for name, answered in self.states().items() if not answered)


class Health:
    """What the parts of a process report to: metrics, liveness, dependencies, sources. A part that is given none makes its own.

    Args:
        clock: of all four.
        registry: of the metrics; a fresh one unless given.
        patience_seconds: see `Liveness`.
    """

    def __init__(
        self, clock: Clock | None = None, registry: CollectorRegistry | None = None, patience_seconds: float = DEFAULT_PATIENCE
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.metrics = Metrics(registry, self.clock)
        self.liveness = Liveness(self.clock, patience_seconds)
        self.dependencies = Dependencies()
        self.sources = SourceActivity(self.clock)
        self.metrics.watch_dependencies(self.dependencies.states)
        self.metrics.watch_sources(self.sources.silences)
