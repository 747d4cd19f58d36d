"""Kafka, a store server, two workers, a detector, a mail server: all real, all of them killed and starved by the fault suite."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from squall.core.config.kafka import KafkaSettings
from squall.ingest.synthetic.stream import START, StreamScript, write_stream
from squall.storage import Store
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.faults.mailbox import Mailbox
from tests.support.faults.member import Member, MemoryWatch
from tests.support.gateway_process import GatewayProcess
from tests.support.squall_process import opened, wait_until

T = TypeVar("T")

WORKERS = ("worker-1", "worker-2")
STOP_SECONDS = 20.0


@dataclass
class Sent:
    """What was handed to the cluster so far."""

    documents: int = 0
    """Distinct documents."""
    malformed: int = 0
    """Lines that no document can be made of."""
    poison: int = 0
    """Messages on the documents topic that no document can be made of."""


@dataclass
class Cluster:
    """The processes, and what they were sent.

    Args:
        folder: for everything.
        kafka: a running Apache Kafka.
        replicas: of each topic.
    """

    folder: Path
    kafka: ApacheKafka
    replicas: int
    sent: Sent = field(default_factory=Sent)
    members: dict[str, Member] = field(default_factory=dict)
    recoveries: dict[str, float] = field(default_factory=dict)
    """Seconds by fault."""

    def __post_init__(self) -> None:
        self.mailbox = Mailbox()
        self.mailbox.start()
        self.store = GatewayProcess(self.folder / "chdb")
        self.memory = MemoryWatch()
        self._streams = 0
        self._days = 0
        self.settings = {
            "KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "KAFKA__PARTITIONS": "4",
            "KAFKA__REPLICATION_FACTOR": str(self.replicas),
            "STORE__URL": self.store.url,
            "STORE__TIMEOUT_SECONDS": "5",
            "DATA_DIR": str(self.folder / "data"),
            "ALERTS__SMTP_HOST": "127.0.0.1",
            "ALERTS__NOTIFY_HISTORY": "true",
            "ALERTS__SMTP_PORT": str(self.mailbox.port),
            "ALERTS__TO": '["risk@example.org"]',
            "DETECTOR__INTERVAL_SECONDS": "1",
            "DETECTOR__IDLE_SECONDS": "3",
            "DETECTOR__LEASE_SECONDS": "10",
            "MODEL__THREADS": "1",
            "PROCESSOR__BATCH_DOCUMENTS": "256",
            "PROCESSOR__RETRY_MAX_SECONDS": "2",
        }

    @property
    def kafka_settings(self) -> KafkaSettings:
        """As the workers have them."""
        return KafkaSettings(bootstrap_servers=self.kafka.bootstrap, partitions=4, replication_factor=self.replicas)

    def start(self) -> None:
        """Migrate the store, then start workers and detector."""
        migrate = Member("migrate", self.folder, ("store", "migrate"), self.settings)
        assert migrate.process.process.wait(60) == 0, migrate.process.output()
        self.memory.watch("store", self.store.process.pid)
        for name in WORKERS:
            self._start(name, "worker")
        self._start("detector", "detect")

    def _start(self, name: str, *arguments: str) -> Member:
        member = self.members[name] = Member(name, self.folder, arguments, self.settings)
        self.memory.watch(name, member.pid)
        return member

    def close(self) -> None:
        """Kill what runs."""
        self.memory.close()
        for member in self.members.values():
            if member.alive:
                member.kill()
        self.store.kill()
        self.mailbox.stop()

    def stop(self) -> None:
        """SIGTERM to everything that runs, at once; every process must end by itself, with 0."""
        running = {name: member for name, member in self.members.items() if member.alive}
        for member in running.values():
            member.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for name, member in running.items():
            member.process.process.wait(max(0.1, deadline - time.monotonic()))
            assert member.process.process.returncode == 0, f"{name} ended with {member.process.process.returncode}\n{self.explain()}"

    def stream(self, days: int) -> tuple[Path, StreamScript]:
        """Return the next stretch of the stream, later in event time than those before, and what is in it."""
        self._streams += 1
        path = self.folder / f"stream-{self._streams}.jsonl.gz"
        script = write_stream(path, seed=100 + self._streams, start=START + timedelta(days=self._days), days=days)
        self._days += days
        self.sent.documents += script.documents
        self.sent.malformed += script.malformed
        return path, script

    def publish(self, path: Path) -> Member:
        """Start to publish a file; `finish_publishing` waits for it."""
        assert "publisher" not in self.members, "an earlier file was not finished"
        return self._start("publisher", "ingest", "file", str(path))

    def finish_publishing(self, seconds: float = 120.0) -> None:
        """Wait for the end of the file; start the publisher again, as a supervisor would, when it has ended early."""
        member = self.members["publisher"]
        deadline = time.monotonic() + seconds
        while True:
            wait_until(lambda: not member.alive, max(1.0, deadline - time.monotonic()), "the end of the file", member.log)
            if member.process.process.returncode == 0:
                break
            member.start()
        del self.members["publisher"]

    def _supervised_publisher(self) -> bool:
        """Start the publisher again if it has ended early; always True."""
        member = self.members.get("publisher")
        if member and not member.alive and member.process.process.returncode != 0:
            member.start()
        return True

    def stored(self) -> int:
        """How many documents the store has."""
        return self.read(lambda store: store.counts.totals().documents)

    def read(self, query: Callable[[Store], T]) -> T:
        """Return the answer to `query`, over a connection of its own."""
        with opened(self.store.url) as store:
            return query(store)

    def reach(self, documents: int, seconds: float = 120.0) -> None:
        """Wait until the store has so many documents; looks once a second, because counting takes the processor from the workers."""
        wait_until(lambda: self.stored() >= documents, seconds, f"{documents} stored documents", self._log(), every=1.0)

    @contextmanager
    def recovery(self, fault: str, seconds: float = 120.0) -> Iterator[None]:
        """Run a fault; afterwards wait until the store has more documents than before its end, and note how long that took."""
        yield
        began, before = time.monotonic(), self.stored()
        if before < self.sent.documents:
            wait_until(lambda: self._supervised_publisher() and self.stored() > before, seconds, f"work after: {fault}", self._log())
        took = time.monotonic() - began
        self.recoveries[fault] = max(took, self.recoveries.get(fault, 0.0))

    def explain(self) -> str:
        """The end of every log."""
        return "\n".join(f"--- {name}\n{member.process.output()[-2500:]}" for name, member in self.members.items())

    def _log(self) -> Path:
        return self.members[WORKERS[0]].log

    @property
    def allowed_repeats(self) -> int:
        """Mails that may have been accepted twice: one for each kill of the detector between sending and noting it."""
        detector = self.members.get("detector")
        return detector.kills if detector else 0
