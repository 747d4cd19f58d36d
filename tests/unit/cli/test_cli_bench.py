"""What the pipeline's benchmark records, and how it prints it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from squall.app.bench.documents import BenchDocuments
from squall.app.bench.recorder import Recorder
from squall.cli.bench.pipeline_table import print_pipeline
from squall.core.clock import ManualClock
from tests.support.doubles import START, batch_report


def recorded(batches: list[tuple[int, float]]) -> Recorder:
    """A recorder that got batches of so many documents, each so many seconds after the one before."""
    clock = ManualClock(START)
    recorder = Recorder(sum(size for size, _ in batches), clock, threading.Event())
    for size, seconds in batches:
        clock.advance(seconds)
        recorder.add_batch(batch_report(stored=size))
    return recorder


def test_the_rate_counts_from_the_first_stored_batch() -> None:
    assert recorded([(100, 30.0), (50, 1.0), (50, 1.0)]).rate() == pytest.approx(50.0)
    assert recorded([(100, 30.0)]).rate() == 0.0


def test_quarters_tell_an_uneven_pace() -> None:
    even, slow = [(10, 1.0)] * 9, [(10, 1.0)] * 7 + [(10, 4.0)] * 2
    assert recorded(even).quarters() == pytest.approx([10.0] * 4)
    assert min(recorded(slow).quarters()) == pytest.approx(2.5)
    assert recorded(even[:7]).quarters() == ()


def test_latency_is_the_age_at_storage_but_for_the_first_documents() -> None:
    latency = recorded([(3, 1.0), (2, 1.0)]).latency(1)
    assert (latency.p50, latency.documents) == (2.0, 4), "doubles are stored two seconds after publication"
    assert recorded([(1, 1.0)]).latency(5).documents == 0


def test_done_is_set_with_the_last_document() -> None:
    done = threading.Event()
    recorder = Recorder(2, ManualClock(START), done)
    recorder.add_batch(batch_report(stored=1))
    assert not done.is_set()
    recorder.add_batch(batch_report(stored=1))
    assert done.is_set()


def test_no_two_documents_of_a_run_have_one_id() -> None:
    first, second = BenchDocuments(["a", "b"], "run.1"), BenchDocuments(["a", "b"], "run.2")
    made = [*first.many(5, START), *second.many(5, START + timedelta(seconds=1))]
    assert len({document.id for document in made}) == 10
    assert [document.title for document in made[:3]] == ["a", "b", "a"]


def test_the_table_says_what_each_figure_is_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    latency = {"50%": {"documents_per_second": 300.0, "p50_seconds": 0.25, "p99_seconds": 0.75}}
    row = {"documents_per_second": 600.0, "share_of_bound": 0.9, "slowest_quarter_share": 0.8, "latency": latency}
    entry = {"cpu_microseconds": {"decode": 40.0, "score": 1500.0}, "ways": {"in process": row}}
    print_pipeline(
        {
            "machine": {"cores": 2, "load_at_start": 0.1, "load_at_end": 1.2},
            "engine": {"documents_per_second": 666.0},
            "bounds": {"bare insert": 9000.0},
            "pipeline": {"real": entry},
            "memory": {"peak_bytes": 1.5e9},
        }
    )
    printed = capsys.readouterr().out
    assert "600 documents/s, 90% of the engine; slowest quarter 80% of the fastest" in printed
    assert "at  50%       300 documents/s: p50 0.25 s, p99 0.75 s" in printed
    assert "decode 40, score 1,500" in printed
