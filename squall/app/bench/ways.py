"""The two ways of a document, in process and through Kafka and Faust, run with a benchmark's documents."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.app.bench.documents import BenchDocuments
from squall.app.bench.publishing import publish_all, publish_at_rate
from squall.app.bench.recorder import Recorder
from squall.core.clock import Clock
from squall.core.config.kafka import KafkaSettings
from squall.core.config.settings import Settings
from squall.core.errors import SquallError, StoppedError
from squall.core.items import Batch, Item, Origin
from squall.core.kafka.client import admin_client
from squall.core.kafka.topics import ensure_topics
from squall.storage import Store
from squall.stream.document_scoring import Scorer
from squall.stream.drivers.faust.driver import FaustDriver
from squall.stream.drivers.inprocess import InProcessDriver
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.mentions import Linker
from squall.stream.processor import Processor

SOURCE_BATCH: Final = 500
"""Documents that a file source delivers at once."""
WARM_UP: Final = 50
"""Documents before those at a rate: when they are stored, the way is open."""
_POLL_SECONDS: Final = 0.005
_STUCK_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Scoring:
    """What scores: an engine, and what finds names."""

    name: str
    engine: Scorer
    linker: Linker | None


@dataclass
class Bench:
    """What all turns of a run share.

    Args:
        settings: broker and limits of micro-batches.
        store: an empty one.
        texts: titles of the documents.
        run: names topics, groups and ids.
        clock: times everything.
        stop: set to end early.
    """

    settings: Settings
    store: Store
    texts: Sequence[str]
    run: str
    clock: Clock
    stop: threading.Event
    turns: int = 0

    def documents(self) -> BenchDocuments:
        """Return documents for one turn."""
        self.turns += 1
        return BenchDocuments(self.texts, f"{self.run}.{self.turns}")

    def kafka(self) -> KafkaSettings:
        """Return the settings of one turn: topics and a group of its own."""
        name = f"squall.bench.{self.run}.{self.turns}"
        names = {"documents_topic": name, "dead_letter_topic": f"{name}.dead", "group_id": name}
        return self.settings.kafka.model_copy(update=names)

    def processor(self, scoring: Scoring, recorder: Recorder, done: threading.Event) -> Processor:
        """Return a processor for one turn."""
        limits, store = self.settings.processor, self.store
        subscribers = [recorder.add_batch]
        return Processor(scoring.engine, store.documents, store.dead_letters, limits, self.clock, done, subscribers, linker=scoring.linker)

    def tracker(self, stream: str) -> ProgressTracker:
        """Return what keeps the progress of one turn."""
        return ProgressTracker(self.store.progress, self.clock, {stream}, timedelta(seconds=self.settings.processor.max_future_seconds))


def in_process(bench: Bench, scoring: Scoring, documents: int, rate: float | None = None) -> Recorder:
    """Send `documents` through the driver without a broker: as fast as it takes them, or `rate` a second."""
    made, done = bench.documents(), threading.Event()
    recorder = Recorder(documents, bench.clock, done)
    source = _paced(bench, made, documents, rate, done) if rate else _at_once(bench, made, documents)
    tracker, limits = bench.tracker("bench"), bench.settings.processor
    driver = InProcessDriver(bench.processor(scoring, recorder, done), tracker, limits, bench.clock, done)
    with _watch(bench, recorder, done):
        driver.run({"bench": source})
    return _complete(recorder, documents, bench)


def through_kafka(bench: Bench, scoring: Scoring, documents: int, rate: float | None = None) -> Recorder:
    """Send `documents` through Kafka and Faust: they are there before the worker starts, or are published `rate` a second."""
    made, done, kafka = bench.documents(), threading.Event(), bench.kafka()
    settings = bench.settings.model_copy(update={"kafka": kafka})
    plain = settings.allow_plaintext
    total = documents + WARM_UP if rate else documents
    recorder = Recorder(total, bench.clock, done)
    ensure_topics(kafka, allow_plaintext=plain)
    failed: list[BaseException] = []

    def publish() -> None:
        try:
            while recorder.stored < WARM_UP and not done.wait(0.05):
                pass
            if rate and not done.is_set():
                publish_at_rate(kafka, bench.texts, f"{bench.run}.{bench.turns}.paced", documents, rate, done, allow_plaintext=plain)
        except Exception as error:  # noqa: BLE001 - raised below
            failed.append(error)
            done.set()

    try:
        publish_all(kafka, made.many(WARM_UP if rate else documents, bench.clock.now()), bench.stop, allow_plaintext=plain)
        driver = FaustDriver(settings, bench.processor(scoring, recorder, done), bench.tracker(kafka.documents_topic), done)
        publisher = threading.Thread(target=publish, name="bench-publisher", daemon=True)
        publisher.start()
        with _watch(bench, recorder, done):
            asyncio.run(driver.run())
        publisher.join()
    finally:
        with admin_client(kafka, allow_plaintext=plain) as admin:
            admin.delete_topics([kafka.documents_topic, kafka.dead_letter_topic])
    if failed:
        raise failed[0]
    return _complete(recorder, total, bench)


Way = Callable[[Bench, Scoring, int, float | None], Recorder]
WAYS: Final[dict[str, Way]] = {"in process": in_process, "Kafka + Faust": through_kafka}


def _at_once(bench: Bench, made: BenchDocuments, documents: int) -> Iterator[Batch]:
    found = made.many(documents, bench.clock.now())
    items = [Item(Origin("bench", 0, number), document=document) for number, document in enumerate(found)]
    return (Batch(items[start : start + SOURCE_BATCH], lambda: None, caught_up=False) for start in range(0, documents, SOURCE_BATCH))


def _paced(bench: Bench, made: BenchDocuments, documents: int, rate: float, done: threading.Event) -> Iterator[Batch]:
    began, sent = bench.clock.now(), 0
    while sent < documents and not done.is_set():
        due = min(documents, int((bench.clock.now() - began).total_seconds() * rate) + 1)
        times = [datetime.fromtimestamp(began.timestamp() + number / rate, UTC) for number in range(sent, due)]
        items = [Item(Origin("bench", 0, sent + place), document=made.make(at)) for place, at in enumerate(times)]
        sent = due
        if items:
            yield Batch(items, lambda: None)
        bench.clock.sleep(_POLL_SECONDS)


@contextmanager
def _watch(bench: Bench, recorder: Recorder, done: threading.Event) -> Iterator[None]:
    """End the turn, while the block runs, when the run is stopped or nothing is stored for long."""
    ended = threading.Event()

    def look() -> None:
        stored, since = 0, bench.clock.monotonic()
        while not ended.wait(0.1):
            if recorder.stored != stored:
                stored, since = recorder.stored, bench.clock.monotonic()
            if bench.stop.is_set() or bench.clock.monotonic() - since > _STUCK_SECONDS:
                done.set()

    thread = threading.Thread(target=look, name="bench-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _complete(recorder: Recorder, documents: int, bench: Bench) -> Recorder:
    if bench.stop.is_set():
        raise StoppedError("stopped by a signal")
    if recorder.stored < documents:
        raise SquallError(
            f"{recorder.stored:,} of {documents:,} documents were stored, and for {_STUCK_SECONDS:.0f} s no more",
            "the log says what failed",
        )
    return recorder
