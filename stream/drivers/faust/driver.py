"""Kafka through Faust into the processor: offsets move only after the store has acknowledged.

Why not `take` or plain iteration: Faust acknowledges those in a `finally`, so a batch whose handler raised would be
lost after a restart. Here events come from the channel of the stream, unacknowledged and in order (concurrency 1, so that acks never
pass a gap), wait together until the stages have room for them (`arrivals.py`), and are acknowledged once they are stored.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from faust.types import TP

from squall.core.config.files.permissions import private_folder
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError, StoppedError, StoreError
from squall.core.observability.health import Health
from squall.stream.drivers.faust.app import CLIENT_PREFIX, build_app
from squall.stream.drivers.faust.broker_watch import ASK_SECONDS, BrokerWatch
from squall.stream.drivers.faust.credentials import start_failure
from squall.stream.drivers.faust.delivery import EventFlow
from squall.stream.drivers.faust.partition_ends import PartitionEnds
from squall.stream.drivers.faust.quirks.channel_events import next_events
from squall.stream.drivers.faust.quirks.development_broker import DevelopmentBrokerCare
from squall.stream.drivers.faust.quirks.message_tasks import hand_over_directly
from squall.stream.drivers.faust.quirks.private_attributes import coordination_error
from squall.stream.drivers.faust.quirks.stalled_consumer import STALL_SECONDS
from squall.stream.drivers.faust.quirks.unfinished_stop import cut_off
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import WORKER, Processor
from squall.stream.stages import Stages

log = logging.getLogger("squall.worker")

LAG_SECONDS = 1.0
"""Between two looks at the ends of the partitions."""
STOP_SECONDS = 15.0
"""A stop takes one to seven seconds while Kafka answers."""
FINISH_SECONDS = 10.0
"""Longest wait, at a stop, for the micro-batches in work."""
AWAY_STOP_SECONDS = 1.0
"""For what a stop does before it waits for a broker that is known not to answer."""
MAX_FAILURES = 5
"""Times that Faust may fail in a row, without a batch in between and while the broker answers, before the worker ends."""
STEADY_SECONDS = 60.0
"""An app that ran this long does not fail in a row."""
LIVENESS_SECONDS = 5 * STALL_SECONDS
"""While the broker is down, progress is noted at each check for a stall only."""


class FaustDriver:
    """Feeds one `Processor` from the documents topic.

    Args:
        settings: broker, topics and micro-batch limits.
        processor: stores documents; runs in a thread.
        tracker: keeps the detector's progress rows.
        stop: set to end; set by the driver itself when `error` is.
        on_lag: called about each second with the number of messages of this worker's partitions that are not stored yet.
        health: liveness, the state of the broker, and the lag as a metric.
    """

    def __init__(
        self,
        settings: Settings,
        processor: Processor,
        tracker: ProgressTracker,
        stop: threading.Event,
        on_lag: Callable[[int], None] = lambda _: None,
        health: Health | None = None,
    ) -> None:
        self.error: BaseException | None = None
        self._settings = settings
        self._processor = processor
        self._tracker = tracker
        self._stop = stop
        self._on_lag = on_lag
        self._health = health or Health()
        self._topic = settings.kafka.documents_topic
        self._assigned: set[int] = set()
        self._active_at = self._built_at = 0.0
        self._failures = 0
        self._watch = BrokerWatch(settings, self._health)
        self._care = DevelopmentBrokerCare(settings.kafka, CLIENT_PREFIX)
        self.app: Any = None
        self._ends = PartitionEnds(None, self._topic)
        self._flow: EventFlow | None = None
        self._stages: Stages | None = None

    def _build(self, stages: Stages) -> EventFlow:
        """Make a fresh app, for one that was stopped can't be started again, and what takes its events to the stages."""
        self.app = build_app(self._settings)
        self._ends = PartitionEnds(self.app, self._topic)
        self._assigned = set()
        topic = self.app.topic(self._topic, key_type=bytes, key_serializer="raw", value_type=bytes, value_serializer="raw")
        self._flow = flow = EventFlow(self.app, self._ends, stages, self._processor, self._tracker, self._settings, self._note_batch)

        @self.app.agent(topic, concurrency=1)
        async def score(stream: Any) -> None:
            with suppress(StopAsyncIteration):  # the channel has ended
                while True:
                    await flow.arrivals.add(await next_events(stream))

        @self.app.task
        async def deliver() -> None:
            await flow.run()

        @self.app.on_partitions_assigned.connect(weak=False)
        async def assigned(_app: Any, assigned: set[TP], **_: Any) -> None:
            partitions = sorted(tp.partition for tp in assigned if tp.topic == self._topic)
            fresh = [partition for partition in partitions if partition not in self._assigned]
            self._assigned = set(partitions)
            log.info("reading partitions %s of %s", partitions, self._topic)
            await self._in_thread(lambda: self._tracker.announce(self._topic, fresh))

        @self.app.task
        async def report_lag() -> None:
            while not self._stop.is_set():
                await asyncio.sleep(LAG_SECONDS)
                await self._report_lag()

        return flow

    async def run(self) -> None:
        """Consume until the stop event is set; a broker that stops answering is waited for.

        Raises:
            SquallError: what ended the work early, after the app was stopped; nothing of the failed batch is acknowledged.
        """
        self._health.liveness.expect(WORKER, LIVENESS_SECONDS)
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, self._look_at_stages)
        stages = self._stages = Stages(self._processor, self._settings.processor, self._stop, wake)
        try:
            while not self._stop.is_set():
                await self._consume(stages)
        finally:
            self._stop.set()
            await asyncio.to_thread(stages.close)
            self._health.liveness.done(WORKER)
        if isinstance(self.error, SquallError):
            raise self.error
        if self.error is not None:
            raise SquallError(
                f"the worker failed: {type(self.error).__name__}: {self.error}",
                "nothing of the failed batch was acknowledged: it is read again at the next start",
            ) from self.error

    def _look_at_stages(self) -> None:
        """Go on where the stages have room again; end the worker if they have ended."""
        if self._stages is not None and self._stages.error is not None and not isinstance(self._stages.error, StoppedError):
            self._fail(self._stages.error)
        if self._flow is not None:
            self._flow.arrivals.wake()

    @property
    def _busy(self) -> bool:
        return self._stages is not None and self._stages.busy

    def _note_batch(self) -> None:
        self._failures = 0
        self._watch.answered()
        self._active_at = asyncio.get_running_loop().time()

    async def _consume(self, stages: Stages) -> None:
        """Run one app until asked to stop, or until it fails, stalls or loses its membership of the group."""
        flow = self._build(stages)
        private_folder(self.app.conf.datadir)
        self._built_at = self._active_at = asyncio.get_running_loop().time()
        start = asyncio.create_task(self.app.start())  # waits for a place in the group, and may wait forever
        care = asyncio.create_task(self._care.run())
        failure: BaseException | None = None
        try:
            while not self._stop.is_set() and failure is None and not self._membership_lost() and not await self._stalled():
                self._care.look(self.app)
                hand_over_directly(self.app.consumer)
                await asyncio.sleep(0.1)
                failure = start.exception() if start.done() else None
                if self.app.crashed:
                    failure = failure or self.app.crash_reason or RuntimeError("Faust stopped")
            if failure is not None:
                await self._judge(failure)
        finally:
            care.cancel()
            start.cancel()
            await asyncio.wait({start}, timeout=AWAY_STOP_SECONDS)
            if self._stop.is_set():  # so that what is in work is committed
                await asyncio.to_thread(stages.drain, FINISH_SECONDS)
            flow.end()
            await self._leave()
        if self._failures and not self._stop.is_set():
            await asyncio.sleep(min(self._failures, MAX_FAILURES))
            await self._watch.wait(self._stop)

    async def _judge(self, failure: BaseException) -> None:
        """End the worker if Faust failed by something that neither waiting nor another try cures."""
        if self._stop.is_set():
            return
        if not isinstance(failure, SquallError):
            failure = await asyncio.to_thread(start_failure, self._settings.kafka, failure)
        if isinstance(failure, BrokerUnavailableError) or not isinstance(failure, SquallError):
            self._count(failure)
        else:
            self._fail(failure)

    def _count(self, failure: BaseException) -> None:
        """Note a failure that a new app may cure, unless there were too many."""
        self._failures = 1 + (self._failures if asyncio.get_running_loop().time() - self._built_at < STEADY_SECONDS else 0)
        if self._failures > MAX_FAILURES and not self._watch.away:
            self._fail(failure)
        else:
            log.warning("rejoining the group: %s", failure)

    async def _leave(self) -> None:
        """Stop the app, within bounds: without an answer of the broker Faust waits to leave the group, and hides the cause."""
        stop = asyncio.create_task(self.app.stop())
        refused = isinstance(self.error, ConfigurationError) and not isinstance(self.error, StoreError)
        _, late = await asyncio.wait({stop}, timeout=AWAY_STOP_SECONDS if refused or self._watch.away else STOP_SECONDS)
        if late:
            log.warning("the broker did not let this worker leave the group; Kafka removes it after its session timeout")
            await cut_off(self.app)
            stop.cancel()
            await asyncio.wait({stop}, timeout=AWAY_STOP_SECONDS)
        if stop.done() and not stop.cancelled() and (error := stop.exception()):
            log.debug("Faust ended with %r", error)

    def _membership_lost(self) -> bool:
        """Whether aiokafka has given up its membership of the group for good."""
        error = coordination_error(self.app)
        if error is not None:
            self._count(error)
        return error is not None

    async def _stalled(self) -> bool:
        """Whether messages of the partitions wait and none was handled for a while; a batch that waits for the store is no stall."""
        now = asyncio.get_running_loop().time()
        was_away = self._watch.away
        if self._busy or now - self._active_at < (ASK_SECONDS if was_away else STALL_SECONDS):
            return False
        waiting = await self._until_stopped(self._watch.uncommitted(self._assigned))
        self._active_at = asyncio.get_running_loop().time()
        if waiting and not self._busy and not was_away:  # after an outage, aiokafka gets the time to go on by itself
            log.warning("%d messages wait and none is delivered: rejoining the group", waiting)
            return True
        return False

    async def _until_stopped(self, question: Coroutine[Any, Any, int | None]) -> int | None:
        """Return the answer of the broker, None once asked to stop; a refusal ends the worker."""
        asking = asyncio.create_task(question)
        while not asking.done() and not self._stop.is_set():
            await asyncio.wait({asking}, timeout=0.1)
        if not asking.done():
            asking.cancel()
            return None
        try:
            return asking.result()
        except SquallError as error:  # logged before the app is stopped, which takes long if the broker refuses the connection
            self._fail(error)
            return None

    def _fail(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
            log.error("stopping: %s", error)
        self._stop.set()

    async def _in_thread(self, call: Callable[[], None]) -> None:
        await asyncio.to_thread(self._processor.retry_until_available, call)

    async def _report_lag(self) -> None:
        """Report the lag; note partitions that are read to their ends, so that they stop holding the watermark back."""
        try:
            standing = self._ends.look(self._assigned, self._tracker)
            self._health.metrics.lag(standing.waiting)
            self._on_lag(standing.waiting)
            if standing.idle and not self._busy:
                self._health.liveness.touch(WORKER)  # an idle poll is progress; with messages left to read it is not
            await self._in_thread(lambda: self._tracker.quiet(standing.caught_up, standing.stored))
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001 - what only informs ends nothing; the next look will do
            log.debug("the ends of the partitions are unknown now: %r", error)
