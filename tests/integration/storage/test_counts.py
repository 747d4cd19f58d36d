from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.alerts.counts import load_counts
from squall.core.config.detector import DetectorSettings
from squall.core.records import Kind, ScoredDocument
from squall.storage import Store
from squall.storage.rows.counts import MinuteCount, Totals
from tests.integration.storage.samples import NOW, scored

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def numbers(store: Store, start: datetime, end: datetime, **options: bool) -> int:
    counts = store.counts.per_minute(start, end, **options)
    return int(counts.negative.sum() + counts.neutral.sum() + counts.positive.sum())


def test_documents_are_counted_per_topic_minute_and_sentiment(store: Store) -> None:
    store.documents.insert(
        [
            scored(1, NOW, topic="Macro"),
            scored(2, NOW + timedelta(seconds=59.999), topic="Macro", sentiment="neutral"),
            scored(3, NOW + MINUTE, topic="Macro", sentiment="positive"),
            scored(4, NOW, topic="Gold | Metals | Materials"),
        ],
        token="a",
    )
    counts = store.counts.per_minute(NOW - HOUR, NOW + HOUR)
    assert list(counts.rows()) == [
        MinuteCount("Gold | Metals | Materials", NOW, 1, 0, 0),
        MinuteCount("Macro", NOW, 1, 1, 0),
        MinuteCount("Macro", NOW + MINUTE, 0, 0, 1),
    ]
    assert [row.minute for row in counts.of("Macro").rows()] == [NOW, NOW + MINUTE]
    assert len(counts.of("Politics")) == 0


def test_of_many_sources_the_largest_are_counted_and_those_asked_for_first(store: Store) -> None:
    names = ["big", *(f"small {number:02d}" for number in range(30))]
    store.documents.insert([scored(number, NOW, source=names[max(0, number - 5)]) for number in range(len(names) + 5)], token="a")
    arrived = store.counts.arrived_per_minute(NOW, NOW + HOUR, limit=3, first=["small 29"])
    assert arrived.sources == ("big", "small 00", "small 29")
    assert dict(zip(arrived.source.tolist(), arrived.documents.tolist(), strict=True)) == {0: 6, 1: 1, 2: 1}


def test_a_span_holds_its_start_and_not_its_end(store: Store) -> None:
    store.documents.insert([scored(1, NOW)], token="a")
    assert numbers(store, NOW, NOW + MINUTE) == 1
    assert numbers(store, NOW - MINUTE, NOW) == 0


def test_an_empty_store_counts_nothing(store: Store) -> None:
    counts = store.counts.per_minute(NOW - DAY, NOW)
    assert (counts.topics, len(counts)) == ((), 0)
    assert store.counts.totals() == Totals(0, 0, 0, 0, 0, 0, 0)
    assert store.documents.latency(NOW - DAY, NOW).documents == 0
    assert store.documents.first_published_at() is store.documents.last_published_at() is None
    assert store.documents.search() == []


@pytest.mark.parametrize(("hours", "counted"), [(0.0, 1), (1.0, 1), (24.0, 1), (24.01, 2)])
def test_the_same_text_within_a_day_is_a_copy(store: Store, hours: float, counted: int) -> None:
    store.documents.insert(
        [scored(1, NOW - DAY, fingerprint=7), scored(2, NOW - DAY + timedelta(hours=hours), fingerprint=7, topic="Politics")], token="a"
    )
    assert numbers(store, NOW - 2 * DAY, NOW + DAY) == counted
    assert numbers(store, NOW - 2 * DAY, NOW + DAY, copies=True) == 2


def test_a_copy_is_known_even_when_the_span_starts_after_the_original(store: Store) -> None:
    store.documents.insert([scored(1, NOW - HOUR, fingerprint=7), scored(2, NOW, fingerprint=7)], token="a")
    assert numbers(store, NOW - timedelta(seconds=1), NOW + HOUR) == 0


def test_a_copy_of_a_copy_is_a_copy_however_old_the_original(store: Store) -> None:
    rows = [scored(number, NOW - DAY + number * timedelta(hours=20), fingerprint=7) for number in range(3)]
    store.documents.insert(rows, token="a")
    assert numbers(store, NOW - 2 * DAY, NOW + DAY) == 1
    assert numbers(store, NOW + timedelta(hours=10), NOW + DAY) == 0


def test_a_redelivered_document_is_no_copy_of_itself(store: Store) -> None:
    store.documents.insert([scored(1, NOW, fingerprint=7)], token="a")
    store.documents.insert([scored(1, NOW, fingerprint=7, model="m2", scored_at=NOW + MINUTE)], token="b")
    assert numbers(store, NOW, NOW + MINUTE) == 1


