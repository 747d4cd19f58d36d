"""What a live minute of the detector of names costs while many names are known, and what reading their past costs at a start: one core.

`python -m pytest -s tests/benchmarks/test_names_minute.py` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from squall.alerts.counts import load_counts
from squall.alerts.minutes import minute_of
from squall.alerts.names.detector import NameDetector
from squall.core.config.settings import DetectorSettings
from squall.storage import Store
from tests.support.migrated_stores import open_migrated
from tests.support.name_stream import named

pytestmark = pytest.mark.benchmark

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, PER_DAY, NAMES = 4, 10_000, 20_000
"""A day of a busy wire, and as many names as a catalogue has."""
_TIMES = 10
MOST_SECONDS = 1.0
"""For a minute, on a machine that does other things; the median is printed."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_migrated(tmp_path / "store")
    rng = np.random.default_rng(5)
    seconds = np.sort(rng.uniform(0, DAYS * 86_400, DAYS * PER_DAY))
    for start in range(0, len(seconds), 5_000):
        rows = []
        for number in range(start, min(start + 5_000, len(seconds))):
            at = FIRST + timedelta(seconds=float(seconds[number]))
            title = f"Word{number % 997} other{number % 1999} of{number}"
            rows.append(named(number, at, title, f"company:c{rng.integers(NAMES)}", float(rng.beta(1, 4)), now=at))
        opened.documents.insert(rows, token=f"rows {start}")
    yield opened
    opened.close()


def test_a_live_minute_is_cheap_while_twenty_thousand_names_are_known(store: Store) -> None:
    until = minute_of(FIRST) + DAYS * 1440
    detector = NameDetector(store, DetectorSettings(), lambda _entity: 3)
    detector.resume(until - 60, "", FIRST)
    began = time.process_time()
    assert detector.ready(lambda: True)
    read = time.process_time() - began
    assert detector._watch is not None
    known, minutes = len(detector._watch), []
    for minute in range(until - 60, until):
        began = time.process_time()
        detector.evaluate(minute, minute + 1, 30 if minute % 2 else 0)
        state = detector.dump()
        minutes.append(time.process_time() - began)
    began = time.process_time()
    for _ in range(_TIMES):
        load_counts(store.counts, DetectorSettings(), until - 28 * 1440, until)
    topics = (time.process_time() - began) / _TIMES
    print(
        f"{known:,} names, {DAYS * PER_DAY:,} documents: a minute takes {1000 * float(np.median(minutes)):.0f} ms of CPU "
        f"(largest {1000 * max(minutes):.0f} ms), its state {len(state) / 1000:.0f} kB; "
        f"the query of the topics' counts takes {1000 * topics:.0f} ms; the past was read in {read:.1f} s of CPU"
    )
    assert known > 0.8 * NAMES
    assert float(np.median(minutes)) < MOST_SECONDS
