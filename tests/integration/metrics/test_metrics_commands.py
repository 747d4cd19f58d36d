"""The real commands with their endpoints: ingest and worker over a broker, the detector and the page."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from squall.core.errors import ConfigurationError
from tests.support.broker import DevelopmentBroker, free_port, free_ports
from tests.support.metrics_scrape import fetch, scrape
from tests.support.squall_process import SquallProcess, opened, wait_until

pytestmark = pytest.mark.slow

LINES = [
    {"id": "a", "title": "Harbor Union Bank halts withdrawals", "published_at": "2026-03-02T14:05:00Z"},
    {"id": "b", "title": "Gold steadies", "published_at": "2026-03-02T14:06:00Z"},
    {"id": "c", "published_at": "2026-03-02T14:07:00Z"},
]
Starts = Callable[..., SquallProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    running: list[SquallProcess] = []

    def begin(name: str, *arguments: str, **settings: str) -> SquallProcess:
        running.append(SquallProcess(tmp_path / f"{name}.log", *arguments, DATA_DIR=str(tmp_path / "data"), **settings))
        return running[-1]

    yield begin
    for process in running:
        if process.alive:
            process.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[DevelopmentBroker]:
    server = DevelopmentBroker(tmp_path / "broker")
    try:
        server.start()
    except ConfigurationError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


def status(port: int, path: str) -> int:
    try:
        return fetch(f"http://127.0.0.1:{port}{path}")[0]
    except (urllib.error.URLError, OSError):
        return 0


def test_a_document_is_followed_from_its_file_over_kafka_to_its_row(start: Starts, broker: DevelopmentBroker, tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, LINES)) + b"\n")
    port = free_port()
    common = {"KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap, "LOG__FORMAT": "json", "LOG__LEVEL": "DEBUG"}
    worker = start("worker", "worker", METRICS__PORT=str(port), **common)
    ingest = start("ingest", "ingest", "file", str(path), "--source", "wire", "--json", **common)
    assert ingest.process.wait(60) == 0, ingest.output()
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: status(port, "/readyz") == 200, 60, "the worker is ready", worker.log)
    wait_until(lambda: scrape(url)("squall_documents_total", fate="stored") == 2, 60, "both are stored", worker.log)
    wait_until(lambda: scrape(url)("squall_kafka_lag_messages") == 0, 20, "the lag is exported", worker.log)
    found = scrape(url)
    assert status(port, "/livez") == 200
    assert (found("squall_model_texts_total") or 0) >= 2
    assert (found("squall_device_seconds_total") or 0) > 0
    assert found("squall_model_tokens_total", kind="text")
    assert found("squall_queue_tokens") == 0
    assert {name: found("squall_dependency_up", dependency=name) for name in ("store", "broker", "model")} == dict.fromkeys(
        ("store", "broker", "model"), 1
    )
    [build] = found.families["squall_build_info"].samples
    assert build.labels["model_version"]
    worker.stop()

    def lines(process: SquallProcess) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in process.output().splitlines() if line.startswith("{")]

    published = {line["id"]: line for line in lines(ingest) if line.get("message") == "published"}
    assert len(published) == 2
    with opened(f"chdb://{tmp_path / 'data' / 'chdb'}") as store:
        assert {row[0] for row in store.read("SELECT id FROM documents")} == set(published)
    for identity, line in published.items():
        followed = [found for found in lines(worker) if found.get("id") == identity]
        assert [found["message"] for found in followed] == ["decoded", "stored"]
        for found in followed:
            assert [found[key] for key in ("topic", "partition", "offset")] == [line[key] for key in ("topic", "partition", "offset")]


def test_a_worker_that_waits_for_its_broker_is_alive_and_not_ready_and_keeps_its_port(start: Starts) -> None:
    port = free_port()
    worker = start("worker", "worker", METRICS__PORT=str(port), KAFKA__BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    wait_until(lambda: status(port, "/readyz") == 503, 30, "the worker serves", worker.log)
    assert status(port, "/livez") == 200
    assert fetch(f"http://127.0.0.1:{port}/readyz")[2].splitlines() == ["broker: no answer", "model: no answer", "store: no answer"]
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: bool(scrape(url)("squall_retries_total", dependency="broker")), 30, "a try was counted", worker.log)
    second = start("second", "worker", METRICS__PORT=str(port), KAFKA__BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert second.process.wait(30) == 2
    assert "SQUALL_METRICS__PORT" in second.output()


def test_the_detector_exports_that_it_leads_and_runs(start: Starts) -> None:
    port = free_port()
    detector = start("detector", "detect", METRICS__PORT=str(port))
    wait_until(lambda: status(port, "/readyz") == 200, 30, "the detector is ready", detector.log)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: (scrape(url)("squall_detector_runs_total", outcome="ok") or 0) >= 1, 30, "a run", detector.log)
    found = scrape(url)
    assert found("squall_detector_leader") == 1
    assert found("squall_detector_run_seconds_count") == 1
    assert found("squall_detector_last_run_timestamp_seconds")
    assert status(port, "/livez") == 200


def test_the_page_and_the_push_endpoint_serve_theirs(start: Starts, broker: DevelopmentBroker) -> None:
    web_port, push_port, listening = free_ports(3)
    assert start("migrate", "store", "migrate").process.wait(60) == 0
    web = start("web", "web", METRICS__PORT=str(web_port), WEB__PORT="0")
    push = start(
        *("push", "ingest", "push", "--port", str(listening)),
        METRICS__PORT=str(push_port),
        KAFKA__BOOTSTRAP_SERVERS=broker.bootstrap,
    )
    wait_until(lambda: status(web_port, "/readyz") == 200, 30, "the page is ready", web.log)
    wait_until(lambda: status(push_port, "/readyz") == 200, 30, "the push endpoint is ready", push.log)
    assert fetch(f"http://127.0.0.1:{listening}/documents")[0] == 405
    assert status(web_port, "/livez") == status(push_port, "/livez") == 200
