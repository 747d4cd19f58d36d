"""Faults of a cluster under load: three brokers of Apache Kafka, a store server, two workers, a detector, a mail server.

Each test sends another stretch of the stream, does its fault while the workers work on it, and closes the account: what was sent is stored
once, or a duplicate, or a dead letter; every count agrees; every mail came once. `docs/reliability.md` has the table.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator

import pytest

from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.faults.account import settle
from tests.support.faults.actions import (
    freeze,
    kill_broker,
    kill_member,
    kill_store,
    lose_two_brokers,
    poison,
    restart_brokers,
    slow_store,
    starve,
    terminate_during_an_insert,
)
from tests.support.faults.cluster import WORKERS, Cluster
from tests.support.faults.scale import SCALE, SOAK_MINUTES
from tests.support.squall_process import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if SOAK_MINUTES else 900)]

WORKER_MEGABYTES = 2_500

at_full_length = pytest.mark.skipif(not SOAK_MINUTES, reason="a part of `make soak`")
"""`make test` has 25 minutes for everything."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with ApacheKafka(folder / "kafka", nodes=3) as kafka:
        running = Cluster(folder, kafka, replicas=3)
        try:
            running.start()
            yield running
        finally:
            running.close()


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def _under_load(cluster: Cluster, days: int = 1) -> None:
    """Publish a stretch of the stream and return when the workers are in the middle of it."""
    before = cluster.stored()
    path, _ = cluster.stream(days)
    cluster.publish(path)
    cluster.reach(before + 300)


def _assert_nobody_ended(cluster: Cluster) -> None:
    ended = [name for name in (*WORKERS, "detector") if not cluster.members[name].alive]
    assert not ended, cluster.explain()


def test_kill_9_of_each_process_loses_nothing_and_doubles_nothing(cluster: Cluster, rng: random.Random) -> None:
    before = cluster.stored()
    path, script = cluster.stream(SCALE.crisis_days)
    cluster.publish(path)
    for _ in range(SCALE.kills):
        if cluster.members["publisher"].alive:
            wait_until(lambda: any((cluster.folder / "data" / "cursors").glob("*.json")), 60, "a cursor")
            cluster.members["publisher"].restart()
        for name in rng.sample([*WORKERS, "detector"], 3):
            cluster.reach(min(cluster.stored() + 200, before + script.documents))
            kill_member(cluster, name)
        kill_store(cluster)
        kill_broker(cluster, rng)
    cluster.finish_publishing(600)
    account = settle(cluster, "kill -9 of each process")
    assert account.mails > 0
    assert max(account.peak_megabytes[name] for name in WORKERS) < WORKER_MEGABYTES


@at_full_length
def test_a_rolling_restart_and_too_few_replicas_in_sync_under_load_lose_nothing(cluster: Cluster) -> None:
    _under_load(cluster, days=2)
    restart_brokers(cluster)
    lose_two_brokers(cluster, SCALE.pause_seconds)
    cluster.finish_publishing()
    settle(cluster, "rolling restart, and min.insync.replicas not met")
    _assert_nobody_ended(cluster)


def test_brokers_and_a_store_that_stop_answering_under_load_end_no_process_and_lose_nothing(cluster: Cluster) -> None:
    _under_load(cluster)
    freeze(cluster, "brokers", SCALE.pause_seconds)
    freeze(cluster, "store", SCALE.pause_seconds)
    cluster.finish_publishing()
    settle(cluster, "SIGSTOP of the brokers, and of the store")
    _assert_nobody_ended(cluster)


@at_full_length
def test_a_slow_store_and_a_burst_of_poison_delay_and_lose_nothing(cluster: Cluster, rng: random.Random) -> None:
    _under_load(cluster)
    poison(cluster, rng)
    slow_store(cluster, SCALE.pause_seconds)
    cluster.finish_publishing()
    settle(cluster, "slow store and a burst of poison")
    _assert_nobody_ended(cluster)


@at_full_length
def test_a_worker_without_descriptors_or_memory_loses_nothing(cluster: Cluster) -> None:
    """Whether it waits, or ends and is started again."""
    _under_load(cluster)
    starve(cluster, "worker-1", resource.RLIMIT_NOFILE, 5.0)
    starve(cluster, "worker-2", resource.RLIMIT_AS, 5.0)
    cluster.finish_publishing()
    settle(cluster, "no descriptors, no memory")


def test_sigterm_during_an_insert_loses_nothing_and_all_processes_end_when_asked(cluster: Cluster) -> None:
    """The last test: at its end all processes are stopped."""
    _under_load(cluster)
    terminate_during_an_insert(cluster)
    cluster.finish_publishing()
    settle(cluster, "SIGTERM during an insert")
    cluster.stop()
