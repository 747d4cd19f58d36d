"""The all-in-one node: documents in (from Kafka, or straight from sources), detector, e-mails and page in one process.

One process because the embedded store has one owner. The event loop carries Faust and the page; the engine, the store
and the detector work in threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from squall.alerts.notification.receivers import open_receivers
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import AlertService
from squall.app.page_address import page_address_published
from squall.app.pipeline import Pipeline
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from squall.core.records import Kind
from squall.dashboards.page.server import PageServer
from squall.ingest.cursors import CursorStore
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.source import Source
from squall.stream.drivers.inprocess import InProcessDriver

log = logging.getLogger("squall")


def configured_sources(settings: Settings, clock: Clock, health: Health | None = None) -> list[Source]:
    """Return the sources that the settings name for this machine.

    Raises:
        ConfigurationError: there are none, or one makes no sense.
    """
    cursors = CursorStore(settings.data_dir / "cursors")
    sources: list[Source] = [
        FileSource(file.path, clock, FileOptions(kind=Kind(file.kind), source=file.source), cursors) for file in settings.ingest.files
    ]
    if settings.ingest.feeds is not None:
        from squall.ingest.rss.source import open_feeds

        sources.append(open_feeds(settings.ingest, clock, cursors, health=health))
    if settings.push.enabled:
        from squall.ingest.push.source import PushSource

        sources.append(PushSource(settings.push, clock, health))
    if not sources:
        raise ConfigurationError(
            "there is nothing to read: no broker, no feeds, no files, and the push endpoint is off",
            "set SQUALL_INGEST__FEEDS=feeds.toml, SQUALL_PUSH__ENABLED=true or SQUALL_KAFKA__BOOTSTRAP_SERVERS; see `squall ingest --help`",
        )
    return sources


def run_sources(pipeline: Pipeline, sources: Sequence[Source]) -> None:
    """Feed `sources` to the processor until they end or the pipeline is stopped; closes them."""
    tracker = pipeline.tracker({source.name for source in sources})
    for source in sources:
        if not source.live:
            pipeline.processor.retry_until_available(partial(tracker.announce, source.name, [0]))
    driver = InProcessDriver(pipeline.processor, tracker, pipeline.settings.processor, pipeline.clock, pipeline.stop, pipeline.health)
    try:
        driver.run({source.name: source.batches(pipeline.stop) for source in sources})
    finally:
        for source in sources:
            source.close()


def alert_service(pipeline: Pipeline) -> AlertService:
    """Return the detector of this process over the pipeline's store."""
    receivers = open_receivers(pipeline.settings, pipeline.clock)
    return AlertService(pipeline.store, pipeline.settings, pipeline.clock, receivers, pipeline.health)


class Node:
    """Runs until its pipeline is stopped, or a part fails for good.

    Args:
        pipeline: store, engine, processor.
        sources: read in process; empty: consume Kafka.
    """

    def __init__(self, pipeline: Pipeline, sources: Sequence[Source] = ()) -> None:
        self.pipeline = pipeline
        self.sources = sources
        self.alerts = alert_service(pipeline)
        self.page = PageServer(pipeline.store, pipeline.settings.web, pipeline.clock, pipeline.settings.detector)

    async def run(self) -> None:
        """Run every part.

        Raises:
            SquallError: what ended a part early.
        """
        stop = self.pipeline.stop
        interval = self.pipeline.settings.detector.interval_seconds
        scheduler = DetectorScheduler(self.alerts, interval, self.pipeline.clock, self.pipeline.health)
        async with AsyncExitStack() as stack:
            scheduler.start()
            stack.push_async_callback(asyncio.to_thread, scheduler.stop)
            await self.page.start()
            stack.push_async_callback(self.page.stop)
            stack.enter_context(page_address_published(self.pipeline.settings, self.page.url))
            log.info("live page at %s", self.page.url)
            await self._feed()
            while not stop.is_set():  # finite sources have ended; the detector and the page go on
                await asyncio.sleep(0.2)

    async def _feed(self) -> None:
        if self.sources:
            await asyncio.to_thread(run_sources, self.pipeline, self.sources)
            if not self.pipeline.stop.is_set():
                log.info("sources are at their end; the detector and the page go on until Ctrl-C")
        else:
            await self.pipeline.consume_kafka()
