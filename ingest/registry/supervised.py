"""A source of the list, kept running: when it fails it is opened again after a pause, and the other sources go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from squall.core.errors import ConfigurationError, SquallError, StoppedError, UnavailableError
from squall.core.items import Batch
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_list import ConfiguredSource
from squall.ingest.source import Source, limited

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 900.0
_LOOK_SECONDS: Final = 0.1


class SupervisedSource:
    """Delivers the batches of a configured source, across its failures. See `squall.ingest.source.Source`.

    A failure of any kind but a `ConfigurationError` is logged and followed by a pause, doubling from 2 s to 15 minutes with jitter. Then
    the source is opened again and goes on from its cursor; batches on their way are committed first. So is one that delivers nothing but
    rejects: after `most_rejects` in a row it is paused.

    Args:
        configured: type and options.
        context: what it is opened with, each time.
        most_rejects: rejected items in a row.

    Raises:
        ConfigurationError: an option can't be right.
    """

    def __init__(self, configured: ConfiguredSource, context: SourceContext, most_rejects: int) -> None:
        self._configured = configured
        self._context = context
        self._most_rejects = most_rejects
        self._rejects_in_row = 0
        self._failures = 0
        self._uncommitted = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._source: Source | None = configured.type.open(configured.options, context)
        self._live = self._source.live

    @property
    def name(self) -> str:
        """The stream name that the list gives it."""
        return self._context.name

    @property
    def live(self) -> bool:
        """As of the source."""
        return self._live

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver until stopped, or until the source ends by itself; see `squall.ingest.source.Source`.

        Raises:
            ConfigurationError: trying again would not help, such as a refused login.
        """
        self._context.report.started()
        while not stop.is_set() and not self._closed.is_set():
            try:
                source = self._source = self._source or self._configured.type.open(self._configured.options, self._context)
                for batch in source.batches(stop):
                    yield self._counted(batch)
                    if self._rejects_in_row > self._most_rejects:
                        raise UnavailableError(
                            f"{self._rejects_in_row} items in a row were rejected",
                            "see the dead letters; the limit is SQUALL_INGEST__MAX_CONSECUTIVE_REJECTS",
                        )
                return
            except StoppedError:
                return
            except ConfigurationError as error:
                self._context.report.failed(str(error))
                raise
            except UnavailableError as error:
                pause = self._pause(str(error))
                log.warning("%s failed, opened again in %.0f s: %s", self.name, pause, error)
            except SquallError as error:
                pause = self._pause(str(error))
                log.error("%s failed, opened again in %.0f s: %s", self.name, pause, error)  # noqa: TRY400 - says what it says
            except Exception as error:
                pause = self._pause(f"an unforeseen error: {type(error).__name__}")
                log.exception("an unforeseen error in %s, opened again in %.0f s", self.name, pause)
            finally:
                self._release()
            self._rejects_in_row = 0
            if not self._context.wait(pause, stop) or not self._all_committed(stop):
                return

    def close(self) -> None:
        """Close the source."""
        self._closed.set()
        self._release()

    def _release(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _pause(self, why: str) -> float:
        self._context.report.failed(why)
        self._failures += 1
        doubled = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, 20))
        return doubled * self._context.random.uniform(0.75, 1.0)

    def _counted(self, batch: Batch) -> Batch:
        items = [limited(item) if item.rejection else item for item in batch.items]
        for item in items:
            self._rejects_in_row = self._rejects_in_row + 1 if item.rejection else 0
        if not items or any(item.document for item in items):
            self._failures = 0
        with self._lock:
            self._uncommitted += 1
        return replace(batch, items=items, commit=self._commit_of(batch))

    def _commit_of(self, batch: Batch) -> Callable[[], None]:
        def commit() -> None:
            batch.commit()
            with self._lock:
                self._uncommitted -= 1

        return commit

    def _all_committed(self, stop: threading.Event) -> bool:
        """Wait until the batches on their way are committed: the cursor would go back else, and they would come twice."""
        while not self._closed.is_set():
            with self._lock:
                if not self._uncommitted:
                    return True
            if not self._context.wait(_LOOK_SECONDS, stop):
                break
        return False
