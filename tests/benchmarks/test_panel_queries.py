"""What the counts kept for dashboards buy: a panel over a long range, against the same question asked of the documents.

`SQUALL_BENCH_DOCUMENTS=10000000 .venv/bin/pytest tests/benchmarks/test_panel_queries.py -s` measures every panel on ten million.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from squall import storage
from squall.dashboards.grafana.build import build_all
from squall.dashboards.grafana.query_runner import run_queries
from squall.storage import Store
from tests.support.many_documents import insert_documents, insert_telemetry

COUNT = int(os.environ.get("SQUALL_BENCH_DOCUMENTS", "300000"))
LENGTH = timedelta(days=60)
END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # rows expire by the wall clock
START = END - LENGTH
RANGES = {"6 hours": timedelta(hours=6), "1 day": timedelta(days=1), "7 days": timedelta(days=7), "60 days": LENGTH}
ROUNDS = 5

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = storage.open(f"chdb://{tmp_path_factory.mktemp('many')}/chdb")
    opened.schema.migrate()
    insert_documents(opened, COUNT, START, LENGTH)
    insert_telemetry(opened, START, LENGTH)
    began = time.perf_counter()
    opened.rollups.update()
    print(f"\n{COUNT:,} documents counted per minute and hour in {time.perf_counter() - began:.1f} s")
    yield opened
    opened.close()


def median_seconds(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def test_every_panel_query_succeeds_over_every_range(store: Store) -> None:
    dashboards = build_all()
    for name, length in RANGES.items():
        rounds = [run_queries(store, dashboards, END - length, END, END) for _ in range(ROUNDS)]
        assert [run.error for run in rounds[0] if run.error] == []
        medians = {
            (runs[0].dashboard, runs[0].name): 1000 * statistics.median(run.seconds for run in runs) for runs in zip(*rounds, strict=True)
        }
        slowest = sorted(medians.items(), key=lambda pair: -pair[1])[:3]
        listed = ", ".join(f"{dashboard} {panel} {milliseconds:.0f} ms" for (dashboard, panel), milliseconds in slowest)
        print(f"{name:>8}: {len(medians)} queries, median of {ROUNDS}: slowest {listed}")


def test_two_months_by_topic_are_much_faster_from_the_roll_ups_than_from_documents(store: Store) -> None:
    rolled = f"""
        SELECT toStartOfDay(time) AS day, topic, sum(positive) - sum(negative), sum(negative + neutral + positive)
        FROM sentiment_rollup FINAL
        WHERE step = 3600 AND symbol = '' AND time >= toDateTime({int(START.timestamp())}) AND time < toDateTime({int(END.timestamp())})
        GROUP BY day, topic
        """
    from_rollups = median_seconds(lambda: store.read(rolled))
    counted = median_seconds(lambda: store.counts.by_topic(START, END))
    print(
        f"by topic over 60 days: {1000 * from_rollups:.0f} ms from the roll-ups, {1000 * counted:.0f} ms from documents: "
        f"{counted / from_rollups:.0f} times"
    )
    assert counted / from_rollups > 3
