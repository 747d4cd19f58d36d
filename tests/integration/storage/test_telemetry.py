from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from squall.core.records import SeriesKind
from squall.storage import Store
from squall.storage.rows.backtests import BacktestAlert, BacktestEvent, BacktestReading, BacktestRun
from squall.storage.rows.detector import DetectorRun, SeriesReading
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample
from tests.integration.storage.samples import NOW

SAMPLE = PipelineSample(
    at=NOW,
    worker="host-1",
    seconds=10.0,
    stored=7,
    duplicates=1,
    rejected=2,
    reasons=("broken_json", "it's\tnew"),
    batches=3,
    largest_batch=5,
    retries=0,
    scoring_seconds=0.5,
    storing_seconds=0.25,
    published=Quantiles(1.0, 2.0, 3.0),
    collected=Quantiles(0.5, 0.75, 1.0),
    lag=None,
    model_version="m1",
    device="cpu",
    device_memory=None,
)
READING = SeriesReading("Markets", SeriesKind.TOPIC, NOW, 60, 9, 20, 2.5, 0.0, 5.0, 0.25, 1e-7)
RUN = BacktestRun("a" * 32, "summer", NOW, "seasonal", "m1", NOW, NOW + timedelta(days=2), 100, 2, True, 1, 0, 1, 40.0, None, "{}", 1.5)


def test_a_sample_keeps_what_is_unknown_unknown(store: Store) -> None:
    store.pipeline.write_samples([SAMPLE, replace(SAMPLE, worker="host-2", lag=3, device="cuda:0", device_memory=10**10)])
    rows = list(store.read("SELECT worker, reasons, lag, device_memory, published_p99 FROM pipeline_samples ORDER BY worker"))
    assert rows == [("host-1", ["broken_json", "it's\tnew"], None, None, 2.0), ("host-2", ["broken_json", "it's\tnew"], 3, 10**10, 2.0)]


def test_a_reading_made_again_replaces_the_one_before(store: Store) -> None:
    store.detector.write_readings([READING])
    store.detector.write_readings([replace(READING, observed=11), replace(READING, series="Macro")])
    rows = list(store.read("SELECT series, kind, observed, expected_high FROM readings FINAL ORDER BY series"))
    assert rows == [("Macro", "topic", 9, 5.0), ("Markets", "topic", 11, 5.0)]


def test_a_run_of_the_detector_that_saw_nothing_is_kept(store: Store) -> None:
    store.detector.write_run(DetectorRun(NOW, 0.5, None, None, 0, 0, 0, 0, 0, "the store waits \ud800"))
    assert list(store.read("SELECT at, watermark, ticks, error FROM detector_runs")) == [(NOW, None, 0, "the store waits ?")]


def test_a_kept_backtest_is_one_however_often_it_is_kept(store: Store) -> None:
    alerts = [BacktestAlert("b" * 32, "Markets", SeriesKind.TOPIC, "burst", "warning", NOW, NOW, None, 9, 2.0, 1e-7, ("Crash; really",))]
    events = [BacktestEvent("Crash; really", NOW, NOW, ("Markets",), 1, 5.0), BacktestEvent("Quiet", NOW, NOW, (), 0, None)]
    for _ in range(2):
        store.backtests.write(RUN, alerts, events, [BacktestReading("Markets", NOW, 3, 2.0, 0, 5)])
    tables = ("backtests", "backtest_alerts", "backtest_events", "backtest_readings")
    counts = [next(iter(store.read(f"SELECT count() FROM {table} FINAL")))[0] for table in tables]
    assert counts == [1, 1, 2, 1]
    assert list(store.read("SELECT name, delay_minutes FROM backtest_events FINAL ORDER BY name")) == [
        ("Crash; really", 5.0),
        ("Quiet", None),
    ]
