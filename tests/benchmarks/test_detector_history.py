"""What the detector's history costs to read from the kept counts, beside the documents themselves: one process, in turns.

`python -m pytest -s tests/benchmarks/test_detector_history.py` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from squall.alerts.counts import load_counts, load_sources
from squall.alerts.minutes import instant, minute_of
from squall.app.bench.stored import DocumentsOfADay, StorePlan
from squall.core.config.settings import DetectorSettings
from squall.storage import Store
from squall.storage.queries import kept
from tests.support.aged_store import age
from tests.support.migrated_stores import open_migrated

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

DAYS, PER_DAY = 28, 8_000
END = datetime(2026, 3, 30, tzinfo=UTC)
_ROUNDS = 5
_HALF_DAY = timedelta(hours=12)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("history")
    opened = open_migrated(folder / "store")
    texts = [f"Word{number % 997} other{number % 1999} of{number}" for number in range(4_000)]
    for day in range(DAYS):
        plan = StorePlan(PER_DAY, sentences=2, seed=day)
        for number, block in enumerate(DocumentsOfADay(texts, plan, END - day * timedelta(days=1)).blocks()):
            opened.documents.insert(block, token=f"{day}.{number}")
    age(opened)
    opened.rollups.update()
    yield opened
    opened.close()


def _until() -> int:
    return minute_of(END)


READS: dict[str, Callable[[Store], object]] = {
    "topics": lambda store: load_counts(store.counts, DetectorSettings(), _until() - DAYS * 1440, _until()),
    "sources": lambda store: load_sources(store.counts, _until() - DAYS * 1440, _until()),
    "names": lambda store: store.levels.by_step(instant(_until() - DAYS * 1440), instant(_until()), step=_HALF_DAY),
}


@pytest.mark.parametrize("read", READS)
def test_kept_counts_take_a_part_of_the_time_of_documents(store: Store, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: dict[str, list[float]] = {"documents": [], "kept": []}
    for _ in range(_ROUNDS):
        for way, worth in (("documents", timedelta(days=10_000)), ("kept", timedelta(days=2))):
            monkeypatch.setattr(kept, "_WORTH", worth)
            began = time.process_time()
            READS[read](store)
            seconds[way].append(time.process_time() - began)
    ratio = float(np.median(np.array(seconds["documents"]) / np.array(seconds["kept"])))
    print(
        f"{read}: {DAYS * PER_DAY:,} documents of {DAYS} days, {1000 * min(seconds['documents']):.0f} ms of processor time from the "
        f"documents, {1000 * min(seconds['kept']):.0f} ms from the kept counts: {ratio:.1f} times"
    )
    assert ratio > 1.0