def expected(rows: list[ScoredDocument], start: datetime, end: datetime) -> Counter[tuple[str, datetime]]:
    """The definition, slowly: no document with the same fingerprint came in the day before, ties by id."""
    found: Counter[tuple[str, datetime]] = Counter()
    for row in rows:
        at = row.document.published_at
        earlier = (other for other in rows if other.fingerprint == row.fingerprint and other.document.id != row.document.id)
        order = (at, row.document.id)
        if start <= at < end and not any(
            (other.document.published_at, other.document.id) < order and at - other.document.published_at <= DAY for other in earlier
        ):
            found[row.topic, at.replace(second=0, microsecond=0)] += 1
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(-60, 24), st.integers(0, 3), st.sampled_from(["Macro", "IPO"])), max_size=20),
    start=st.integers(-60, 20),
    length=st.integers(1, 60),
)
def test_counts_match_the_definition_wherever_the_span_starts(
    migrated: Store, places: list[tuple[int, int, str]], start: int, length: int
) -> None:
    migrated._backend.command("TRUNCATE TABLE documents", {})
    rows = [scored(number, NOW + hour * HOUR, fingerprint=group, topic=topic) for number, (hour, group, topic) in enumerate(places)]
    migrated.documents.insert(rows, token="a")
    first, end = NOW + start * HOUR, NOW + (start + length) * HOUR
    counts = {(row.topic, row.minute): row.negative for row in migrated.counts.per_minute(first, end).rows()}
    assert counts == expected(rows, first, end)


def filled(store: Store) -> None:
    store.documents.insert(
        [
            scored(1, NOW, certainty=0.7, symbols=("AAPL",), fingerprint=1),
            scored(2, NOW + MINUTE, certainty=0.9, symbols=("AAPL", "MSFT"), fingerprint=2),
            scored(3, NOW + 2 * MINUTE, certainty=0.9, kind=Kind.SOCIAL, source="x", fingerprint=2),
            scored(4, NOW + HOUR, sentiment="positive", topic="IPO", fingerprint=4),
        ],
        token="a",
    )


def test_top_documents_are_the_strongest_with_their_copies_folded_in(store: Store) -> None:
    filled(store)
    top = store.documents.top("Macro", NOW, NOW + HOUR)
    assert [(row.title, row.copies) for row in top] == [("Title 2", 1), ("Title 1", 0)]
    assert [row.title for row in store.documents.top("Macro", NOW, NOW + HOUR, limit=1)] == ["Title 2"]
    assert store.documents.top("Macro", NOW, NOW + HOUR, sentiment="positive") == []


def test_top_documents_are_of_all_topics_or_about_some_symbols(store: Store) -> None:
    filled(store)
    store.documents.insert([scored(5, NOW, certainty=0.95, topic="IPO", symbols=("TSLA",))], token="b")
    span = (NOW, NOW + HOUR)
    assert [row.title for row in store.documents.top("", *span)] == ["Title 5", "Title 2", "Title 1"]
    assert [row.title for row in store.documents.top("", *span, symbols=("MSFT", "TSLA"))] == ["Title 5", "Title 2"]
    assert [row.title for row in store.documents.top("Macro", *span, symbols={"MSFT", "TSLA"})] == ["Title 2"]
    assert store.documents.top("", *span, symbols=("GOOG",)) == []


def test_a_document_counts_for_each_of_the_symbols_asked_for(store: Store) -> None:
    filled(store)
    counts = store.counts.per_minute(NOW, NOW + HOUR, by="symbol", names=("MSFT", "AAPL", "GOOG"))
    assert list(counts.rows()) == [
        MinuteCount("AAPL", NOW, 1, 0, 0),
        MinuteCount("AAPL", NOW + MINUTE, 1, 0, 0),
        MinuteCount("MSFT", NOW + MINUTE, 1, 0, 0),
    ]
    assert store.counts.per_minute(NOW, NOW + HOUR, by="symbol", names=("MSFT",)).topics == ("MSFT",)
    assert store.counts.per_minute(NOW, NOW + HOUR, by="symbol").topics == ()


def test_counts_go_by_source_and_may_be_of_some_groups_only(store: Store) -> None:
    filled(store)
    span = (NOW, NOW + 2 * HOUR)
    assert list(store.counts.per_minute(*span, by="source", copies=True).rows()) == [
        MinuteCount("reuters", NOW, 1, 0, 0),
        MinuteCount("reuters", NOW + MINUTE, 1, 0, 0),
        MinuteCount("reuters", NOW + HOUR, 0, 0, 1),
        MinuteCount("x", NOW + 2 * MINUTE, 1, 0, 0),
    ]
    assert store.counts.per_minute(*span, by="source", names=("x",)).topics == ()  # a copy of what reuters had
    assert store.counts.per_minute(*span, names=("IPO", "Politics")).topics == ("IPO",)


