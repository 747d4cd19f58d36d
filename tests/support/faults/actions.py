"""What the fault suite does to a running cluster."""

from __future__ import annotations

import random
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaProducer

from squall.core.kafka.client import client_arguments
from tests.support.faults.cluster import WORKERS, Cluster

POISON = 60
"""Messages of a burst."""


def kill_member(cluster: Cluster, name: str) -> None:
    """kill -9, and start it again."""
    with cluster.recovery(f"kill -9 of {name.partition('-')[0]}"):
        cluster.members[name].restart()
        cluster.memory.watch(name, cluster.members[name].pid)


def kill_store(cluster: Cluster) -> None:
    """kill -9 of the store server, and start it again."""
    with cluster.recovery("kill -9 of store"):
        cluster.store.kill()
        cluster.store.start()
        cluster.memory.watch("store", cluster.store.process.pid)


def kill_broker(cluster: Cluster, rng: random.Random) -> None:
    """kill -9 of one of the brokers, and start it again."""
    with cluster.recovery("kill -9 of broker"):
        node = rng.choice(cluster.kafka.nodes)
        node.kill()
        cluster.kafka.start(node)
    cluster.kafka.wait()


def restart_brokers(cluster: Cluster) -> None:
    """A rolling restart."""
    with cluster.recovery("rolling restart of brokers"):
        for node in cluster.kafka.nodes:
            node.stop()
            cluster.kafka.start(node)
            cluster.kafka.wait()


def lose_two_brokers(cluster: Cluster, seconds: float) -> None:
    """kill -9 of two of three brokers for so long: `min.insync.replicas` is not met, and no leader can be elected."""
    gone = cluster.kafka.nodes[1:]
    with cluster.recovery("min.insync.replicas not met"):
        for node in gone:
            node.kill()
        try:
            time.sleep(seconds)
        finally:
            for node in gone:
                cluster.kafka.start(node)
    cluster.kafka.wait()


def freeze(cluster: Cluster, what: str, seconds: float) -> None:
    """SIGSTOP all brokers or the store server for so long: they answer nobody and close nothing."""
    frozen = [node.process for node in cluster.kafka.nodes] if what == "brokers" else [cluster.store.process]
    with cluster.recovery(f"SIGSTOP of {what} for {seconds:.0f} s"):
        for process in frozen:
            assert process
            process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            for process in frozen:
                assert process
                process.send_signal(signal.SIGCONT)


def slow_store(cluster: Cluster, seconds: float) -> None:
    """Let the store server run a tenth of the time."""
    deadline = time.monotonic() + seconds
    with cluster.recovery("slow store"):
        while time.monotonic() < deadline:
            cluster.store.process.send_signal(signal.SIGSTOP)
            time.sleep(0.45)
            cluster.store.process.send_signal(signal.SIGCONT)
            time.sleep(0.05)


def poison(cluster: Cluster, rng: random.Random) -> None:
    """Put a burst of messages on the documents topic that no document can be made of."""
    settings = cluster.kafka_settings
    producer = KafkaProducer(**client_arguments(settings))
    for number in range(POISON):
        value = [b"{", b"\xff" * 50, b"[]", b'{"id": 1}', rng.randbytes(500)][number % 5]
        producer.send(settings.documents_topic, value=value, key=None)
    producer.close()
    cluster.sent.poison += POISON


def starve(cluster: Cluster, name: str, limit: int, seconds: float) -> None:
    """Lower a limit of the running process to what it uses now. Afterwards raise it again, or start the process again if it has ended.

    A process that went without memory is killed and started again, as a supervisor does that sees it fail its probe: threads of its
    libraries may not have started.
    """
    worker = cluster.members[name]
    was = resource.prlimit(worker.pid, limit)
    descriptors = len(list(Path(f"/proc/{worker.pid}/fd").iterdir()))
    used = descriptors if limit == resource.RLIMIT_NOFILE else _address_space(worker.pid)
    resource.prlimit(worker.pid, limit, (used, was[1]))
    time.sleep(seconds)
    with cluster.recovery(f"no {'descriptors' if limit == resource.RLIMIT_NOFILE else 'memory'}"):
        if worker.alive and limit == resource.RLIMIT_NOFILE:
            resource.prlimit(worker.pid, limit, was)
        else:
            worker.restart()
            cluster.memory.watch(name, worker.pid)


def terminate_during_an_insert(cluster: Cluster) -> None:
    """SIGTERM to both workers while they wait for the frozen store; both must end with 0, and are started again."""
    cluster.store.process.send_signal(signal.SIGSTOP)
    time.sleep(1.0)  # so that both wait for it
    for name in WORKERS:
        cluster.members[name].signal(signal.SIGTERM)
    time.sleep(0.5)
    cluster.store.process.send_signal(signal.SIGCONT)
    with cluster.recovery("SIGTERM during an insert"):
        for name in WORKERS:
            assert cluster.members[name].process.process.wait(60) == 0, cluster.explain()
            cluster.members[name].start()
            cluster.memory.watch(name, cluster.members[name].pid)


def random_fault(cluster: Cluster, rng: random.Random, pause: float) -> str:
    """Do one fault, chosen by `rng`, and return its name."""
    seconds = rng.uniform(2.0, pause)
    worker = rng.choice(WORKERS)
    faults: dict[str, Callable[[], None]] = {
        f"kill -9 of {worker}": lambda: kill_member(cluster, worker),
        "kill -9 of detector": lambda: kill_member(cluster, "detector"),
        "kill -9 of publisher": lambda: cluster.members["publisher"].restart(),
        "kill -9 of store": lambda: kill_store(cluster),
        "kill -9 of a broker": lambda: kill_broker(cluster, rng),
        "rolling restart of the brokers": lambda: restart_brokers(cluster),
        f"two of three brokers gone for {seconds:.0f} s": lambda: lose_two_brokers(cluster, seconds),
        f"SIGSTOP of the brokers for {seconds:.0f} s": lambda: freeze(cluster, "brokers", seconds),
        f"SIGSTOP of the store for {seconds:.0f} s": lambda: freeze(cluster, "store", seconds),
        f"slow store for {seconds:.0f} s": lambda: slow_store(cluster, seconds),
        "burst of poison": lambda: poison(cluster, rng),
        f"no descriptors for {worker}": lambda: starve(cluster, worker, resource.RLIMIT_NOFILE, seconds),
        f"no memory for {worker}": lambda: starve(cluster, worker, resource.RLIMIT_AS, seconds),
        "SIGTERM during an insert": lambda: terminate_during_an_insert(cluster),
    }
    name = rng.choice(sorted(faults))
    faults[name]()
    return name


def _address_space(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
