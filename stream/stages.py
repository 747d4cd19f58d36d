"""Successive micro-batches side by side: one is decoded and looked up while the network reads another and a third is stored.

Every stage is a thread, and takes micro-batches in the order in which they were delivered, so that they are stored and acknowledged in
this order. At most `IN_FLIGHT` are in work; a driver that has more waits. What fails ends all stages: nothing behind it is stored or
acknowledged. When asked to stop, what the network has read is stored and acknowledged; what it has not begun is left, and delivered again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from squall.core.config.settings import ProcessorSettings
from squall.core.errors import StoppedError, TooManyRejectsError
from squall.core.items import Item, Outcome
from squall.stream.batching import BatchSize, micro_batches
from squall.stream.in_flight import BatchInFlight
from squall.stream.processor import Processor

IN_FLIGHT: Final = 3
"""Most micro-batches in work: one that the network reads, one before it and one behind it."""
_POLL_SECONDS: Final = 0.2
"""Between two looks at the stop event while nothing else happens."""


class Delivery(Protocol):
    """What a driver hands over at once. All calls but `items` come from one thread, in the order of deliveries."""

    def items(self) -> Sequence[Item]:
        """Decode what was delivered; called once, on the thread of the first stage."""

    def left_out(self) -> Collection[str]:
        """Return the streams whose items are no longer wanted."""

    def rejected(self, error: TooManyRejectsError) -> None:
        """Give up the stream that `error` names, so that `left_out` has it; or raise."""

    def stored(self, items: Sequence[Item], outcomes: Sequence[Outcome], /) -> None:
        """Acknowledge a micro-batch that is safe."""

    def done(self) -> None:
        """Acknowledge the delivery, all of whose micro-batches are safe."""


@dataclass(eq=False)
class _Job:
    """A micro-batch on its way."""

    delivery: Delivery
    batch: BatchInFlight
    last: bool
    """Nothing of the delivery comes after it."""


_Queue = queue.SimpleQueue["_Job | None"]
"""None: nothing comes any more."""


class Stages:
    """Takes deliveries of one driver through the stages of one processor.

    Args:
        processor: does the work.
        settings: limits of micro-batches.
        stop: set to end; retries end as well.
        on_change: called from the threads of the stages when there is room, something is done, or they have ended.
    """

    def __init__(
        self, processor: Processor, settings: ProcessorSettings, stop: threading.Event, on_change: Callable[[], object] = lambda: None
    ) -> None:
        self.size = BatchSize(settings)
        """How much a driver should deliver at once."""
        self.error: BaseException | None = None
        """What ended the stages."""
        self._processor = processor
        self._settings = settings
        self._stop = stop
        self._on_change = on_change
        self._changed = threading.Condition()
        self._delivery: Delivery | None = None
        """What waits for the first stage, or is in it."""
        self._flight: list[_Job] = []
        """In the order of delivery."""
        self._closed = False
        reading, making, storing = _Queue(), _Queue(), _Queue()
        works: tuple[tuple[str, Callable[[], None]], ...] = (
            ("look-up", lambda: self._look_up_all(reading)),
            ("read", lambda: self._run(reading, self._read, making)),
            ("rows", lambda: self._run(making, self._make_rows, storing)),
            ("store", lambda: self._run(storing, self._store, None)),
        )
        self._threads = [threading.Thread(target=work, name=f"stage-{name}", daemon=True) for name, work in works]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Whether anything is in work."""
        return self._delivery is not None or bool(self._flight)

    @property
    def _full(self) -> bool:
        return self._delivery is not None or len(self._flight) >= IN_FLIGHT

    def wait_for_room(self, seconds: float) -> bool:
        """Return whether a delivery would begin at once, as soon as it would, at the latest after `seconds`.

        Raises:
            BaseException: what ended the stages.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._full or self.error is not None, seconds)
            if self.error is not None:
                raise self.error
            return not self._full

    def submit(self, delivery: Delivery) -> None:
        """Hand `delivery` over, after waiting for room; it is acknowledged by its own methods, or never.

        Raises:
            StoppedError: asked to stop.
            BaseException: what ended the stages.
        """
        while not self.wait_for_room(_POLL_SECONDS):
            if self._stop.is_set():
                raise StoppedError("stopped while waiting for the micro-batches in work")
        with self._changed:
            self._delivery = delivery
            self._changed.notify_all()

    def drain(self, seconds: float | None = None) -> bool:
        """Wait until nothing is in work; return False if that takes longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.busy, seconds)

    def close(self) -> None:
        """Finish what is in work, and end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _look_up_all(self, done: _Queue) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._delivery is not None or self._closed)
                delivery = self._delivery
            if delivery is None:
                done.put(None)
                return
            try:
                self._look_up(delivery, done)
            except BaseException as error:  # noqa: BLE001 - the driver raises it
                self._fail(error)
            with self._changed:
                self._delivery = None
                self._changed.notify_all()
            self._on_change()

    def _look_up(self, delivery: Delivery, done: _Queue) -> None:
        if self._is_over():
            return
        cut = list(micro_batches(delivery.items(), self._settings, self.size.limit)) or [[]]  # a delivery without items is acknowledged too
        for number, items in enumerate(cut, 1):
            job = _Job(delivery, BatchInFlight(items), last=number == len(cut))
            ahead = self._enter(job)
            if ahead is None:
                return
            try:
                job.batch = self._processor.look_up(items, ahead)
            except BaseException:
                self._leave(job)
                raise
            done.put(job)

    def _enter(self, job: _Job) -> list[BatchInFlight] | None:
        """Wait for a place among the micro-batches in work; return those, None if it is not to begin."""
        with self._changed:
            while len(self._flight) >= IN_FLIGHT and not self._is_over():
                self._changed.wait(_POLL_SECONDS)
            if self._is_over():
                return None
            ahead = [other.batch for other in self._flight]
            self._flight.append(job)
            return ahead

    def _leave(self, job: _Job) -> None:
        with self._changed:
            self._flight.remove(job)
            self._changed.notify_all()
        self._on_change()

    def _run(self, waiting: _Queue, work: Callable[[_Job], bool], done: _Queue | None) -> None:
        """Work on what comes, one after another; `work` returns whether to hand it on."""
        while (job := waiting.get()) is not None:
            going_on = False
            try:
                going_on = self.error is None and work(job)
            except BaseException as error:  # noqa: BLE001 - the driver raises it
                self._fail(error)
            if going_on and done is not None:
                done.put(job)
            else:
                self._leave(job)
        if done is not None:
            done.put(None)

    def _read(self, job: _Job) -> bool:
        if self._is_over():  # what is behind comes here later, and is left as well
            return False
        self._processor.read(job.batch)
        return True

    def _make_rows(self, job: _Job) -> bool:
        self._processor.make_rows(job.batch)
        return True

    def _store(self, job: _Job) -> bool:
        batch, delivery = job.batch, job.delivery
        self._processor.insert(batch)
        outcomes = self._settled(batch, delivery)
        delivery.stored(batch.items, outcomes)
        if job.last:
            delivery.done()
        self.size.add(len(batch.scored.rows), max(batch.scoring_seconds, batch.storing_seconds))
        return True

    def _settled(self, batch: BatchInFlight, delivery: Delivery) -> Sequence[Outcome]:
        while True:
            batch.leave_out(delivery.left_out())
            if not batch.items:
                return []
            try:
                return self._processor.settle(batch)
            except TooManyRejectsError as error:
                delivery.rejected(error)

    def _is_over(self) -> bool:
        return self.error is not None or self._stop.is_set()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self.error = self.error or error
            self._changed.notify_all()
        self._on_change()
