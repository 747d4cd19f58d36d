"""Long spans are read from kept counts where these hold, and the answer is what the documents give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.gravity.levels import level_of
from squall.core.records import ScoredDocument
from squall.storage import Store
from squall.storage.queries.kept import EPOCH, parts_of
from tests.integration.storage.conftest import TABLES
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW
from tests.support.aged_store import age

HOUR = timedelta(hours=1)
START, END = NOW - timedelta(days=4), NOW + timedelta(days=6)
NAMES = ("company:alpenbank", "company:harbor-union", "place:wien")


class Draft(NamedTuple):
    """A document to be stored; texts of the same number are copies of each other."""

    minute: int
    text: int
    tone: str
    topic: int
    source: int
    undated: bool
    severity: float
    name: int
    part: int


DRAFTS = st.lists(
    st.builds(
        Draft,
        st.integers(0, 7 * 1440),
        st.integers(0, 12),
        st.sampled_from(["negative", "neutral", "positive"]),
        st.integers(0, 2),
        st.integers(0, 3),
        st.booleans(),
        st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.65, 0.9]),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=40,
)


def document(number: int, draft: Draft) -> ScoredDocument:
    about = mention(NAMES[draft.name], tone=draft.tone, severity=draft.severity)
    at = START + timedelta(days=1, minutes=draft.minute)
    row = naming(
        number,
        about,
        published_at=at,
        fingerprint=draft.text,
        sentiment=draft.tone,
        topic=f"topic {draft.topic}",
        source=f"source {draft.source}",
        undated=draft.undated,
        symbols=(f"S{draft.name}",),
        scored_at=at,
    )
    return row.model_copy(update={"severity": draft.severity})


def empty(store: Store) -> None:
    for table in TABLES:
        store._backend.command(f"TRUNCATE TABLE {table}", {})


def half_days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield spans so short that documents are counted."""
    while start < end:
        yield start, min(start + 12 * HOUR, end)
        start += 12 * HOUR


def per_minute(store: Store, start: datetime, end: datetime, **options: Any) -> list[tuple[Any, ...]]:
    return [
        (row.topic, row.minute, row.negative, row.neutral, row.positive) for row in store.counts.per_minute(start, end, **options).rows()
    ]


def answers(store: Store, spans: list[tuple[datetime, datetime]]) -> dict[str, Any]:
    """Return what the store says of the spans, added up."""
    found: dict[str, Any] = {}
    ways: dict[str, dict[str, Any]] = {
        "topics": {},
        "dated": {"undated": False},
        "one topic": {"names": ["topic 1"]},
        "sources": {"by": "source"},
        "symbols": {"by": "symbol", "names": ["S0", "S2"], "undated": False},
    }
    for name, options in ways.items():
        found[name] = sorted(row for start, end in spans for row in per_minute(store, start, end, **options))
    arrived, levels, adverse = Counter[Any](), Counter[Any](), Counter[Any]()
    for start, end in spans:
        all_of = store.counts.arrived_per_minute(start, end, limit=10)
        for code, minute, documents in zip(all_of.source.tolist(), all_of.minutes.tolist(), all_of.documents.tolist(), strict=True):
            arrived[all_of.sources[code], minute] += documents
        for (entity, at), counts in store.levels.by_step(start, end, step=12 * HOUR).items():
            assert counts[0] > 0
            for level, number in enumerate(counts):
                levels[entity, at, level] += number
        for row in store.levels.adverse(NAMES[:2], start, end).rows():
            adverse[row.topic, row.minute] += 1000 * row.negative + row.neutral
    return found | {"arrived": dict(arrived), "levels": {key: n for key, n in levels.items() if n}, "adverse": dict(adverse)}


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(DRAFTS, st.integers(0, 59), st.integers(0, 59))
def test_a_long_span_counts_what_its_half_days_count(migrated: Store, drafts: list[Draft], first: int, last: int) -> None:
    empty(migrated)
    rows = [document(number, draft) for number, draft in enumerate(drafts)]
    for part in range(4):
        some = [row for row, draft in zip(rows, drafts, strict=True) if draft.part == part]
        if part == 3:  # what is stored after the last update
            age(migrated)
            migrated.rollups.update()
        if some:
            migrated.documents.insert(some, token=f"{part}")
        if part < 3:
            migrated.rollups.update()
    start, end = START + timedelta(minutes=first), END - timedelta(minutes=last)
    assert answers(migrated, [(start, end)]) == answers(migrated, list(half_days(start, end)))


