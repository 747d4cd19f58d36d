from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.errors import StoreError, StoreUnavailableError
from squall.core.records import Kind, Sentiment
from squall.storage import Store
from tests.integration.storage.samples import NOW, document, scored, scored_ids

DAY = timedelta(days=1)
SPAN = (NOW - DAY, NOW + DAY)
fresh = itertools.count(10**9)


def total(store: Store) -> int:
    counts = store.counts.per_minute(*SPAN)
    return int(counts.negative.sum() + counts.neutral.sum() + counts.positive.sum())


def test_a_stored_document_reads_back_unchanged(store: Store) -> None:
    row = scored(
        1,
        kind=Kind.SOCIAL,
        source="x\ty",
        author="Ann 'O\\Brien'",
        url="https://example.com/?a=1&b=2",
        title='Zürich ✓ "quoted"',
        text="line one\nline two\\n \\N {x:String}",
        language="de",
        symbols=("AAPL", "BRK.B"),
        fingerprint=2**64 - 1,
    )
    store.documents.insert([row], token="t")
    found = store.documents.get(row.document.id)
    assert found is not None
    given_document = row.document.model_dump()
    assert {name: getattr(found, name) for name in given_document} == given_document
    assert (found.topic, found.model_version, found.fingerprint, found.scored_at) == ("Macro", "m1", 2**64 - 1, NOW)
    assert found.sentiment is Sentiment.NEGATIVE
    assert found.score == pytest.approx(row.score)
    assert (found.p_negative, found.p_neutral, found.p_positive) == pytest.approx((0.8, 0.1, 0.1))
    assert found.stored_at > found.collected_at


def test_no_rows_are_no_insert(store: Store) -> None:
    store.documents.insert([], token="empty")
    assert total(store) == 0
    assert store.documents.known_versions([], "m1") == []


@pytest.mark.parametrize("again", ["same token", "other token"])
def test_a_redelivered_row_is_counted_once(store: Store, again: str) -> None:
    rows = [scored(number) for number in range(5)]
    store.documents.insert(rows, token="same token")
    store.documents.insert(rows, token=again)
    assert total(store) == 5


def test_a_token_used_again_for_other_rows_drops_nothing(store: Store) -> None:
    store.documents.insert([scored(1)], token="same")
    store.documents.insert([scored(2)], token="same")
    assert total(store) == 2


def test_two_workers_storing_the_same_document_at_once_count_it_once(store: Store) -> None:
    rows = [scored(number) for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store.documents.insert, rows, token=f"worker {number}") for number in range(8)]:
            done.result()
    assert total(store) == 200


def test_a_document_fetched_again_without_a_date_of_its_own_counts_once(store: Store) -> None:
    store.documents.insert([scored(1, NOW), scored(2, NOW)], token="a")
    store.documents.insert([scored(1, NOW + timedelta(minutes=3), scored_at=NOW + timedelta(seconds=1))], token="b")
    assert total(store) == 2
    assert scored_ids(store, [document(1, NOW + timedelta(hours=2))], "m1") == {document(1).id}


def test_known_versions_say_whether_the_same_model_has_scored_them(store: Store) -> None:
    store.documents.insert([scored(1), scored(2)], token="a")
    asked = [document(1), document(2), document(3), document(1)]
    assert scored_ids(store, asked, "m1") == {document(1).id, document(2).id}
    assert scored_ids(store, asked, "m2") == set()


def test_the_newest_scoring_counts_and_the_old_one_can_still_be_asked_for(store: Store) -> None:
    store.documents.insert([scored(1, sentiment="negative", model="m1")], token="a")
    store.documents.insert([scored(1, sentiment="positive", model="m2", scored_at=NOW + timedelta(minutes=1))], token="b")
    newest, old = store.counts.per_minute(*SPAN), store.counts.per_minute(*SPAN, as_of_model="m1")
    assert (newest.negative.sum(), newest.positive.sum()) == (0, 1)
    assert (old.negative.sum(), old.positive.sum()) == (1, 0)
    assert store.counts.per_minute(*SPAN, as_of_model="m3").minutes.size == 0
    found = store.documents.get(document(1).id)
    assert found is not None
    assert found.model_version == "m2"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(0, 15), max_size=10), max_size=8), data=st.data())
def test_however_rows_are_batched_and_redelivered_each_counts_once(store: Store, batches: list[list[int]], data: st.DataObject) -> None:
    base = next(fresh) * 100
    start = NOW + timedelta(milliseconds=base % 1000)
    before = total(store)
    for batch in batches:
        token = data.draw(st.sampled_from(["a", "b", f"{base}"]))
        store.documents.insert([scored(base + number, start + timedelta(minutes=number)) for number in batch], token=token)
    assert total(store) - before == len(set(itertools.chain.from_iterable(batches)))


hostile = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0\t\n\r\\'\"`{}:%\b\f\a\v"), max_size=60)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile, texts=st.lists(hostile, max_size=4))
def test_a_bound_parameter_arrives_as_it_was_given(migrated: Store, text: str, texts: list[str]) -> None:
    sql = "SELECT {text:String}, {texts:Array(String)}, length({text:String})"
    row = next(iter(migrated._backend.select(sql, {"text": text, "texts": texts})))
    assert row is not None
    assert (row[0], list(row[1]), row[2]) == (text, texts, len(text.encode()))


def test_a_parameter_that_is_no_text_is_an_error_of_the_request(migrated: Store) -> None:
    with pytest.raises(StoreError) as caught:
        migrated.detector.position("lone \ud800 surrogate")
    assert not isinstance(caught.value, StoreUnavailableError)


def test_a_parameter_can_not_become_sql(store: Store) -> None:
    store.documents.insert([scored(1)], token="a")
    attack = "' OR 1=1; DROP TABLE documents --"
    assert store.documents.search(topic=attack) == []
    assert store.documents.top(attack, *SPAN) == []
    assert total(store) == 1
