"""`squall bench pipeline` in small: every figure is there, and nothing is left behind on the broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from squall.app.bench.bounds import bare_consumer, bare_insert, engine_alone
from squall.app.bench.free_scorer import FreeScorer
from squall.app.bench.stage_cost import STAGES, stage_costs
from squall.app.bench.ways import WARM_UP, Bench, Scoring, in_process, through_kafka
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.kafka.client import ensure_reachable
from tests.support.broker import DevelopmentBroker
from tests.support.migrated_stores import open_migrated

pytestmark = pytest.mark.slow

DOCUMENTS = 300
FREE = Scoring("free", FreeScorer(), None)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with DevelopmentBroker(tmp_path / "broker") as broker:
        settings = load_settings(overrides={"data_dir": tmp_path})
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": broker.bootstrap})
        store = open_migrated(tmp_path / "store")
        yield Bench(
            settings.model_copy(update={"kafka": kafka}), store, ["Gold steadies", "Bank halts"], "t", SystemClock(), threading.Event()
        )
        store.close()


def test_every_document_goes_both_ways_and_no_topic_is_left(bench: Bench) -> None:
    assert in_process(bench, FREE, DOCUMENTS).stored == DOCUMENTS
    assert through_kafka(bench, FREE, DOCUMENTS).stored == DOCUMENTS
    paced = through_kafka(bench, FREE, 40, 100.0)
    assert paced.stored == 40 + WARM_UP
    latency = paced.latency(WARM_UP)
    assert latency.documents == 40
    assert 0 < latency.p50 <= latency.p99
    assert bench.store.counts.totals().documents == 2 * DOCUMENTS + 40 + WARM_UP
    assert not [name for name in ensure_reachable(bench.settings.kafka) if name.startswith("squall.bench")]


def test_the_bounds_and_the_cost_of_each_stage_are_measured(bench: Bench) -> None:
    assert bare_consumer(bench, DOCUMENTS) > 0
    assert bare_insert(bench, FREE, DOCUMENTS) > 0
    assert engine_alone(bench, FREE, DOCUMENTS) > 0
    assert set(stage_costs(bench, FREE, DOCUMENTS)) == set(STAGES)
    assert bench.store.counts.totals().documents == 2 * DOCUMENTS