def test_a_long_span_is_read_without_its_documents_where_the_kept_counts_hold(store: Store) -> None:
    drafts = [Draft(60 * n, n, "negative", 0, 0, n % 5 == 0, 0.5, 0, 0) for n in range(150)]
    store.documents.insert([document(number, draft) for number, draft in enumerate(drafts)], token="a")
    age(store)
    store.rollups.update()
    before = answers(store, [(START, END)])
    store._backend.command("TRUNCATE TABLE documents", {})
    store._backend.command("TRUNCATE TABLE mentions", {})
    assert answers(store, [(START, END)]) == before
    assert len(before["topics"]) == 150
    assert len(before["dated"]) == 120
    assert sum(number for (_, _, level), number in before["levels"].items() if level == level_of(0.5, 0.8)) == 120


def test_deleted_documents_leave_the_kept_counts_with_the_next_update(store: Store) -> None:
    store.documents.insert([document(n, Draft(600 * n, n % 3, "negative", 0, 0, False, 0.5, 0, 0)) for n in range(9)], token="a")
    store.rollups.update()
    age(store)
    store.documents.mark_deleted([f"{number:032x}" for number in (0, 4)])
    assert store.documents.delete_marked() == 2
    assert answers(store, [(START, END)]) == answers(store, list(half_days(START, END)))  # before it they are counted from documents
    store.rollups.update()
    store._backend.command("ALTER TABLE deletions DELETE WHERE 1 SETTINGS mutations_sync = 2", {})  # as after a month
    found = answers(store, [(START, END)])
    assert found == answers(store, list(half_days(START, END)))
    assert len(found["topics"]) == 7


def test_a_first_update_counts_hours_anew_that_have_no_documents_any_more(store: Store) -> None:
    store.documents.insert([document(n, Draft(6000 * n, n, "negative", 0, 0, False, 0.5, 0, 0)) for n in range(2)], token="a")
    age(store)
    store.rollups.update()
    for table, column in (("documents", "id"), ("mentions", "document_id")):
        store._backend.command(f"ALTER TABLE {table} DELETE WHERE {column} = '{0:032x}' SETTINGS mutations_sync = 2", {})
    store._backend.command("TRUNCATE TABLE rollup_position", {})
    store.rollups.update()
    found = answers(store, [(START, END)])
    assert found == answers(store, list(half_days(START, END)))
    assert len(found["topics"]) == 1


def test_counts_from_before_undated_ones_were_apart_are_not_read(store: Store) -> None:
    store.documents.insert([document(n, Draft(60 * n, n, "negative", 0, 0, True, 0.5, 0, 0)) for n in range(100)], token="a")
    age(store)
    store.rollups.update()
    for table in ("sentiment_rollup", "entity_rollup", "rollup_position"):
        store._backend.command(f"TRUNCATE TABLE {table}", {})
    store._backend.command(
        "INSERT INTO sentiment_rollup (step, symbol, time, topic, kind, source, language, negative, version)"
        " SELECT 60, '', toStartOfMinute(published_at), topic, kind, source, language, 1, 1 FROM documents",
        {},
    )
    store._backend.command("INSERT INTO rollup_position VALUES ('sentiment', now64(3, 'UTC'), 1)", {})
    assert len(store.counts.per_minute(START, END, undated=False)) == 0
    store.rollups.update()
    store._backend.command("TRUNCATE TABLE documents", {})
    assert len(store.counts.per_minute(START, END, undated=False)) == 0
    assert len(store.counts.per_minute(START, END)) == 100


@given(st.sets(st.integers(-30, 300), max_size=20), st.integers(0, 12_000), st.integers(1, 12_000))
def test_each_minute_of_a_span_is_read_once(dirty: set[int], first: int, length: int) -> None:
    start = EPOCH + timedelta(minutes=first)
    end = start + timedelta(minutes=length)
    parts = parts_of([EPOCH + hour * HOUR for hour in sorted(dirty)], start, end)
    kept = {m for hour in range(parts.first, parts.last) if hour not in parts.stale for m in range(hour * 60, hour * 60 + 60)}
    counted = [
        m
        for since, until in parts.counted
        for m in range((since - EPOCH) // HOUR * 60 + since.minute, int((until - EPOCH).total_seconds()) // 60)
    ]
    assert len(counted) == len(set(counted))
    assert not kept & set(counted)
    assert kept | set(counted) == set(range(first, first + length))
    assert not kept & {m for hour in dirty for m in range(hour * 60, (hour + 25) * 60)}
