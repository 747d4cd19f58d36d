"""When each source was last in contact with what it reads, when it last delivered a document, and how often something was lost."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from squall.core.clock import Clock


@dataclass(frozen=True, slots=True)
class SourceSilence:
    """How long a source has been silent, in seconds; both count from the source's start until there is a first time.

    Args:
        document: since its last document.
        contact: since it last reached what it reads, with news or without.
        gaps: how often what it reads no longer had all that was published since the source read last.
        failing: whether it has failed since its last contact.
    """

    document: float
    contact: float
    gaps: int = 0
    failing: bool = False


@dataclass(slots=True)
class _Activity:
    document: float
    contact: float
    contacts: int = 0
    gaps: int = 0
    failure: str = ""


class SourceActivity:
    """The silence of each source of this process that waits for new documents. Thread-safe.

    Args:
        clock: its monotonic time is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sources: dict[str, _Activity] = {}

    def expect(self, source: str) -> None:
        """Count the silence of `source` from now on, unless it is counted already."""
        now = self._clock.monotonic()
        with self._lock:
            self._sources.setdefault(source, _Activity(now, now))

    def contact(self, source: str) -> None:
        """Note that `source` has reached what it reads; a source that is not expected is ignored."""
        self._note(source, document=False)

    def document(self, source: str) -> None:
        """Note that `source` has delivered a document, which is a contact too."""
        self._note(source, document=True)

    def gap(self, source: str) -> None:
        """Note that something was lost before `source` could read it."""
        with self._lock:
            if (found := self._sources.get(source)) is not None:
                found.gaps += 1

    def failed(self, source: str, why: str) -> None:
        """Note that `source` could not reach what it reads, or was refused."""
        with self._lock:
            if (found := self._sources.get(source)) is not None:
                found.failure = why

    def failure(self, source: str) -> str:
        """Return why `source` has failed since its last contact; empty if it has not."""
        with self._lock:
            found = self._sources.get(source)
            return found.failure if found else ""

    def contacts(self, source: str) -> int:
        """Return how often `source` has reached what it reads."""
        with self._lock:
            found = self._sources.get(source)
            return found.contacts if found else 0

    def silences(self) -> Mapping[str, SourceSilence]:
        """Return the silence of each source by its name."""
        now = self._clock.monotonic()
        with self._lock:
            return {
                name: SourceSilence(now - found.document, now - found.contact, found.gaps, failing=bool(found.failure))
                for name, found in self._sources.items()
            }

    def _note(self, source: str, *, document: bool) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if (found := self._sources.get(source)) is not None:
                found.contact = now
                found.contacts += 1
                found.failure = ""
                found.document = now if document else found.document