def test_documents_come_newest_first_in_pages_and_filtered(store: Store) -> None:
    filled(store)
    store.documents.insert([scored(9, NOW - timedelta(days=20))], token="b")
    titles = [row.title for row in store.documents.search(limit=3)]
    assert titles == ["Title 4", "Title 3", "Title 2"]
    assert [row.title for row in store.documents.search(limit=3, before=NOW + MINUTE)] == ["Title 1", "Title 9"]
    assert [row.title for row in store.documents.search(symbol="MSFT")] == ["Title 2"]
    assert [row.title for row in store.documents.search(source="x")] == ["Title 3"]
    assert [row.title for row in store.documents.search(topic="IPO", sentiment="positive")] == ["Title 4"]
    assert store.documents.search(topic="IPO", sentiment="negative") == store.documents.search(limit=0) == []


def test_a_rescored_document_is_found_under_its_new_topic_only(store: Store) -> None:
    store.documents.insert([scored(1, topic="Macro")], token="a")
    store.documents.insert([scored(1, topic="IPO", model="m2", scored_at=NOW + MINUTE)], token="b")
    assert store.documents.search(topic="Macro") == []
    assert [row.model_version for row in store.documents.search(topic="IPO")] == ["m2"]


def test_totals_count_documents_copies_and_rows(store: Store) -> None:
    filled(store)
    store.documents.insert([scored(1, model="m2", fingerprint=1, scored_at=NOW + MINUTE)], token="b")
    assert store.counts.totals() == Totals(documents=4, copies=1, negative=2, neutral=0, positive=1, rows=5, dead_letters=0)
    assert (store.documents.first_published_at(), store.documents.last_published_at()) == (NOW, NOW + HOUR)


def test_sentiment_is_counted_by_topic(store: Store) -> None:
    filled(store)
    span = (NOW, NOW + 2 * HOUR)
    topics = store.counts.by_topic(*span)
    assert [(row.name, row.negative, row.neutral, row.positive) for row in topics] == [("Macro", 2, 0, 0), ("IPO", 0, 0, 1)]
    assert topics[0].negative_share == 1.0
    assert topics[0].mean_score == pytest.approx(-(0.55 + 0.85) / 2, abs=1e-3)


def test_volume_goes_by_steps_of_time(store: Store) -> None:
    filled(store)
    span = (NOW - HOUR, NOW + 2 * HOUR)
    assert [(row.time, row.news, row.social) for row in store.counts.volume(*span, step=HOUR)] == [(NOW, 2, 1), (NOW + HOUR, 1, 0)]
    with pytest.raises(ValueError, match="whole seconds"):
        store.counts.volume(*span, step=timedelta(milliseconds=1500))


def test_latency_is_measured_to_the_moment_of_storing(store: Store) -> None:
    filled(store)
    latency = store.documents.latency(NOW, NOW + 2 * HOUR)
    assert latency.documents == 4
    assert latency.since_published.max == pytest.approx(latency.since_collected.max + 1.0, abs=0.01)
    assert latency.since_collected.p50 <= latency.since_collected.p99 <= latency.since_collected.max


def test_documents_without_a_time_of_their_own_are_counted_only_where_they_are_asked_for(store: Store) -> None:
    rows = [scored(1), scored(2, undated=True), scored(3, undated=True, symbols=("AAPL",))]
    store.documents.insert(rows, token="undated")
    assert [row.negative for row in store.counts.per_minute(NOW, NOW + HOUR).rows()] == [3]
    assert [row.negative for row in store.counts.per_minute(NOW, NOW + HOUR, undated=False).rows()] == [1]
    assert store.counts.per_minute(NOW, NOW + HOUR, undated=False, by="symbol", names=("AAPL",)).topics == ()
    detected = load_counts(store.counts, DetectorSettings(), _minute(NOW), _minute(NOW + HOUR))
    assert detected.total[detected.topics.index("Macro")].sum() == 1
    stored = store.documents.get_many([row.document.id for row in rows])
    assert sorted(row.undated for row in stored) == [False, True, True]


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def test_an_undated_document_makes_no_dated_one_a_copy(store: Store) -> None:
    rows = [scored(number, NOW + number * timedelta(minutes=1), fingerprint=7, undated=number < 2) for number in range(4)]
    store.documents.insert(rows, token="a")
    counts = store.counts.per_minute(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    assert [(row.minute - NOW) / timedelta(minutes=1) for row in counts.rows()] == [0, 2]
