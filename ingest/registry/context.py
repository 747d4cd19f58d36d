"""What a source is given: clock, cursor, HTTP, and whom it reports to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from squall.core.clock import Clock
from squall.core.observability.health import Health
from squall.core.records import CLOCK_SKEW
from squall.ingest.cursors import CursorStore
from squall.ingest.registry.http import SourceHttp
from squall.ingest.source import no_commit

if TYPE_CHECKING:
    from squall.entities.linking.linker import Linker

_LOOK_SECONDS: Final = 0.1


class SourceCursor:
    """The position of one source: a small JSON object that is replaced as a whole.

    Args:
        store: None: nothing is kept.
        key: of this cursor; no other source has it.
    """

    def __init__(self, store: CursorStore | None, key: str) -> None:
        self._store = store
        self._key = key

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None if there is nothing."""
        return self._store.load(self._key) if self._store else None

    def save(self, position: Mapping[str, Any]) -> None:
        """Replace the cursor; return when it is on disk.

        Raises:
            DiskUnavailableError: there is no space, or another lack that passes: try again.
            ConfigurationError: the folder can't be written.
        """
        if self._store:
            self._store.save(self._key, dict(position))

    def commit(self, position: Mapping[str, Any]) -> Callable[[], None]:
        """Return the `commit` of a batch after which the source goes on from `position`, copied now."""
        return partial(self.save, dict(position)) if self._store else no_commit

    def part(self, name: str) -> SourceCursor:
        """Return a cursor of its own for a part of the source: a file, a folder of mail, a channel."""
        return SourceCursor(self._store, f"{self._key}/{name}")


class SourceReport:
    """What a source reports, for metrics and probes. Thread-safe.

    Args:
        name: of the source.
        health: of the process.
    """

    def __init__(self, name: str, health: Health) -> None:
        self._name = name
        self._health = health
        health.sources.expect(name)

    def started(self) -> None:
        """Expect signs of life from now on; done for the sources of a list."""
        self._health.liveness.expect(self._name)

    def contact(self) -> None:
        """Say that what the source reads has answered, with news or without. Delivered documents are noted by themselves."""
        self._health.sources.contact(self._name)
        self.alive()

    def failed(self, why: str) -> None:
        """Say that what the source reads can't be reached, or refuses; it counts as failing until the next `contact`."""
        self._health.sources.failed(self._name, why)
        self.alive()

    def gap(self) -> None:
        """Say that what the source reads no longer has all that was published since the source read last; also say so in the log."""
        self._health.sources.gap(self._name)

    @property
    def failure(self) -> str:
        """Why it has failed since its last contact; empty if it has not."""
        return self._health.sources.failure(self._name)

    @property
    def contacts(self) -> int:
        """How often it has answered."""
        return self._health.sources.contacts(self._name)

    def alive(self) -> None:
        """Say that the source makes progress or waits as it should, at least every few minutes; `SourceContext.wait` does so by itself."""
        self._health.liveness.touch(self._name)

    def undated(self) -> None:
        """Count an item that names a time which can't be read and is dated by its collection."""
        self._health.metrics.undated()


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source is opened with.

    Args:
        name: its stream name, unique; `Source.name` and the topic of every `Origin`.
        clock: the time and the only way to wait.
        random: jitter.
        cursor: its position.
        report: receives contacts.
        http: requests with limits on time, size and hosts.
        linker: gives the linker of names, loaded at the first call.
        most_ahead: an item that is dated further ahead of its collection is no document yet.
        allow_plaintext: the setting of that name.
    """

    name: str
    clock: Clock
    random: Random
    cursor: SourceCursor
    report: SourceReport
    http: SourceHttp
    linker: Callable[[], Linker]
    most_ahead: timedelta = CLOCK_SKEW
    allow_plaintext: bool = False

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait; return False as soon as `stop` is set (within a tenth of a second)."""
        deadline = self.clock.monotonic() + seconds
        while not stop.is_set():
            self.report.alive()
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return True
            self.clock.sleep(min(left, _LOOK_SECONDS))
        return False
