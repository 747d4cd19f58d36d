from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.config.settings import DetectorSettings
from squall.storage.rows.detector import DetectorRun
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample

pytestmark = pytest.mark.slow


def sample(at: Any, worker: str = "one", stored: int = 100, lag: int | None = None, p50: float = 0.5, p99: float = 2.0) -> PipelineSample:
    published = Quantiles(p50, p99, p99) if stored else Quantiles(0.0, 0.0, 0.0)
    return PipelineSample(
        at=at,
        worker=worker,
        seconds=10.0,
        stored=stored,
        duplicates=2,
        rejected=1,
        reasons=("broken_json",),
        batches=4,
        largest_batch=50,
        retries=0,
        scoring_seconds=1.0,
        storing_seconds=0.5,
        published=published,
        collected=Quantiles(published.p50 / 2, published.p99 / 2, published.max / 2),
        lag=lag,
        model_version="test-1",
        device="cpu",
        device_memory=None,
    )


def run(at: Any, error: str = "") -> DetectorRun:
    return DetectorRun(at, 0.4, at, at, ticks=1, fired=0, resolved=0, sent=0, waiting=0, error=error)


def health(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(url + "/api/health").json()
    return answer


def test_what_never_reported_is_unknown(world: Any) -> None:
    with world.serving() as url:
        found = health(url)
    assert found["now"] == "2026-03-02T14:05:00Z"
    assert (found["pipeline"]["state"], found["detector"]["state"], found["last_document"]) == ("unknown", "unknown", None)


def test_the_pipeline_runs_while_it_reports_and_has_stopped_half_a_minute_later(world: Any) -> None:
    world.store.pipeline.write_samples([sample(world.clock.now())])
    with world.serving() as url:
        states = []
        for seconds in (0, 30, 1, 86_400):
            world.clock.advance(seconds)
            states.append(health(url)["pipeline"]["state"])
    assert states == ["running", "running", "stopped", "stopped"]


def test_workers_are_summed_up_over_the_last_minutes(world: Any, scored: Any) -> None:
    now = world.clock.now()
    world.store.pipeline.write_samples(
        [
            sample(now - timedelta(seconds=5), "one", 300, lag=7, p50=1.0, p99=3.0),
            sample(now - timedelta(seconds=15), "one", 100, lag=99),
            sample(now - timedelta(seconds=8), "two", 200, lag=5),
            sample(now - timedelta(seconds=90), "three", 50, p99=9.0),
            sample(now - timedelta(seconds=301), "four", 5_000, p99=99.0),
        ]
    )
    with world.serving() as url:
        found = health(url)["pipeline"]
    assert found == {
        "state": "running",
        "last_report_at": "2026-03-02T14:04:55Z",
        "workers": 2,
        "rate_per_second": 10.0,
        "published_p50": 0.5,
        "published_p99": 9.0,
        "collected_p50": 0.25,
        "collected_p99": 4.5,
        "lag": 12,
        "duplicates": 8,
        "rejected": 4,
    }


def test_a_pipeline_that_has_nothing_to_do_has_no_latency(world: Any) -> None:
    world.store.pipeline.write_samples([sample(world.clock.now(), stored=0)])
    with world.serving() as url:
        found = health(url)["pipeline"]
    assert (found["state"], found["published_p50"], found["published_p99"], found["lag"]) == ("running", None, None, None)
    assert found["rate_per_second"] == 0.0


@pytest.mark.parametrize(("interval", "patience"), [(60.0, 180), (1.0, 180), (600.0, 1800)])
def test_the_detector_has_stopped_when_it_missed_three_runs(world: Any, interval: float, patience: int) -> None:
    world.store.detector.write_run(run(world.clock.now(), "the store was away"))
    with world.serving(detector=DetectorSettings(interval_seconds=interval)) as url:
        first = health(url)["detector"]
        world.clock.advance(patience)
        states = [health(url)["detector"]["state"]]
        world.clock.advance(1)
        states.append(health(url)["detector"]["state"])
    assert (first["state"], first["error"], first["last_run_at"]) == ("running", "the store was away", "2026-03-02T14:05:00Z")
    assert states == ["running", "stopped"]


def test_the_last_document_is_the_one_published_last(world: Any, scored: Any) -> None:
    world.insert(scored("Newest"), scored("Older", age=timedelta(hours=1)))
    with world.serving() as url:
        assert health(url)["last_document"]["published_at"] == "2026-03-02T14:05:00Z"
