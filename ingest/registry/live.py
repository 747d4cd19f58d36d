"""What sources that run until they are stopped share: how they end, and how they are asked again and again."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

from squall.core.errors import StoppedError, UnavailableError
from squall.core.items import Batch
from squall.ingest.registry.context import SourceContext

log = logging.getLogger(__name__)


class RefusedError(UnavailableError):
    """The other side refuses what is asked. Somebody may have to change something here or there; until then it is asked less and less."""


class LiveSource:
    """A source that waits for new documents until it is stopped or closed.

    Args:
        context: says its name.
    """

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._stop = threading.Event()
        """That of the present `batches`."""
        self._closed = False

    @property
    def name(self) -> str:
        """The name in progress, origins and logs."""
        return self._context.name

    @property
    def live(self) -> bool:
        """True; see `squall.ingest.source.Source`."""
        return True

    def close(self) -> None:
        """End the reading; what the thread that iterates has open, it closes itself."""
        self._closed = True

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._closed


class PolledSource(LiveSource, ABC):
    """A source that is asked for news every so many seconds, and later after failures.

    Args:
        context: clock and randomness.
        poll_seconds: between two polls; a twentieth more or less, so that many processes do not ask at once.
    """

    def __init__(self, context: SourceContext, poll_seconds: float) -> None:
        super().__init__(context)
        self._poll_seconds = poll_seconds
        self._failures = 0
        """In a row, without an item between them."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver what polls find; see `squall.ingest.source.Source`."""
        self._stop = stop
        while not self._is_over():
            pause = self._poll_seconds * self._context.random.uniform(0.95, 1.05)
            try:
                for batch in self._poll():
                    if batch.items:
                        self._failures = 0  # what fails now and then goes on at its pace
                    yield batch
                self._failures = 0
            except StoppedError:
                return
            except UnavailableError as error:
                self._failures += 1
                pause = self._pause_after(error, pause)
                self._context.report.failed(str(error))
                log.warning("%s", error, extra={"source": self.name, "next_try_seconds": round(pause, 1)})
            if not self._is_over():
                self._context.wait(pause, stop)

    @abstractmethod
    def _poll(self) -> Iterator[Batch]:
        """Yield what is new.

        Raises:
            UnavailableError: there is no answer now.
        """

    @abstractmethod
    def _pause_after(self, error: UnavailableError, pause: float, /) -> float:
        """Return the seconds to wait after one more failure, where `pause` were those without any."""


def doubled(pause: float, failures: int, longest: float) -> float:
    """Return `pause` (seconds) doubled with each of the `failures` in a row after the first, at most `longest`."""
    return min(longest, pause * 2.0 ** min(failures - 1, 10))
