"""Kafka through Faust into the processor: offsets move only after the store has acknowledged.

Why not `take` or plain iteration: Faust acknowledges those in a `finally`, so a batch whose handler raised would be
lost after a restart. Here events come unacknowledged (`noack_take`), one batch at a time (concurrency 1, so that acks
never pass a gap), and no exception leaves the loop body.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from faust.types import TP

from squall.core.config.permissions import private_folder
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError, StoppedError
from squall.core.items import Item, Origin
from squall.core.observability.health import Health
from squall.stream.batching import micro_batches
from squall.stream.drivers.faust.app import CLIENT_PREFIX, build_app
from squall.stream.drivers.faust.credentials import start_failure
from squall.stream.drivers.faust.decode import decode_item
from squall.stream.drivers.faust.partition_ends import PartitionEnds
from squall.stream.drivers.faust.quirks.dead_member_eviction import EVICTION_SECONDS, evict_dead_members, has_loopback_broker
from squall.stream.drivers.faust.quirks.empty_fetch_pacing import pace_empty_fetches
from squall.stream.drivers.faust.quirks.private_attributes import coordination_error, kafka_consumer, member_id
from squall.stream.drivers.faust.quirks.stalled_consumer import STALL_SECONDS, uncommitted
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import WORKER, Processor

log = logging.getLogger("squall.worker")

LAG_SECONDS = 1.0
"""Between two looks at the ends of the partitions."""
STOP_SECONDS = 15.0
"""A stop takes one to seven seconds while Kafka answers."""
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
        self._member_ids: set[str] = set()
        self._busy = False
        self._active_at = 0.0
        self.app: Any = None
        self._ends = PartitionEnds(None, self._topic)

    def _build(self) -> None:
        """Make a fresh app; an app that was stopped can't be started again."""
        self.app = build_app(self._settings)
        self._ends = PartitionEnds(self.app, self._topic)
        self._assigned = set()
        topic = self.app.topic(self._topic, key_type=bytes, key_serializer="raw", value_type=bytes, value_serializer="raw")
        limits = self._settings.processor

        @self.app.agent(topic, concurrency=1)
        async def score(stream: Any) -> None:
            async for events in stream.noack_take(limits.batch_documents, within=limits.batch_wait_seconds):
                await self._handle(events)

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

    async def run(self) -> None:
        """Consume until the stop event is set.

        Raises:
            SquallError: what ended the work early, after the app was stopped; nothing of the failed batch is acknowledged.
        """
        eviction = asyncio.create_task(self._evict_dead_members())
        self._health.liveness.expect(WORKER, LIVENESS_SECONDS)
        try:
            while not self._stop.is_set():
                await self._consume()
        finally:
            self._stop.set()
            self._health.liveness.done(WORKER)
            eviction.cancel()
        if isinstance(self.error, SquallError):
            raise self.error
        if self.error is not None:
            raise SquallError(
                f"the worker failed: {type(self.error).__name__}: {self.error}",
                "nothing of the failed batch was acknowledged: it is read again at the next start",
            ) from self.error

    async def _consume(self) -> None:
        """Run one app until asked to stop, or until it stalls or loses its membership of the group."""
        self._build()
        private_folder(self.app.conf.datadir)
        self._active_at = asyncio.get_running_loop().time()
        start = asyncio.create_task(self.app.start())  # waits for a place in the group, and may wait forever
        lost = False
        try:
            while not self._stop.is_set() and not lost and not await self._stalled():
                if start.done() and (error := start.exception()):
                    raise await asyncio.to_thread(start_failure, self._settings.kafka, error)
                if self.app.crashed:
                    self._fail(self.app.crash_reason or RuntimeError("Faust stopped"))
                self._member_ids.add(member_id(self.app))
                self._pace_fetches()
                await asyncio.sleep(0.1)
                lost = self._membership_lost()
        finally:
            if lost:
                start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            await self._leave()

    async def _leave(self) -> None:
        """Stop the app, within bounds: if the broker refuses the connection, Faust tries to leave the group forever and hides the cause."""
        _, late = await asyncio.wait({asyncio.create_task(self.app.stop())}, timeout=STOP_SECONDS)
        if late:
            log.warning("Faust did not stop within %.0f s; Kafka removes this member after its session timeout", STOP_SECONDS)

    def _membership_lost(self) -> bool:
        """Whether aiokafka has given up its membership of the group for good."""
        error = coordination_error(self.app)
        if error is not None:
            log.warning("rejoining the group: %s", error)
        return error is not None

    async def _stalled(self) -> bool:
        """Whether messages of the partitions wait and none was handled for a while; a batch that waits for the store is no stall."""
        now = asyncio.get_running_loop().time()
        if self._busy or now - self._active_at < STALL_SECONDS:
            return False
        self._active_at = now
        waiting = await self._uncommitted()
        if waiting and not self._busy:
            log.warning("%d messages wait and none is delivered: rejoining the group", waiting)
            return True
        return False

    async def _uncommitted(self) -> int:
        """Return how many messages of the partitions wait; 0 while the broker is down: that is no stall, and a new app would not help."""
        try:
            waiting = await asyncio.to_thread(
                uncommitted, self._settings.kafka, set(self._assigned), allow_plaintext=self._settings.allow_plaintext
            )
        except BrokerUnavailableError as error:
            log.warning("the broker does not answer: %s", error)
            self._health.dependencies.failed("broker")
            self._health.liveness.touch(WORKER)
            return 0
        except ConfigurationError as error:  # logged before the app is stopped, which takes long if the broker refuses the connection
            self._fail(error)
            return 0
        self._health.dependencies.answered("broker")
        return waiting

    def _pace_fetches(self) -> None:
        """A broker on loopback may be the development broker, which needs pacing; Kafka itself makes an empty fetch wait."""
        consumer = kafka_consumer(self.app)
        if consumer is not None and has_loopback_broker(self._settings.kafka):
            pace_empty_fetches(consumer._client)

    async def _evict_dead_members(self) -> None:
        """With a broker on this machine, free the partitions that killed workers, or this one under an earlier member id, still hold."""
        while has_loopback_broker(self._settings.kafka):
            stale = self._member_ids - {member_id(self.app)}
            await asyncio.to_thread(evict_dead_members, self._settings.kafka, CLIENT_PREFIX, stale)
            await asyncio.sleep(EVICTION_SECONDS)

    async def _handle(self, events: Sequence[Any]) -> None:
        """Process `events` and acknowledge each; on a failure keep them unacknowledged and never return."""
        self._busy = True
        self._health.dependencies.answered("broker")
        try:
            items = await asyncio.to_thread(lambda: [self._item(event.message) for event in events])
            done = 0
            for batch in micro_batches(items, self._settings.processor):
                await asyncio.to_thread(self._processor.process, batch)
                caught_up = await self._ends.caught_up(batch, self._assigned)
                await self._in_thread(partial(self._tracker.stored, batch, caught_up))
                for event in events[done : done + len(batch)]:
                    event.ack()
                done += len(batch)
            self._busy = False
            self._active_at = asyncio.get_running_loop().time()
        except StoppedError:
            await asyncio.Event().wait()  # until the app cancels this task: leaving the loop body would acknowledge
        except Exception as error:  # noqa: BLE001 - any failure must stop the worker with nothing acknowledged
            self._fail(error)
            await asyncio.Event().wait()

    @staticmethod
    def _item(message: Any) -> Item:
        return decode_item(message.value, message.headers, Origin(message.topic, message.partition, message.offset))

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
            standing = await self._ends.look(self._assigned, self._tracker)
            self._health.metrics.lag(standing.waiting)
            self._on_lag(standing.waiting)
            if standing.idle and not self._busy:
                self._health.liveness.touch(WORKER)  # an idle poll is progress; with messages left to read it is not
            await self._in_thread(lambda: self._tracker.quiet(standing.caught_up))
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001 - this may fail in the middle of a rebalance; the next look will do
            log.debug("the ends of the partitions are unknown now: %r", error)
