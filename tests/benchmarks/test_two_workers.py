"""What a second worker adds on one topic: one `squall worker` on one core, then two of them on a core each, with the shipped model.

`python -m pytest -s tests/benchmarks/test_two_workers.py` prints it: Apache Kafka, four partitions, and a ClickHouse that both workers
write to. These run on the same cores as the workers, so that on two cores the second worker can't add all of its core.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest

from squall import storage
from squall.app.bench.documents import BenchDocuments
from squall.cli.model.sample_texts import sample_texts
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.apache_kafka.installation import can_run
from tests.support.gateway_process import GatewayProcess
from tests.support.kafka_harness import ROOT, KafkaHarness, wait_until

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900), pytest.mark.skipif(not can_run(), reason="Apache Kafka can't be had here")]

DOCUMENTS = int(os.environ.get("TWO_WORKERS_DOCUMENTS", "3000"))
FIRST, LAST = 0.1, 0.9
"""The share of the documents between which the rate is taken: workers begin and end at different moments."""
LEAST = 1.2
"""Times as fast, on a machine that does other things; the ratio is printed."""


def rate_of(cores: Sequence[int], apache_kafka: ApacheKafka, folder: Path) -> float:
    """Return documents a second of one worker on each of `cores`."""
    folder.mkdir()
    gateway, harness = GatewayProcess(folder / "clickhouse"), KafkaHarness(apache_kafka.bootstrap, folder)
    processes: list[subprocess.Popen[bytes]] = []
    logs = [folder / f"core-{core}.log" for core in cores]

    def explain() -> str:
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in logs)

    try:
        store = storage.open(gateway.url)
        store.schema.migrate()
        for core, log in zip(cores, logs, strict=True):
            settings = {
                "KAFKA__BOOTSTRAP_SERVERS": harness.kafka.bootstrap_servers,
                "KAFKA__DOCUMENTS_TOPIC": harness.kafka.documents_topic,
                "KAFKA__DEAD_LETTER_TOPIC": harness.kafka.dead_letter_topic,
                "KAFKA__GROUP_ID": harness.kafka.group_id,
                "DATA_DIR": str(folder / f"data-{core}"),
                "STORE__URL": gateway.url,
                "ALLOW_PLAINTEXT": "true",
                "METRICS__PORT": "0",
            }
            environment = os.environ | {f"SQUALL_{name}": value for name, value in settings.items()} | {"PYTHONPATH": str(ROOT)}
            command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "squall", "worker"]
            with log.open("wb") as output:
                processes.append(subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=ROOT))
        for log in logs:
            wait_until(lambda log=log: "reading partitions" in log.read_text(), 120, "every worker has its partitions", explain)  # type: ignore[misc]
        time.sleep(5)  # the first of two has given partitions to the second by then
        made = BenchDocuments(list(islice(cycle(sample_texts(None)), DOCUMENTS)), "two")
        harness.publish(made.many(DOCUMENTS, datetime.now(UTC)))
        marks: list[tuple[float, int]] = []
        while not marks or marks[-1][1] < LAST * DOCUMENTS:
            stored = store.counts.totals().documents
            if stored >= FIRST * DOCUMENTS and (not marks or stored > marks[-1][1]):
                marks.append((time.monotonic(), stored))
            assert all(process.poll() is None for process in processes), explain()
            time.sleep(0.2)
        store.close()
        return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])
    finally:
        for process in processes:
            process.kill()
            process.wait()
        gateway.kill()


def test_a_second_worker_on_a_core_of_its_own_adds_to_the_first(apache_kafka: ApacheKafka, tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core")
    one, two = rate_of(cores[:1], apache_kafka, tmp_path / "one"), rate_of(cores[:2], apache_kafka, tmp_path / "two")
    print(f"one worker {one:,.0f} documents/s, two {two:,.0f} documents/s: {two / one:.2f} times as many")
    assert two > LEAST * one
