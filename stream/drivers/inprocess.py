"""The driver without a broker: sources' batches into the processor, in turns, cursors moved after the rows are stored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from squall.core.clock import Clock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import SquallError, StoppedError, TooManyRejectsError
from squall.core.items import Batch, Item, Outcome
from squall.core.observability.health import Health
from squall.stream.batching import micro_batches
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.drivers.source_lanes import SourceLanes
from squall.stream.processor import WORKER, Processor

log = logging.getLogger("squall")

QUEUED_BATCHES = 8
"""Batches read ahead of the processor, all sources together, or one of each if there are more: bounds memory while the store is down."""
POLL_SECONDS = 0.2
LEAVE_SECONDS = 2.0
"""Longest wait for all readers to end."""


@dataclass(frozen=True)
class _Delivered:
    source: str
    batch: Batch


@dataclass(frozen=True)
class _Ended:
    source: str
    error: Exception | None


_Message = _Delivered | _Ended


class InProcessDriver:
    """Feeds one `Processor` from any number of sources, a thread each.

    The sources take turns (`SourceLanes`): a batch waits for the micro-batch in work and for one batch of each other source at most,
    however much those have read ahead.

    Args:
        processor: stores documents.
        tracker: keeps the detector's progress rows; a source is a stream with one partition.
        settings: micro-batch limits.
        clock: times the wait for a micro-batch to fill.
        stop: set to end early; a source that ends by itself is simply done.
        health: liveness, of the driver and of each source.
    """

    def __init__(
        self,
        processor: Processor,
        tracker: ProgressTracker,
        settings: ProcessorSettings,
        clock: Clock,
        stop: threading.Event,
        health: Health | None = None,
    ) -> None:
        self._processor = processor
        self._tracker = tracker
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._liveness = (health or Health(clock)).liveness
        self._lanes: SourceLanes[_Message] = SourceLanes((), QUEUED_BATCHES)
        self._dispensable: Collection[str] = ()
        self._failed: dict[str, SquallError] = {}

    def run(self, sources: Mapping[str, Iterator[Batch]], dispensable: Collection[str] = ()) -> None:
        """Read `sources` (by stream name) until all have ended or the stop event is set.

        Args:
            sources: the batches of each.
            dispensable: sources without which the others go on: one of them that fails, or holds too many rejects, is given up.

        Raises:
            SquallError: the processor, another source, or every source failed for good; nothing of the failed batch was committed.
            StoppedError: asked to stop while the store was down; what was not stored will be read again.
        """
        threads = [threading.Thread(target=self._read, args=pair, name=f"source-{pair[0]}", daemon=True) for pair in sources.items()]
        self._liveness.expect(WORKER)
        self._dispensable = dispensable
        self._lanes = SourceLanes(sources, QUEUED_BATCHES)
        for thread in threads:
            thread.start()
        try:
            self._drain(set(sources))
            if self._failed and len(self._failed) == len(sources):
                raise next(iter(self._failed.values()))
        except BaseException:
            self._stop.set()  # else a source that continues to read would wait for a driver that has ended
            raise
        finally:
            self._liveness.done(WORKER)
            self._await_readers(threads)

    def _drain(self, running: set[str]) -> None:
        while running and not self._stop.is_set():
            arrived = self._take()
            self._liveness.touch(WORKER)
            self._store([message for message in arrived if isinstance(message, _Delivered)])
            for message in arrived:
                if isinstance(message, _Ended):
                    if message.error is not None:
                        self._give_up(message.source, message.error)
                    running.discard(message.source)
                    ended = {(message.source, 0): True}  # even if the last batch was not marked as caught up
                    self._processor.retry_until_available(partial(self._tracker.quiet, ended))
            running -= self._failed.keys()

    def _take(self) -> list[_Message]:
        """Return what arrived: the first batch, and those within `batch_wait_seconds` that fit into its micro-batch.

        The first that does not fit begins the next one, so that no source waits for two batches of another.
        """
        if not self._lanes.wait(POLL_SECONDS):
            return []
        arrived: list[_Message] = []
        room = self._settings.batch_documents
        fits = lambda message: not arrived or _size(message) <= room  # noqa: E731
        deadline = self._clock.monotonic() + self._settings.batch_wait_seconds
        while not arrived or (room > 0 and isinstance(arrived[-1], _Delivered)):
            if self._lanes.wait(max(0.0, min(POLL_SECONDS, deadline - self._clock.monotonic()))):
                message = self._lanes.take(fits)
                if message is None:
                    break
                arrived.append(message)
                room -= _size(message)
            elif self._stop.is_set() or self._clock.monotonic() >= deadline:
                break
        return arrived

    def _store(self, delivered: list[_Delivered]) -> None:
        """Store what was delivered, then write the progress, then move the cursors, in this order."""
        items = [item for message in delivered for item in message.batch.items]
        processed: list[tuple[Item, Outcome]] = []
        for micro_batch in micro_batches(items, self._settings):
            processed += self._process(micro_batch)
        delivered = [message for message in delivered if message.source not in self._failed]
        items = self._without_failed(items)
        outcomes = [outcome for item, outcome in processed if item.origin.topic not in self._failed]
        caught_up = {(message.source, 0): message.batch.caught_up for message in delivered}
        if items:
            self._processor.retry_until_available(lambda: self._tracker.stored(items, caught_up))
        self._processor.retry_until_available(lambda: self._tracker.quiet(caught_up))  # sources without items
        for message in delivered:
            size = len(message.batch.items)
            if message.batch.settle is not None:
                message.batch.settle(outcomes[:size])
            del outcomes[:size]
            self._processor.retry_until_available(message.batch.commit)

    def _process(self, items: list[Item]) -> list[tuple[Item, Outcome]]:
        """Process a micro-batch without the items of sources that were given up; return the others with their outcomes."""
        while items := self._without_failed(items):
            try:
                return list(zip(items, self._processor.process(items), strict=True))
            except TooManyRejectsError as error:
                self._give_up(error.stream, error)
        return []

    def _without_failed(self, items: list[Item]) -> list[Item]:
        return [item for item in items if item.origin.topic not in self._failed] if self._failed else items

    def _give_up(self, source: str, error: Exception) -> None:
        """Go on without a dispensable source; its cursor stays, and so a restart reads on from there.

        Raises:
            Exception: `error`, if the source is none of those.
        """
        if source not in self._dispensable or isinstance(error, StoppedError):
            raise error
        if not isinstance(error, SquallError):
            log.error("an unforeseen error in %s", source, exc_info=error)
            error = SquallError(f"{type(error).__name__}: {error}", "report it as a fault of Squall, with the log")
        if source not in self._failed:
            self._failed[source] = error
            log.error("%s is given up, the other sources go on: %s", source, error)
            # it must not hold the watermark back
            self._processor.retry_until_available(partial(self._tracker.quiet, {(source, 0): True}))

    def _read(self, source: str, batches: Iterator[Batch]) -> None:
        error: Exception | None = None
        try:
            for batch in batches:
                if not self._put(_Delivered(source, batch)):
                    return
        except Exception as caught:  # noqa: BLE001 - handed to the driver's thread, which raises it
            error = caught
        finally:
            self._liveness.done(source)
        self._put(_Ended(source, error))

    def _put(self, message: _Message) -> bool:
        while not self._stop.is_set() and message.source not in self._failed:
            if self._lanes.put(message.source, message, POLL_SECONDS):
                return True
            if isinstance(message, _Delivered):
                self._liveness.touch(message.source)  # held back by the driver, not stuck; the driver's own liveness is checked
        return False

    def _await_readers(self, threads: list[threading.Thread]) -> None:
        """Wait a moment for the readers to end; they are daemon threads, and nothing they hold is committed."""
        deadline = self._clock.monotonic() + LEAVE_SECONDS
        for thread in threads:
            thread.join(timeout=max(0.0, deadline - self._clock.monotonic()))


def _size(message: _Message) -> int:
    return len(message.batch.items) if isinstance(message, _Delivered) else 0
