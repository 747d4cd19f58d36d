"""A topic of one's own on a broker, workers that consume it, and what they stored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from squall.core.codec import HEADERS, encode_document
from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import client_arguments
from squall.core.kafka.topics import ensure_topics
from squall.core.records import Document

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.1


def wait_until(condition: Callable[[], bool], seconds: float, what: str, explain: Callable[[], str]) -> None:
    """Poll `condition`; fail with `what` and an explanation when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s\n{explain()}")
        time.sleep(POLL_SECONDS)


class Worker:
    """One `tests.support.stream_worker` process."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], *options: str) -> None:
        self.report = folder / f"{name}.rows"
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "tests.support.stream_worker", str(self.report), *options]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=ROOT)

    @property
    def rows(self) -> int:
        """How many rows it has stored, but for a batch in the middle of which it was killed."""
        return sum(map(int, self.report.read_text().split())) if self.report.exists() else 0

    def output(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-4000:]

    def ended(self, seconds: float = 30.0) -> int:
        """Wait for the end; returns the exit status."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM and wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        """kill -9, if it still runs."""
        self.process.kill()
        self.process.wait()


@dataclass
class DeadLetter:
    value: bytes
    headers: dict[str, str]


class KafkaHarness:
    """Topics and a group that no other test uses, so that a shared broker will do.

    Args:
        bootstrap_servers: of a running broker.
        folder: for logs, reports and the embedded store.
        partitions: of the documents topic.
    """

    def __init__(self, bootstrap_servers: str, folder: Path, partitions: int = 4) -> None:
        tag = uuid.uuid4().hex[:12]
        self.folder = folder
        self.store_url = f"chdb://{folder / 'chdb'}?max_threads=1"
        self.kafka = KafkaSettings(
            bootstrap_servers=bootstrap_servers,
            documents_topic=f"test.documents.{tag}",
            dead_letter_topic=f"test.dead.{tag}",
            group_id=f"test.{tag}",
            partitions=partitions,
        )
        self.workers: list[Worker] = []
        ensure_topics(self.kafka)

    def worker(self, *options: str, **settings: str) -> Worker:
        """Start a worker; `settings` are named without SQUALL_."""
        ours = {
            "KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "KAFKA__DOCUMENTS_TOPIC": self.kafka.documents_topic,
            "KAFKA__DEAD_LETTER_TOPIC": self.kafka.dead_letter_topic,
            "KAFKA__GROUP_ID": self.kafka.group_id,
            "KAFKA__PARTITIONS": str(self.kafka.partitions),
            "DATA_DIR": str(self.folder / "data"),
            "STORE__URL": self.store_url,
            "PROCESSOR__BATCH_DOCUMENTS": "100",
            "PROCESSOR__BATCH_WAIT_SECONDS": "0.1",
            "PROCESSOR__RETRY_MAX_SECONDS": "0.2",
        } | settings
        environment = os.environ | {f"SQUALL_{name}": value for name, value in ours.items()}
        made = Worker(f"worker-{len(self.workers)}", self.folder, environment, *options)
        self.workers.append(made)
        return made

    def publish(self, documents: Iterable[Document]) -> None:
        """Send documents as ingest does, and return when the broker has them."""
        self.publish_raw((document.id.encode(), encode_document(document), HEADERS) for document in documents)

    def publish_raw(self, messages: Iterable[tuple[bytes, bytes | None, list[tuple[str, bytes]]]]) -> None:
        """Send (key, value, headers) as they are."""
        producer = KafkaProducer(**client_arguments(self.kafka))
        try:
            sent = [producer.send(self.kafka.documents_topic, key=key, value=value, headers=headers) for key, value, headers in messages]
            for each in sent:
                each.get(30)
        finally:
            producer.close()

    def _consumer(self, **settings: Any) -> Any:
        return KafkaConsumer(**client_arguments(self.kafka), enable_auto_commit=False, **settings)

    def lag(self) -> int:
        """How many messages the group has not committed yet."""
        consumer = self._consumer(group_id=self.kafka.group_id)
        try:
            partitions = [TopicPartition(self.kafka.documents_topic, number) for number in range(self.kafka.partitions)]
            ends = consumer.end_offsets(partitions)
            return sum(ends[partition] - (consumer.committed(partition) or 0) for partition in partitions)
        finally:
            consumer.close()

    def drained(self, seconds: float = 30.0) -> None:
        """Wait until every message is committed."""
        wait_until(lambda: self.lag() == 0, seconds, "everything is committed", self.explain)

    def explain(self) -> str:
        """What the workers printed."""
        return "\n".join(
            f"--- {worker.log.name} ({worker.process.poll()}, {worker.rows} rows)\n{worker.output()}" for worker in self.workers
        )

    def dead_letters(self) -> list[DeadLetter]:
        """Everything on the dead-letter topic."""
        consumer = self._consumer(auto_offset_reset="earliest")
        try:
            partition = TopicPartition(self.kafka.dead_letter_topic, 0)
            consumer.assign([partition])
            end = consumer.end_offsets([partition])[partition]
            letters: list[DeadLetter] = []
            while consumer.position(partition) < end:
                for record in consumer.poll(1000).get(partition, []):
                    letters.append(DeadLetter(record.value, {name: value.decode() for name, value in record.headers}))
            return letters
        finally:
            consumer.close()

    def close(self) -> None:
        """Kill the workers that still run."""
        for worker in self.workers:
            worker.kill()
