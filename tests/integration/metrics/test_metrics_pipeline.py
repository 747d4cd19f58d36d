"""Numbers and log lines of a real run: files, the driver without a broker, the hash scorer, chDB."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from squall import storage
from squall.app.metrics_and_probes import MetricsServer
from squall.core.clock import SystemClock
from squall.core.config.settings import LogSettings, MetricsSettings, ProcessorSettings
from squall.core.observability.health import Health
from squall.core.observability.logging import configure_logging
from squall.core.records import Kind
from squall.ingest.file.source import FileOptions, FileSource
from squall.stream.drivers.inprocess import InProcessDriver
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.meter import Device, PipelineMeter
from squall.stream.processor import Processor
from tests.support.doubles import HashScorer
from tests.support.logs import logging_restored
from tests.support.metrics_scrape import Scrape, scrape

LINES = [
    {"id": "a", "title": "Harbor Union Bank halts withdrawals", "published_at": "2026-03-02T14:05:00Z"},
    {"id": "b", "title": "Gold steadies", "published_at": "2026-03-02T14:06:00Z"},
    {"id": "a", "title": "Harbor Union Bank halts withdrawals", "published_at": "2026-03-02T14:05:00Z"},
    {"id": "c", "published_at": "2026-03-02T14:07:00Z"},
    {"id": "d", "title": "Copper falls", "published_at": "2026-03-02T14:08:00Z"},
]


class Run:
    """One run over `LINES`, and everything it reported."""

    def __init__(self, folder: Path) -> None:
        self.health = Health()
        self.output = io.StringIO()
        self.samples: list[Any] = []
        clock, stop = SystemClock(), threading.Event()
        path = folder / "news.jsonl"
        path.write_bytes(b"\n".join([*map(orjson.dumps, LINES), b"{broken"]) + b"\n")
        store = storage.open(f"chdb://{folder / 'chdb'}?max_threads=1", health=self.health)
        server = MetricsServer(MetricsSettings(), self.health)
        try:
            store.schema.migrate()
            limits = ProcessorSettings(batch_documents=10, batch_wait_seconds=0.05)
            meter = PipelineMeter(store.pipeline, clock, lambda: Device("cpu"))
            processor = Processor(HashScorer(), store.documents, store.dead_letters, limits, clock, stop, [meter.add_batch], self.health)
            source = FileSource(path, clock, FileOptions(kind=Kind.NEWS, source="wire"))
            tracker = ProgressTracker(store.progress, clock, {source.name})
            driver = InProcessDriver(processor, tracker, limits, clock, stop, self.health)
            driver.run({source.name: source.batches(stop)})
            meter.write()
            self.totals = processor.totals
            self.rows = next(iter(store.read("SELECT count() FROM documents")))[0]
            self.letters = next(iter(store.read("SELECT count() FROM dead_letters")))[0]
            self.sample = next(iter(store.read("SELECT stored, duplicates, rejected FROM pipeline_samples")))
            self.scrape: Scrape = scrape(server.url)
            self.ids = [row[0] for row in store.read("SELECT id FROM documents ORDER BY published_at")]
        finally:
            server.close()
            store.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    output = io.StringIO()
    with logging_restored():
        configure_logging(LogSettings(level="DEBUG", format="json"), output)
        made = Run(tmp_path_factory.mktemp("run"))
        made.output = output
        yield made


def test_documents_by_fate_are_what_the_store_holds(run: Run) -> None:
    fates = {fate: run.scrape("squall_documents_total", fate=fate) for fate in ("stored", "duplicate", "rejected")}
    assert fates == {"stored": 3, "duplicate": 1, "rejected": 2}
    assert (run.rows, run.letters) == (3, 2)
    assert (run.totals.stored, run.totals.duplicates, run.totals.rejected) == (3, 1, 2)
    assert tuple(run.sample) == (3, 1, 2), "the sample for Grafana and the metric are of one measurement"


def test_dead_letters_are_counted_by_reason(run: Run) -> None:
    reasons = {sample.labels["reason"]: sample.value for sample in run.scrape.families["squall_dead_letters"].samples if sample.value}
    assert reasons == {"missing_field": 1, "broken_json": 1}


def test_ages_and_batches_are_exported(run: Run) -> None:
    found = run.scrape
    assert found("squall_published_age_seconds_count") == 3
    assert found("squall_collected_age_seconds_count") == 3
    assert (found("squall_collected_age_seconds_bucket", le="30.0") or 0) == 3
    assert (found("squall_published_age_max_seconds") or 0) > (found("squall_published_age_seconds_sum") or 0) / 3
    batches = found("squall_batch_documents_count")
    assert batches
    assert found("squall_batch_documents_sum") == 6
    assert found("squall_batch_fill_ratio_sum") == pytest.approx(0.6)
    assert found("squall_last_batch_timestamp_seconds")


def test_calls_of_the_store_are_exported(run: Run) -> None:
    found = run.scrape
    assert (found("squall_store_calls_total", operation="insert", outcome="ok") or 0) >= 4  # documents, letters, progress, sample
    for operation in ("select", "insert", "command"):
        assert found("squall_store_call_seconds_count", operation=operation) == sum(
            found("squall_store_calls_total", operation=operation, outcome=outcome) or 0 for outcome in ("ok", "unavailable", "error")
        )
    assert found("squall_dependency_up", dependency="store") == 1


def test_one_document_can_be_followed_by_its_id(run: Run) -> None:
    lines = [orjson.loads(line) for line in run.output.getvalue().splitlines()]
    followed = [line for line in lines if line.get("id") == run.ids[0]]
    assert [line["message"] for line in followed] == ["decoded", "decoded", "stored", "duplicate"]
    assert {line["topic"].partition(":")[0] for line in followed} == {"file"}
    token = next(line["token"] for line in followed if line["message"] == "stored")
    [batch] = [line for line in lines if line["message"] == "micro-batch done" and line["token"] == token]
    assert batch["level"] == "info"
    assert batch["stored"] == 3
    assert [line["reason"] for line in lines if line["message"] == "rejected"] == ["missing_field", "broken_json"]


def test_a_run_that_has_ended_is_alive(run: Run) -> None:
    assert run.health.liveness.stuck() == []


def test_a_terminal_does_not_show_each_batch() -> None:
    output = io.StringIO()
    with logging_restored():
        configure_logging(LogSettings(), output)
        logging.getLogger("squall.batches").info("micro-batch done")
        assert output.getvalue() == ""
        configure_logging(LogSettings(format="json"), output)
        logging.getLogger("squall.batches").info("micro-batch done")
        assert "micro-batch done" in output.getvalue()
