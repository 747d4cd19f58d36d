"""The all-in-one node: documents in (from Kafka, or straight from sources), detector, e-mails and page in one process.

It is one process because an embedded store has one owner. Faust and the page run on the event loop; the engine, the store
and the detector work in threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from squall.alerts.heartbeat import open_heartbeat
from squall.alerts.notification.receivers import open_receivers
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import AlertService
from squall.app.page_address import publish_page_address
from squall.app.pipeline import Pipeline
from squall.app.sources import run_sources
from squall.dashboards.page.server import PageServer
from squall.entities.catalogue.groups import groups_when_needed
from squall.ingest.source import Source

log = logging.getLogger("squall")


def alert_service(pipeline: Pipeline, page_url: Callable[[], str] = lambda: "") -> AlertService:
    """Return the detector of this process over the pipeline's store; `page_url` gives the address of the page that it serves."""
    receivers = open_receivers(pipeline.settings, pipeline.clock)
    return AlertService(pipeline.store, pipeline.settings, pipeline.clock, receivers, pipeline.health, page_url, lambda: pipeline.catalogue)


class Node:
    """Runs until its pipeline is stopped, or a part fails permanently.

    Args:
        pipeline: store, engine, processor.
        sources: read in this process; empty: Kafka is consumed.
    """

    def __init__(self, pipeline: Pipeline, sources: Sequence[Source] = ()) -> None:
        self.pipeline = pipeline
        self.sources = sources
        self.heartbeat = open_heartbeat(pipeline.settings)
        settings = pipeline.settings
        groups = groups_when_needed(lambda: pipeline.catalogue)
        self.page = PageServer(pipeline.store, settings.web, pipeline.clock, settings.detector, groups=groups)
        self.alerts = alert_service(pipeline, lambda: self.page.url)

    async def run(self) -> None:
        """Run every part.

        Raises:
            SquallError: a part failed.
        """
        stop = self.pipeline.stop
        interval = self.pipeline.settings.detector.interval_seconds
        scheduler = DetectorScheduler(self.alerts, interval, self.pipeline.clock, self.pipeline.health, self.heartbeat)
        async with AsyncExitStack() as stack:
            scheduler.start()
            stack.push_async_callback(asyncio.to_thread, scheduler.stop)
            await self.page.start()
            stack.push_async_callback(self.page.stop)
            stack.enter_context(publish_page_address(self.pipeline.settings, self.page.url))
            log.info("live page at %s", self.page.url)
            await self._process()
            while not stop.is_set():  # finite sources have ended; the detector and the page continue
                await asyncio.sleep(0.2)

    async def _process(self) -> None:
        if self.sources:
            await asyncio.to_thread(run_sources, self.pipeline, self.sources)
            if not self.pipeline.stop.is_set():
                log.info("all sources have ended; the detector and the page continue until Ctrl-C")
        else:
            await self.pipeline.consume_kafka()
