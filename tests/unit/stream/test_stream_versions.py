"""Changed content of a known document is stored once, in its place in time, and the versions of a document are bounded."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.items import Fate, Item, Origin
from squall.core.records import Document
from squall.core.text import revision, version_id
from squall.stream.processor import Processor
from tests.support.doubles import START, HashScorer, MemoryStore, document

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def version(title: str, published_at: datetime = START, collected_at: datetime | None = None, **fields: object) -> Document:
    return document(0, title=title, published_at=published_at, collected_at=collected_at or published_at, **fields)


def processor(store: MemoryStore, most: int = 24, engine: HashScorer | None = None) -> Processor:
    settings = ProcessorSettings(max_versions_per_day=most)
    return Processor(engine or HashScorer(), store, store, settings, ManualClock(START + 400 * DAY), threading.Event())


def fates(worker: Processor, *documents: Document) -> list[Fate]:
    items = [Item(Origin("documents", 0, number), document=each) for number, each in enumerate(documents)]
    return [outcome.fate for outcome in worker.process(items)]


def stored(store: MemoryStore) -> list[Document]:
    return sorted((row.document for row in store.rows.values()), key=lambda each: each.published_at)


def test_a_changed_headline_is_a_new_version_and_the_old_one_stays() -> None:
    store = MemoryStore()
    worker = processor(store)
    assert fates(worker, version("To report at noon")) == [Fate.STORED]
    assert fates(worker, version("Plunges 40% after fraud admission", START + HOUR)) == [Fate.STORED]
    first, second = stored(store)
    assert (first.title, first.id, first.revises) == ("To report at noon", document(0).id, "")
    assert (second.title, second.revises) == ("Plunges 40% after fraud admission", first.id)
    assert second.id == version_id(first.id, second.revision)


@pytest.mark.parametrize(
    "same",
    [
        {"title": "To  report\u2003at noon"},
        {"url": "https://news.example/a?utm_source=feed"},
        {"published_at": START + HOUR, "collected_at": START + HOUR},
        {"text": "More on https://t.example/2 soon"},
    ],
    ids=["white space", "link", "time", "link in the text"],
)
def test_what_says_the_same_is_no_new_version(same: dict[str, object]) -> None:
    store = MemoryStore()
    worker = processor(store)
    fields: dict[str, object] = {"title": "To report at noon", "text": "More on https://t.example/1 soon", "collected_at": START}
    assert fates(worker, document(0, **fields), document(0, **(fields | same))) == [Fate.STORED, Fate.DUPLICATE]
    assert len(store.rows) == 1


def test_a_headline_that_returns_is_no_third_version() -> None:
    store = MemoryStore()
    worker = processor(store)
    shown = [fates(worker, version("AB"[number % 2], START + number * MINUTE)) for number in range(6)]
    assert shown == [[Fate.STORED], [Fate.STORED], *[[Fate.DUPLICATE]] * 4]


def test_a_version_that_its_source_does_not_date_is_as_old_as_when_it_was_seen() -> None:
    store = MemoryStore()
    worker = processor(store)
    fates(worker, version("A"), version("B", START, START + 3 * HOUR), version("C", START, START + 4 * HOUR))
    assert [each.published_at for each in stored(store)] == [START, START + 3 * HOUR, START + 4 * HOUR]


def test_versions_in_an_archive_follow_each_other_at_the_time_that_it_gives() -> None:
    store = MemoryStore()
    read = START + 300 * DAY
    fates(processor(store), version("A", START, read), version("B", START, read), version("C", START, read + MINUTE))
    assert [(each.title, each.published_at - START) for each in stored(store)] == [
        ("A", timedelta()),
        ("B", timedelta(milliseconds=1)),
        ("C", timedelta(milliseconds=2)),
    ]


def test_an_older_version_that_comes_late_stays_the_older_one() -> None:
    store = MemoryStore()
    fates(processor(store), version("B", START + HOUR), version("A", START))
    assert [each.title for each in stored(store)] == ["A", "B"]


def test_a_new_model_scores_a_known_version_in_its_place() -> None:
    store, engine = MemoryStore(), HashScorer()
    worker = processor(store, engine=engine)
    fates(worker, version("A"), version("B", START, START + HOUR))
    before = stored(store)
    engine.model_version = "hash-2"
    assert fates(worker, version("B", START, START + 2 * HOUR)) == [Fate.STORED]
    assert [(each.id, each.published_at) for each in stored(store)] == [(each.id, each.published_at) for each in before]


def test_a_document_that_changes_all_the_time_has_a_bounded_number_of_versions_a_day(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    worker = processor(store, most=3)
    counted: Counter[Fate] = Counter()
    with caplog.at_level(logging.WARNING, "squall.processor"):
        for number in range(10):
            counted.update(fates(worker, version(f"{number} minutes ago", START + number * MINUTE)))
    assert counted == {Fate.STORED: 4, Fate.DUPLICATE: 6}
    assert "changes too often" in caplog.text
    assert fates(worker, version("The next day", START + DAY + HOUR)) == [Fate.STORED]


CONTENTS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ABCD")), min_size=1, max_size=25)


@given(CONTENTS, st.randoms(use_true_random=False), st.integers(1, 9))
def test_any_order_repetition_and_batching_stores_the_same_versions(contents: Sequence[tuple[int, str]], random: object, size: int) -> None:
    def run(order: Sequence[tuple[int, str]]) -> tuple[set[tuple[str, int]], Counter[Fate]]:
        store, counted = MemoryStore(), Counter[Fate]()
        worker = processor(store)
        for at in range(0, len(order), size):
            counted.update(fates(worker, *(document(number, title=title) for number, title in order[at : at + size])))
        assert all((row.document.id == row.document.first_id) == (not row.document.revises) for row in store.rows.values())
        return {(row.document.first_id, row.document.revision) for row in store.rows.values()}, counted

    shuffled = [*contents, *contents]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = {(document(number).id, revision(title, document(number).text)) for number, title in contents}
    rows, counted = run(contents)
    again, counted_again = run(shuffled)
    assert rows == again == expected
    assert counted[Fate.STORED] == counted_again[Fate.STORED] == len(expected)
    assert counted.total() == len(contents)
    assert counted_again.total() == 2 * len(contents)
