"""`make soak`: random faults for as long as asked, over documents without end."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.faults.account import settle
from tests.support.faults.actions import random_fault
from tests.support.faults.cluster import WORKERS, Cluster
from tests.support.faults.scale import SCALE, SOAK_MINUTES

FAULTS_PER_ACCOUNT = 15
WORKER_MEGABYTES = 2_500

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SOAK_MINUTES, reason="takes as long as asked: make soak MINUTES=120"),
    pytest.mark.timeout(SOAK_MINUTES * 60 + 3600),
]


def test_random_faults_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("SOAK_SEED", time.time()))
    rng = random.Random(seed)
    print(f"\nrandom faults for {SOAK_MINUTES:g} minutes, SOAK_SEED={seed}", flush=True)
    with ApacheKafka(tmp_path / "kafka", nodes=3) as kafka:
        cluster = Cluster(tmp_path, kafka, replicas=3)
        try:
            cluster.start()
            _soak(cluster, rng)
            cluster.stop()
        finally:
            cluster.close()


def _soak(cluster: Cluster, rng: random.Random) -> None:
    began, done = time.monotonic(), 0
    while time.monotonic() - began < SOAK_MINUTES * 60:
        if "publisher" not in cluster.members:
            cluster.publish(cluster.stream(3)[0])
        time.sleep(rng.uniform(0.0, 8.0))  # the moment is a part of the fault
        name = random_fault(cluster, rng, SCALE.pause_seconds)
        done += 1
        minutes = (time.monotonic() - began) / 60
        print(f"{minutes:6.1f} min  {done:4d}  {name}: {cluster.stored():,} of {cluster.sent.documents:,} stored", flush=True)
        for worker in WORKERS:
            if not cluster.members[worker].alive:  # a supervisor would
                cluster.members[worker].start()
        if not cluster.members["publisher"].alive:
            cluster.finish_publishing()
            if done >= FAULTS_PER_ACCOUNT:
                done = 0
                _close_account(cluster)
    if "publisher" in cluster.members:
        cluster.finish_publishing(900)
    _close_account(cluster)


def _close_account(cluster: Cluster) -> None:
    account = settle(cluster, "random faults")
    assert max(account.peak_megabytes[name] for name in WORKERS) < WORKER_MEGABYTES
