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

from squall.core.config.settings import Settings
from squall.core.delivery import Item, Origin
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError, StoppedError
from squall.core.observability.health import Health
from squall.stream.batching import micro_batches
from squall.stream.drivers.faust.app import CLIENT_PREFIX, build_app
from squall.stream.drivers.faust.credentials import start_failure
from squall.stream.drivers.faust.decode import decode_item
from squall.stream.drivers.faust.internals import kafka_consumer, member_id, why_left_out
from squall.stream.drivers.faust.quirks import group
from squall.stream.drivers.faust.quirks.pacing import pace_empty_fetches
from squall.stream.drivers.faust.quirks.stall import STALL_SECONDS, lag
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import WORKER, Processor

log = logging.getLogger("squall.worker")

QUIET_CHECK_SECONDS = 1.0
STOP_SECONDS = 15.0
"""A stop takes one to seven seconds while Kafka answers."""
LEAST_PATIENCE = 5 * STALL_SECONDS
"""While the broker is away progress is noted with each look at the lag only."""


class FaustDriver:
    """Feeds one `Processor` from the documents topic.

    Args:
        settings: broker, topics and micro-batch limits.
        processor: stores documents; runs in a thread.
        tracker: keeps the detector's progress rows.
        stop: set to end; set by the driver itself when `error` is.
        on_lag: told about each second how many messages of our partitions are not stored yet.
        health: told of progress and of the broker's answers.
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

    def _build(self) -> None:
        """Make a fresh app; an app that was stopped can't be started again."""
        self.app = build_app(self._settings)
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
        async def watch_quiet() -> None:
            while not self._stop.is_set():
                await asyncio.sleep(QUIET_CHECK_SECONDS)
                await self._note_quiet()

    async def run(self) -> None:
        """Consume until the stop event is set.

        Raises:
            SquallError: what ended the work early, after the app was stopped; nothing of the failed batch is acknowledged.
        """
        janitor = asyncio.create_task(self._tend_group())
        self._health.liveness.expect(WORKER, LEAST_PATIENCE)
        try:
            while not self._stop.is_set():
                await self._consume()
        finally:
            self._stop.set()
            self._health.liveness.done(WORKER)
            janitor.cancel()
        if isinstance(self.error, SquallError):
            raise self.error
        if self.error is not None:
            raise SquallError(
                f"the worker failed: {type(self.error).__name__}: {self.error}",
                "nothing of the failed batch was acknowledged: it is read again at the next start",
            ) from self.error

    async def _consume(self) -> None:
        """Run one app until told to stop, or until it has gone silent with messages waiting."""
        self._build()
        self.app.conf.datadir.mkdir(parents=True, exist_ok=True)
        self._active_at = asyncio.get_running_loop().time()
        start = asyncio.create_task(self.app.start())  # it waits for a place in the group, which may never come
        left_out = False
        try:
            while not self._stop.is_set() and not left_out and not await self._stalled():
                if start.done() and (error := start.exception()):
                    raise await asyncio.to_thread(start_failure, self._settings.kafka, error)
                if self.app.crashed:
                    self._fail(self.app.crash_reason or RuntimeError("Faust stopped"))
                self._member_ids.add(member_id(self.app))
                self._pace()
                await asyncio.sleep(0.1)
                left_out = self._left_out()
        finally:
            if left_out:
                start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            await self._leave()

    async def _leave(self) -> None:
        """Stop the app; with a broker that refuses us it would say goodbye for ever, and nobody learn why we end."""
        _, late = await asyncio.wait({asyncio.create_task(self.app.stop())}, timeout=STOP_SECONDS)
        if late:
            log.warning("Faust did not stop within %.0f s; Kafka will notice by itself that we are gone", STOP_SECONDS)

    def _left_out(self) -> bool:
        """Whether our place in the group is gone for good."""
        why = why_left_out(self.app)
        if why is not None:
            log.warning("joining the group anew: %s", why)
        return why is not None

    async def _stalled(self) -> bool:
        """Whether messages of our partitions wait and nothing was handled for a while; a batch that waits for the store is no stall."""
        now = asyncio.get_running_loop().time()
        if self._busy or now - self._active_at < STALL_SECONDS:
            return False
        self._active_at = now
        waiting = await self._ask_lag()
        if waiting and not self._busy:
            log.warning("%d messages wait and none comes: joining the group anew", waiting)
            return True
        return False

    async def _ask_lag(self) -> int:
        """Return what waits in our partitions; a broker that is away is no stall, and to start anew would not mend it."""
        try:
            waiting = await asyncio.to_thread(
                lag, self._settings.kafka, set(self._assigned), allow_plaintext=self._settings.allow_plaintext
            )
        except BrokerUnavailableError as error:
            log.warning("can't ask for the lag: %s", error)
            self._health.dependencies.failed("broker")
            self._health.liveness.touch(WORKER)
            return 0
        except ConfigurationError as error:  # told at once: to leave Kafka takes a while then
            self._fail(error)
            return 0
        self._health.dependencies.answered("broker")
        return waiting

    def _pace(self) -> None:
        """On loopback the broker may be the development one, which needs pacing; a real one waits by itself and is left alone."""
        consumer = kafka_consumer(self.app)
        if consumer is not None and group.is_loopback(self._settings.kafka):
            pace_empty_fetches(consumer._client)

    async def _tend_group(self) -> None:
        """Where the broker is on this machine, free partitions that killed workers or we ourselves under an earlier id still hold."""
        while group.is_loopback(self._settings.kafka):
            ghosts = self._member_ids - {member_id(self.app)}
            await asyncio.to_thread(group.evict_dead_members, self._settings.kafka, CLIENT_PREFIX, ghosts)
            await asyncio.sleep(group.CHECK_SECONDS)

    async def _handle(self, events: Sequence[Any]) -> None:
        """Process `events` and acknowledge each; on a failure keep them unacknowledged and never return."""
        self._busy = True
        self._health.dependencies.answered("broker")
        try:
            items = await asyncio.to_thread(lambda: [self._item(event.message) for event in events])
            done = 0
            for batch in micro_batches(items, self._settings.processor):
                await asyncio.to_thread(self._processor.process, batch)
                caught_up = await self._caught_up(batch)
                await self._in_thread(partial(self._tracker.stored, batch, caught_up))
                for event in events[done : done + len(batch)]:
                    event.ack()
                done += len(batch)
            self._busy = False
            self._active_at = asyncio.get_running_loop().time()
        except StoppedError:
            await asyncio.Event().wait()  # until the app cancels us: leaving the loop body would acknowledge
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

    async def _caught_up(self, batch: Sequence[Item]) -> dict[tuple[str, int], bool]:
        last = {item.origin.partition: item.origin.offset for item in batch}
        highwaters = await self._highwaters(list(last))
        return {(self._topic, partition): offset + 1 >= highwaters.get(partition, offset + 2) for partition, offset in last.items()}

    async def _highwaters(self, partitions: Sequence[int]) -> dict[int, int]:
        tps = [TP(self._topic, partition) for partition in partitions if partition in self._assigned]
        if not tps:
            return {}
        found = await self.app.consumer.highwaters(*tps)
        return {tp.partition: offset for tp, offset in found.items() if offset is not None}

    async def _note_quiet(self) -> None:
        """Tell the lag; mark partitions with nothing in flight and nothing left to read, so that they stop holding the watermark."""
        try:
            in_flight = {message.partition for message in self.app.consumer.unacked if message.topic == self._topic}
            waiting, flags = 0, {}
            for partition, end in (await self._highwaters(sorted(self._assigned))).items():
                position = await self.app.consumer.position(TP(self._topic, partition))
                stored = self._tracker.position(self._topic, partition)
                waiting += max(0, end - (stored + 1 if stored >= 0 else position or 0))
                if partition not in in_flight:
                    flags[self._topic, partition] = position is not None and position >= end
            self._on_lag(waiting)
            if not (self._busy or in_flight) and all(flags.values()):
                self._health.liveness.touch(WORKER)  # an idle poll; with messages left to read it would be none
            await self._in_thread(lambda: self._tracker.quiet(flags))
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001 - a look at the broker in the middle of a rebalance may fail; the next one will do
            log.debug("could not look at the ends of the partitions: %r", error)
