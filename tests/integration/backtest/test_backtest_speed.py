import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from squall import storage
from squall.alerts.counts import load_counts
from squall.alerts.minutes import minute_of
from squall.backtest.history.detection import EvaluatedSpan, evaluate
from squall.backtest.history.event_matching import fired_alerts
from squall.core.config.settings import Settings
from tests.support.backtest_rows import insert_made

START = datetime(2026, 1, 5, tzinfo=UTC)
BURST = START + timedelta(days=50, hours=14)


@pytest.mark.slow
def test_a_million_scored_documents_are_judged_in_one_go(tmp_path):
    store = storage.open(f"chdb://{tmp_path}")
    try:
        store.schema.migrate()
        insert_made(store, START, 60, 1_000_000, BURST, 2_000)
        settings = Settings()
        (model,) = store.documents.model_versions()
        assert model.documents == 1_002_000
        began, busy = time.perf_counter(), sum(os.times()[:4])
        (run,) = evaluate(
            lambda start, end: load_counts(store.counts, settings.detector, start, end, as_of_model=model.version),
            [settings.detector],
            EvaluatedSpan(minute_of(START), minute_of(START + timedelta(days=60))),
            charts=True,
        )
        seconds, worked = time.perf_counter() - began, sum(os.times()[:4]) - busy
        print(f"\n1 M documents: {seconds:.1f} s, {worked:.1f} s of processor time")
        assert {alert.topic for alert in fired_alerts(run.transitions, run.method)} >= {"Markets"}
    finally:
        store.close()
