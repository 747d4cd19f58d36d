"""A worker process with every real part but the model: Faust, Kafka, the store, dead letters. Settings come from SQUALL_*.

`python -m tests.support.stream_worker REPORT [--fail-every N | --down | --refuse] [--die-before ROWS | --die-after ROWS]
[--garble-join] [--fail-commit]`

REPORT gets one line with the number of rows per stored batch. The options break the store on purpose: every Nth insert
fails, half of them after the rows were written; all fail as if the server were `--down`, or for good (`--refuse`); or
the process is killed with SIGKILL in the insert that makes it ROWS rows, just before or just after they are safe, and
only after so long that an offset acknowledged too early would be committed. `--garble-join` makes the first answer to a
join an empty one, as the development broker now and then gives it to one of two workers that join at once; `--fail-commit` lets
the first commit of offsets be answered with an error that a retry does not cure. Exit 1 with
`error: …` on standard error as the command line does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import UnknownError

from squall import storage
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.errors import SquallError, StoreError, StoreUnavailableError
from squall.core.kafka.dead_letter_topic import KafkaDeadLetters
from squall.core.observability.logging import configure_logging
from squall.core.records import Document, KnownVersion, ScoredDocument
from squall.storage import Store
from squall.storage.queries.documents import DocumentQueries
from squall.stream.drivers.faust.driver import FaustDriver
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import Processor
from tests.support.doubles import HashScorer

COMMIT_SECONDS = 2.0
"""Longer than the interval between two commits."""


class FaultyDocuments:
    """The real documents with faults in front of their inserts."""

    def __init__(self, documents: DocumentQueries, options: argparse.Namespace) -> None:
        self._documents = documents
        self._options = options
        self._inserts = 0
        self._rows = 0

    def known_versions(self, documents: Sequence[Document], model_version: str) -> list[KnownVersion]:
        return self._documents.known_versions(documents, model_version)

    def mark_deleted(self, first_ids: Sequence[str], kept: Sequence[str]) -> int:
        return self._documents.mark_deleted(first_ids, kept)

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        self._inserts += 1
        if self._options.down:
            raise StoreUnavailableError("connection refused")
        if self._options.refuse:
            raise StoreError("no such table", "run `squall store migrate`")
        every = self._options.fail_every
        failing = bool(every) and self._inserts % every == 0
        if failing and self._inserts // every % 2:
            raise StoreUnavailableError("the connection broke before the rows were written")
        self._die_at(self._options.die_before, self._rows + len(rows))
        self._documents.insert(rows, token=token)
        self._rows += len(rows)
        self._die_at(self._options.die_after, self._rows)
        with self._options.report.open("a") as report:
            report.write(f"{len(rows)}\n")
        if failing:
            raise StoreUnavailableError("the connection broke after the rows were written")

    @staticmethod
    def _die_at(limit: int, rows: int) -> None:
        if limit and rows >= limit:
            time.sleep(COMMIT_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)


async def consume(options: argparse.Namespace, store: Store, stop: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    settings, clock = load_settings(), SystemClock()
    sink = KafkaDeadLetters(settings.kafka)
    processor = Processor(HashScorer(), FaultyDocuments(store.documents, options), sink, settings.processor, clock, stop)
    tracker = ProgressTracker(store.progress, clock, {settings.kafka.documents_topic})
    try:
        await FaustDriver(settings, processor, tracker, stop).run()
    finally:
        sink.close()
        print(processor.totals, file=sys.stderr)


def garble_first_join() -> None:
    """Let aiokafka read an empty assignment once, whatever the broker sent."""
    schema = ConsumerProtocol.ASSIGNMENT
    decode = schema.decode

    def once(_body: bytes) -> Any:
        schema.decode = decode
        return decode(b"")

    schema.decode = once


def fail_first_commit() -> None:
    """Let the broker answer the first commit with UNKNOWN_SERVER_ERROR."""
    commit = AIOKafkaConsumer.commit

    async def once(*_: Any, **__: Any) -> None:
        AIOKafkaConsumer.commit = commit
        raise UnknownError

    AIOKafkaConsumer.commit = once


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("report", type=Path)
    for name in ("--fail-every", "--die-before", "--die-after"):
        parser.add_argument(name, type=int, default=0)
    for name in ("--down", "--refuse", "--garble-join", "--fail-commit"):
        parser.add_argument(name, action="store_true")
    options = parser.parse_args(arguments)
    settings = load_settings()
    configure_logging(settings.log)
    if options.garble_join:
        garble_first_join()
    if options.fail_commit:
        fail_first_commit()
    store = storage.open(settings.store_url)
    try:
        store.schema.migrate()
        asyncio.run(consume(options, store, threading.Event()))
    except SquallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
