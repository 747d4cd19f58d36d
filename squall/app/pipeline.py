"""Store, engine and processor of one process: what `up`, `worker`, `replay --in-process` and `demo` have in common."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from squall.app.linking import keep_out_of_collections, open_linker, open_names
from squall.app.store import open_migrated_store
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import SquallError
from squall.core.items import DeadLetterSink
from squall.core.net.addresses import redact_url
from squall.core.observability.health import Health
from squall.core.retry import retry_until_available
from squall.entities.catalogue.catalogue import Catalogue
from squall.model.checkpoint import SHIPPED
from squall.model.serving.engine import ScoringEngine
from squall.storage import Store
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.meter import Device, PipelineMeter
from squall.stream.processor import Processor

if TYPE_CHECKING:
    from squall.core.kafka.dead_letter_topic import KafkaDeadLetters

log = logging.getLogger("squall")


@dataclass
class Pipeline:
    """Engine, store and processor, opened once per process."""

    settings: Settings
    clock: Clock
    stop: threading.Event
    engine: ScoringEngine
    store: Store
    processor: Processor
    meter: PipelineMeter
    health: Health
    catalogue: Catalogue

    def tracker(self, streams: set[str]) -> ProgressTracker:
        """Return the progress tracker of the streams that this process reads."""
        ahead = timedelta(seconds=self.settings.processor.max_future_seconds)
        return self.processor.retry_until_available(lambda: ProgressTracker(self.store.progress, self.clock, streams, ahead))

    async def consume_kafka(self) -> None:
        """Run the Faust driver until stopped; see `FaustDriver.run`."""
        from squall.stream.drivers.faust.driver import FaustDriver

        tracker = await asyncio.to_thread(self.tracker, {self.settings.kafka.documents_topic})
        driver = FaustDriver(self.settings, self.processor, tracker, self.stop, on_lag=self.meter.set_lag, health=self.health)
        await driver.run()


@contextmanager
def open_pipeline(
    settings: Settings,
    clock: Clock,
    stop: threading.Event,
    dead_letters: DeadLetterSink | None = None,
    health: Health | None = None,
) -> Iterator[Pipeline]:
    """Open store and engine; dead letters go to `dead_letters`, or to the store's table; all report to `health`."""
    health = health or Health(clock)
    names = open_names(settings.entities)  # first: a broken table of entities is told at once, not after the store and the model
    store = open_migrated_store(settings, stop, health)
    try:
        with ScoringEngine.open(settings.model) as engine:
            engine.warm_up()
            health.dependencies.answered("model")
            health.metrics.watch_model(engine.reading)
            log.info("model %s on %s, store %s", engine.model_version, engine.backend, redact_url(settings.store_url))
            sink = dead_letters or store.dead_letters
            meter = PipelineMeter(store.pipeline, clock, lambda: Device(engine.device, engine.device_memory))
            processor = Processor(engine, store.documents, sink, settings.processor, clock, stop, [meter.add_batch], health, names.linker)
            keep_out_of_collections()
            with meter.running():
                yield Pipeline(settings, clock, stop, engine, store, processor, meter, health, names.catalogue)
    finally:
        store.close()


def checkpoint_swap(engine: ScoringEngine) -> Callable[[Settings], None]:
    """Return what switches `engine` to the checkpoint of new settings, for `squall.app.signals.reload_on_hangup`."""

    def swap(settings: Settings) -> None:
        try:
            engine.swap(settings.model.path or SHIPPED)
        except SquallError as error:
            log.error("new checkpoint not loaded; still serving %s: %s", engine.model_version, error)  # noqa: TRY400 - a traceback would add nothing

    return swap


def entities_swap(processor: Processor) -> Callable[[Settings], None]:
    """Return what lets `processor` link to the entities of new settings, for `squall.app.signals.reload_on_hangup`.

    The user's table is read again even where its path is the same; one that can't be used changes nothing.
    """

    def swap(settings: Settings) -> None:
        before = processor.names_version
        try:
            linker = open_linker(settings.entities)
        except SquallError as error:
            log.error("new entities not loaded; still linking to %s: %s", before, error)  # noqa: TRY400 - a traceback would add nothing
            return
        if linker.version != before:
            processor.link_with(linker)
            keep_out_of_collections()
            log.info("entities %s replaced %s: `squall entities backfill` reads stored documents again", linker.version, before)

    return swap


@contextmanager
def kafka_dead_letters(settings: Settings, stop: threading.Event, health: Health | None = None) -> Iterator[KafkaDeadLetters]:
    """Create the topics that are missing, waiting until the broker is available, and open the dead-letter topic."""
    from squall.core.kafka.dead_letter_topic import KafkaDeadLetters
    from squall.core.kafka.topics import ensure_topics

    wait = settings.processor.retry_max_seconds
    health = health or Health()
    metrics = health.metrics

    def waiting(attempt: int, error: BaseException | None) -> None:
        metrics.retried("broker")
        log.warning("waiting for Kafka (try %d): %s", attempt, error)

    retry_until_available(lambda: ensure_topics(settings.kafka, allow_plaintext=settings.allow_plaintext), stop, wait, waiting)
    health.dependencies.answered("broker")
    sink = KafkaDeadLetters(settings.kafka, allow_plaintext=settings.allow_plaintext)
    try:
        yield sink
    finally:
        sink.close()
