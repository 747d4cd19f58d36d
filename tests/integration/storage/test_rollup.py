from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.records import Kind
from squall.storage import Store
from squall.storage.queries.rollups import spans_of
from squall.storage.queries.sentiment_rollup import SENTIMENT
from squall.storage.rows.documents import RollupPosition
from squall.storage.schema.tables.documents import ROLLUP_POSITION
from tests.integration.storage.samples import NOW as NOON
from tests.integration.storage.samples import scored

HOUR = timedelta(hours=1)


def rolled(store: Store, step: int = 3600, symbol: str = "") -> dict[tuple[datetime, str], tuple[int, int, int, int]]:
    """Return (negative, neutral, positive, copies) per bucket and topic, without empty groups."""
    rows = store._backend.select(
        """
        SELECT toDateTime64(time, 3, 'UTC'), topic, sum(negative), sum(neutral), sum(positive), sum(copies)
        FROM sentiment_rollup FINAL WHERE step = {step:UInt16} AND symbol = {symbol:String}
        GROUP BY time, topic HAVING sum(negative + neutral + positive + copies) > 0
        """,
        {"step": step, "symbol": symbol},
    )
    return {(row[0].astimezone(UTC), row[1]): tuple(int(count) for count in row[2:]) for row in rows}


def test_every_document_counts_once_however_often_it_was_delivered(store: Store) -> None:
    row = scored(1, published_at=NOON, sentiment="negative")
    store.documents.insert([row], token="a")
    store.rollups.update()
    store.documents.insert([row], token="b")
    store.documents.insert([row, scored(2, published_at=NOON + timedelta(minutes=1))], token="c")
    store.rollups.update()
    assert sum(map(sum, rolled(store).values())) == 2
    assert rolled(store, step=60).keys() == {(NOON, row.topic), (NOON + timedelta(minutes=1), row.topic)}


def test_doing_it_again_writes_nothing(store: Store) -> None:
    store.documents.insert([scored(number, published_at=NOON + number * HOUR) for number in range(30)], token="a")
    store.rollups.update()
    before = next(iter(store.read("SELECT count(), max(version) FROM sentiment_rollup")))
    again = store.rollups.update()
    assert again.complete
    assert again.hours >= 30
    assert next(iter(store.read("SELECT count(), max(version) FROM sentiment_rollup"))) == before


def test_a_rescored_document_leaves_its_topic(store: Store) -> None:
    store.documents.insert([scored(1, published_at=NOON, topic="Markets")], token="a")
    store.rollups.update()
    store.documents.insert([scored(1, published_at=NOON, topic="IPO", model="m2", scored_at=NOON + HOUR)], token="b")
    store.rollups.update()
    assert {topic for _, topic in rolled(store)} == {"IPO"}


def test_an_original_that_comes_late_makes_a_copy_of_the_one_before(store: Store) -> None:
    store.documents.insert([scored(1, published_at=NOON, fingerprint=7)], token="a")
    store.rollups.update()
    store.documents.insert([scored(2, published_at=NOON - 20 * HOUR, fingerprint=7)], token="b")
    store.rollups.update()
    copies = Counter({time: counts[3] for (time, _), counts in rolled(store).items()})
    assert copies == {NOON: 1, NOON - 20 * HOUR: 0}


def test_a_symbol_has_rows_of_its_own_and_the_sum_is_not_counted_twice(store: Store) -> None:
    store.documents.insert(
        [scored(1, published_at=NOON, symbols=("AAPL", "MSFT")), scored(2, published_at=NOON, kind=Kind.SOCIAL)], token="a"
    )
    store.rollups.update()
    assert sum(map(sum, rolled(store).values())) == 2
    assert sum(map(sum, rolled(store, symbol="AAPL").values())) == 1
    assert sum(map(sum, rolled(store, symbol="MSFT").values())) == 1


def test_a_run_that_was_stopped_is_done_again(store: Store) -> None:
    store.documents.insert([scored(number, published_at=NOON + number * 48 * HOUR) for number in range(3)], token="a")
    answers = iter([True, False])
    stopped = store.rollups.update(lambda: next(answers))
    assert not stopped.complete
    assert store.rollups.update().complete
    assert sum(map(sum, rolled(store).values())) == 3


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(0, 4), st.sampled_from(["negative", "neutral", "positive"]), st.integers(0, 3)),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 5),
)
def test_rolled_counts_are_those_of_the_documents_in_whatever_order_they_came(
    migrated: Store, drafts: list[tuple[int, int, str, int]], parts: int
) -> None:
    store = migrated
    for table in ("documents", "sentiment_rollup", "rollup_position"):
        store._backend.command(f"TRUNCATE TABLE {table}", {})
    rows = [
        scored(number, published_at=NOON + hour * HOUR, topic=f"topic {topic}", sentiment=sentiment, fingerprint=text)
        for number, (hour, topic, sentiment, text) in enumerate(drafts)
    ]
    for part in range(parts):
        if rows[part::parts]:
            store.documents.insert(rows[part::parts], token=f"{part}")
            store.rollups.update()
    wanted: Counter[tuple[datetime, str]] = Counter()
    originals = store.counts.per_minute(NOON, NOON + 200 * HOUR)
    for row in originals.rows():
        wanted[row.minute.replace(minute=0), row.topic] += row.negative + row.neutral + row.positive
    got = rolled(store)
    assert {key: sum(counts[:3]) for key, counts in got.items() if sum(counts[:3])} == dict(wanted)
    assert sum(map(sum, got.values())) == len(rows)


@given(st.lists(st.integers(0, 5000), unique=True).map(sorted))
def test_spans_are_disjoint_short_and_cover_a_day_after_every_hour(hours: list[int]) -> None:
    spans = spans_of([NOON + hour * HOUR for hour in hours])
    covered = [moment for start, end in spans for moment in _hours(start, end)]
    assert len(covered) == len(set(covered))
    assert all(end - start <= timedelta(days=2) for start, end in spans)
    assert set(covered) == {NOON + (hour + more) * HOUR for hour in hours for more in range(25)}


def _hours(start: datetime, end: datetime) -> list[datetime]:
    return [start + number * HOUR for number in range(int((end - start) / HOUR))]


def test_documents_stored_after_the_stores_clock_was_set_back_are_counted(store: Store) -> None:
    store.documents.insert([scored(1, published_at=NOON)], token="a")
    store.rollups.update()
    ahead = datetime.now(UTC) + HOUR  # the last update ran before the clock was set back
    store.rollups._write(ROLLUP_POSITION, [RollupPosition(SENTIMENT.name, ahead)])
    store.documents.insert([scored(2, published_at=NOON + timedelta(minutes=1))], token="b")
    store.rollups.update()
    assert sum(map(sum, rolled(store).values())) == 2
