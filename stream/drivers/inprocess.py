"""The driver without a broker: sources' batches into the processor, in turns, cursors moved after the rows are stored."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from squall.core.clock import Clock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import SquallError, StoppedError, TooManyRejectsError
from squall.core.items import Batch, Item, Outcome
from squall.core.observability.health import Health
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.drivers.source_lanes import SourceLanes
from squall.stream.processor import WORKER, Processor
from squall.stream.stages import Stages

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


class _Arrived:
    """What arrived together, as a delivery to the stages.

    Args:
        driver: moves the cursors.
        messages: in the order of their arrival.
    """

    def __init__(self, driver: InProcessDriver, messages: Sequence[_Message]) -> None:
        self._driver = driver
        self._messages = messages
        self._processed: list[tuple[Item, Outcome]] = []

    def items(self) -> Sequence[Item]:
        delivered = [message for message in self._messages if isinstance(message, _Delivered) and message.source not in self.left_out()]
        return [item for message in delivered for item in message.batch.items]

    def left_out(self) -> Collection[str]:
        return self._driver.failed.keys()

    def rejected(self, error: TooManyRejectsError) -> None:
        self._driver.give_up(error.stream, error)

    def stored(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        self._processed += zip(items, outcomes, strict=True)

    def done(self) -> None:
        self._driver.finish(self._messages, self._processed)


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
        self.failed: dict[str, SquallError] = {}
        """The sources that were given up, and why."""

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
        stages = Stages(self._processor, self._settings, self._stop)
        for thread in threads:
            thread.start()
        try:
            self._deliver(stages, set(sources))
            stages.drain()
            if stages.error is not None:
                raise stages.error
            if self.failed and len(self.failed) == len(sources):
                raise next(iter(self.failed.values()))
        except BaseException:
            self._stop.set()  # else a source that continues to read would wait for a driver that has ended
            raise
        finally:
            stages.close()
            self._liveness.done(WORKER)
            self._await_readers(threads)

    def _deliver(self, stages: Stages, running: set[str]) -> None:
        """Hand over what the `running` sources deliver until they have ended."""
        while running and not self._stop.is_set():
            self._liveness.touch(WORKER)
            if stages.wait_for_room(POLL_SECONDS) and (arrived := self._take(stages.size.limit)):
                stages.submit(_Arrived(self, arrived))
                running -= {message.source for message in arrived if isinstance(message, _Ended)}
            running -= self.failed.keys()

    def _take(self, room: int) -> list[_Message]:
        """Return what arrived: the first batch, and those within `batch_wait_seconds` that fit with it into `room` documents.

        The first that does not fit begins the next one, so that no source waits for two batches of another.
        """
        if not self._lanes.wait(POLL_SECONDS):
            return []
        arrived: list[_Message] = []
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

    def finish(self, messages: Sequence[_Message], processed: Sequence[tuple[Item, Outcome]]) -> None:
        """Write the progress of `messages`, all of whose items are stored, then move the cursors, in this order."""
        retry = self._processor.retry_until_available
        delivered = [message for message in messages if isinstance(message, _Delivered) and message.source not in self.failed]
        items = [item for item, _ in processed if item.origin.topic not in self.failed]
        outcomes = [outcome for item, outcome in processed if item.origin.topic not in self.failed]
        caught_up = {(message.source, 0): message.batch.caught_up for message in delivered}
        if items:
            retry(lambda: self._tracker.stored(items, caught_up))
        retry(lambda: self._tracker.quiet(caught_up))  # sources without items
        for message in delivered:
            size = len(message.batch.items)
            if message.batch.settle is not None:
                message.batch.settle(outcomes[:size])
            del outcomes[:size]
            retry(message.batch.commit)
        for end in (message for message in messages if isinstance(message, _Ended)):
            if end.error is not None:
                self.give_up(end.source, end.error)
            retry(partial(self._tracker.quiet, {(end.source, 0): True}))  # even if the last batch was not marked as caught up

    def give_up(self, source: str, error: Exception) -> None:
        """Go on without a dispensable source; its cursor stays, and so a restart reads on from there.

        Raises:
            Exception: `error`, if the source is none of those.
        """
        if source not in self._dispensable or isinstance(error, StoppedError):
            raise error
        if not isinstance(error, SquallError):
            log.error("an unforeseen error in %s", source, exc_info=error)
            error = SquallError(f"{type(error).__name__}: {error}", "report it as a fault of Squall, with the log")
        if source not in self.failed:
            self.failed[source] = error
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
        while not self._stop.is_set() and message.source not in self.failed:
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
