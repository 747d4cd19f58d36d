"""kill -9 of workers and of the store server, a restart of the broker, in the middle of a replay through the real commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from squall.alerts.service import DETECTOR
from squall.app.dev_broker import DevelopmentBroker
from squall.core.clock import SystemClock
from squall.core.series import MARKET
from squall.ingest.synthetic.stream import StreamScript, write_stream
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.apache_kafka.installation import can_run
from tests.support.broker import unique
from tests.support.gateway_process import GatewayProcess
from tests.support.squall_process import SquallProcess, opened, wait_until

pytestmark = pytest.mark.slow


@dataclass
class Cluster:
    folder: Path
    bootstrap: str
    restart_broker: Callable[[], object]
    store: GatewayProcess
    stream: Path
    script: StreamScript
    tag: str = field(default_factory=lambda: unique("kill"))
    """Of topics and group: the broker is shared with other tests."""

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATA_DIR": str(self.folder / "data"),
            "KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "KAFKA__DOCUMENTS_TOPIC": f"documents.{self.tag}",
            "KAFKA__DEAD_LETTER_TOPIC": f"dead.{self.tag}",
            "KAFKA__GROUP_ID": self.tag,
            "STORE__URL": self.store.url,
            "DETECTOR__INTERVAL_SECONDS": "1",
            "DETECTOR__IDLE_SECONDS": "3",
            "DETECTOR__LEASE_SECONDS": "10",
            "MODEL__THREADS": "1",
            "PROCESSOR__BATCH_DOCUMENTS": "256",
        }

    def process(self, name: str, *arguments: str) -> SquallProcess:
        return SquallProcess(self.folder / f"{name}.log", *arguments, **self.settings)

    def stored(self) -> int:
        with opened(self.store.url) as store:
            return store.counts.totals().documents


@pytest.fixture
def broker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, Callable[[], object]]]:
    """A broker's address and how it is restarted: Apache Kafka where it can be had, else the development broker."""
    if can_run():
        kafka: ApacheKafka = request.getfixturevalue("apache_kafka")
        yield kafka.bootstrap, lambda: kafka.restart(kafka.nodes[0])
        return
    with DevelopmentBroker(tmp_path / "broker", 0, SystemClock()) as development:
        yield development.bootstrap_servers, lambda: (development.stop(), development.start())


@pytest.fixture
def cluster(tmp_path: Path, broker: tuple[str, Callable[[], object]]) -> Iterator[Cluster]:
    stream = tmp_path / "stream.jsonl.gz"
    script = write_stream(stream, seed=13)
    store = GatewayProcess(tmp_path / "chdb")
    cluster = Cluster(tmp_path, *broker, store, stream, script)
    try:
        migrate = cluster.process("migrate", "store", "migrate")
        assert migrate.process.wait(60) == 0, migrate.output()
        yield cluster
    finally:
        store.kill()


def test_kills_of_worker_store_and_detector_and_a_broker_restart_lose_and_double_nothing(cluster: Cluster) -> None:
    script = cluster.script
    workers = [cluster.process("worker-1", "worker"), cluster.process("worker-2", "worker")]
    detector = cluster.process("detect", "detect")
    replay = cluster.process("replay", "replay", str(cluster.stream), "--speed", "14400x")
    log = cluster.folder / "worker-1.log"
    try:
        wait_until(lambda: cluster.stored() > script.documents * 0.15, 90, "the first documents", log)
        workers[0].kill()
        wait_until(lambda: cluster.stored() > script.documents * 0.3, 90, "the survivor's takeover", cluster.folder / "worker-2.log")
        workers[0] = cluster.process("worker-1", "worker")
        cluster.store.kill()
        cluster.store.start()
        wait_until(lambda: cluster.stored() > script.documents * 0.5, 90, "work after the store came back", log)
        cluster.restart_broker()
        detector.kill()
        detector = cluster.process("detect", "detect")
        assert replay.process.wait(120) == 0, replay.output()
        wait_until(lambda: cluster.stored() >= script.documents, 120, "the last document", log)
        wait_until(lambda: _crisis_is_over(cluster), 90, "the resolved mail", cluster.folder / "detect.log")
        assert all(process.alive for process in (*workers, detector))
        assert all(process.stop() < 15 for process in (*workers, detector))
    finally:
        for process in (*workers, detector, replay):
            if process.alive:
                process.kill()

    with opened(cluster.store.url) as store:
        assert store.counts.totals().documents == script.documents
        assert sum(row.total for row in store.counts.by_topic(script.start, script.end, copies=True)) == script.documents
        fired = [alert for alert in store.alerts.latest(limit=1000) if alert.fired_at is not None]
    during = [alert for alert in fired if script.crisis.start <= alert.opened_at <= script.crisis.end]
    assert {alert.topic for alert in during} & set(script.crisis.topics)
    mails = [path.read_text() for path in (cluster.folder / "data" / "outbox").glob("*.eml")]
    identities = [line for mail in mails for line in mail.splitlines() if line.lower().startswith("message-id:")]
    assert len(identities) == len(set(identities)) >= 2
    numbers = {int(identity.split("-")[-3]) for identity in identities}
    assert numbers == set(range(1, len(numbers) + 1))  # no message of the group is missing
    assert len(identities) <= len(numbers) + 1  # the kill may cost one that says the same in other words
    assert any(name in mail for mail in mails for name in (*script.crisis.topics, MARKET))


def _crisis_is_over(cluster: Cluster) -> bool:
    """Every alert of the crisis has been resolved, and its mails are out."""
    with opened(cluster.store.url) as store:
        fired = [alert for alert in store.alerts.latest(limit=1000) if alert.fired_at is not None]
        position = store.detector.position(DETECTOR)
        pending = store.notifications.waiting()
    past = position is not None and position.evaluated_until > cluster.script.crisis.end
    return bool(fired) and past and not pending and all(alert.resolved_at for alert in fired)
