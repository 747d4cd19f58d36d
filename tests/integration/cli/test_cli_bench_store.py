from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from squall.app.bench.stored import DAY, DocumentsOfADay, StorePlan, run_store_bench
from squall.core.clock import SystemClock
from squall.core.errors import ConfigurationError, StoppedError
from tests.integration.storage.samples import NOW

TEXTS = [f"Company {number} reports results of quarter {number % 7} market" for number in range(200)] + ["Unique takeover"]
PLAN = StorePlan(documents=1000, sentences=3)


def test_the_documents_of_a_day_are_the_same_for_the_same_seed() -> None:
    first, again, other = ([*DocumentsOfADay(TEXTS, plan, NOW).blocks()] for plan in (PLAN, PLAN, StorePlan(1000, 3, seed=2)))
    assert first == again != other
    rows = [row for block in first for row in block]
    assert len({row.document.id for row in rows}) == 1000
    assert rows[0].document.published_at == NOW - DAY
    assert {b.document.published_at - a.document.published_at for a, b in pairwise(rows)} == {DAY / 1000}
    assert 50 < 1000 - len({row.fingerprint for row in rows}) < 150
    assert all(row.document.text.count(". ") == 2 for row in rows)


def test_words_are_frequent_rare_and_absent() -> None:
    words = DocumentsOfADay(TEXTS, PLAN, NOW).words()
    assert words["rare"] in {"unique", "takeover"}
    assert words["absent"] not in " ".join(TEXTS).lower()


def test_too_few_texts_and_a_stop_are_said() -> None:
    with pytest.raises(ConfigurationError, match="too few"):
        run_store_bench(["one"], PLAN, SystemClock(), threading.Event(), lambda *_: None)


@pytest.mark.slow
def test_everything_is_measured_in_one_run() -> None:
    stop, steps = threading.Event(), []
    found = run_store_bench(TEXTS, PLAN, SystemClock(), stop, lambda what, share: steps.append((what, share)))
    assert found["insert"]["documents_per_second"] > 0
    tables = found["disk"]["tables_per_million_documents"]
    assert tables["documents"]["bytes"] > tables["documents"]["index_bytes"] > 0
    assert found["disk"]["bytes_per_million_documents"] > tables["mentions"]["bytes"] > 0
    assert set(found["milliseconds"]) == {
        "overview", "search, frequent", "search, occasional", "search, rare", "search, absent",
    }  # fmt: skip
    assert all(times["fastest"] <= times["median"] for times in found["milliseconds"].values())
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    stop.set()
    with pytest.raises(StoppedError):
        run_store_bench(TEXTS, PLAN, SystemClock(), stop, lambda *_: None)
