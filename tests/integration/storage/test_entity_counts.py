"""Counts per entity as the page and the dashboards ask for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from squall.core.records import EntityKind
from squall.storage import Store
from squall.storage.rows.mentions import DocumentReading
from squall.storage.schema.tables.documents import DOCUMENTS
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW

APPLE, FORD, SHELL, FRANCE = "company:apple-inc", "company:ford-motor", "company:shell", "country:france"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DAY = (NOW, NOW + 24 * HOUR)


def fill(store: Store) -> None:
    """Ford: 4 negative today, 4 before; Apple: 3 negative and 3 positive today, none before; Shell: 2 today, 9 before; France: 1."""
    rows = [naming(number, FORD, published_at=NOW + number * 13 * MINUTE) for number in range(4)]
    rows += [naming(10 + number, FORD, published_at=NOW - (number + 1) * HOUR) for number in range(4)]
    rows += [naming(20 + number, APPLE, published_at=NOW + 3 * HOUR + number * MINUTE) for number in range(3)]
    rows += [naming(30 + number, mention(APPLE, tone="positive"), published_at=NOW + 5 * HOUR) for number in range(3)]
    rows += [naming(40 + number, SHELL, published_at=NOW + 7 * HOUR + number * MINUTE) for number in range(2)]
    rows += [naming(50 + number, SHELL, published_at=NOW - 2 * HOUR - number * MINUTE) for number in range(9)]
    rows += [naming(60, mention(FRANCE, tone="neutral", kind=EntityKind.COUNTRY, name="France"), published_at=NOW + HOUR)]
    store.documents.insert(rows, token="a")
    store.rollups.update()


def test_the_most_negative_now_come_first(store: Store) -> None:
    fill(store)
    found = store.entities.top(*DAY, order="negative")
    assert [(row.entity, row.negative, row.documents) for row in found] == [(FORD, 4, 4), (APPLE, 3, 6), (SHELL, 2, 2), (FRANCE, 0, 1)]
    assert [row.entity for row in store.entities.top(*DAY, order="negative", limit=1)] == [FORD]


def test_the_most_talked_about_come_first(store: Store) -> None:
    fill(store)
    assert [row.entity for row in store.entities.top(*DAY, order="volume")] == [APPLE, FORD, SHELL, FRANCE]


def test_the_biggest_change_comes_first_whether_up_or_down(store: Store) -> None:
    fill(store)
    found = store.entities.top(*DAY, order="change")
    assert [(row.entity, round(row.change, 2)) for row in found] == [(SHELL, -2.11), (APPLE, 1.73), (FORD, 0.0)]
    assert (found[0].negative_before, found[0].documents_before) == (9, 9)


def test_means_and_shares_are_those_of_the_documents(store: Store) -> None:
    fill(store)
    apple = next(row for row in store.entities.top(*DAY) if row.entity == APPLE)
    assert (apple.mean_score, apple.mean_relevance, apple.negative_share) == pytest.approx((0.0, 0.5, 0.5), abs=1e-6)
    ford = next(row for row in store.entities.top(*DAY) if row.entity == FORD)
    assert (ford.mean_score, ford.mean_score_before) == pytest.approx((-0.7, -0.7), abs=1e-6)


def test_kinds_and_entities_narrow_the_list(store: Store) -> None:
    fill(store)
    assert [row.entity for row in store.entities.top(*DAY, kinds=[EntityKind.COUNTRY])] == [FRANCE]
    assert [row.entity for row in store.entities.top(*DAY, entities=[SHELL, FORD, "company:none"])] == [FORD, SHELL]
    assert store.entities.top(*DAY, kinds=[EntityKind.PERSON]) == []


@pytest.mark.parametrize(
    ("since", "until"), [(0, 24 * 60), (7, 24 * 60), (0, 61), (13, 27), (59, 61), (14, 15), (5, 5), (3 * 60 + 1, 5 * 60 + 1)]
)
def test_a_span_is_exact_to_the_minute(store: Store, since: int, until: int) -> None:
    fill(store)
    start, end = NOW + since * MINUTE, NOW + until * MINUTE
    counts = store.entities.per_minute(start, end)
    wanted: dict[str, int] = {}
    for row in counts.rows():
        wanted[row.topic] = wanted.get(row.topic, 0) + row.negative + row.neutral + row.positive
    assert {row.entity: row.documents for row in store.entities.top(start, end)} == wanted


def test_a_series_has_one_row_per_step_with_documents(store: Store) -> None:
    fill(store)
    hours = store.entities.series(APPLE, *DAY, step=HOUR)
    assert [(row.time, row.negative, row.positive) for row in hours] == [(NOW + 3 * HOUR, 3, 0), (NOW + 5 * HOUR, 0, 3)]
    minutes = store.entities.series(APPLE, *DAY, step=MINUTE)
    assert [(row.time, row.documents) for row in minutes] == [
        (NOW + 3 * HOUR, 1),
        (NOW + 3 * HOUR + MINUTE, 1),
        (NOW + 3 * HOUR + 2 * MINUTE, 1),
        (NOW + 5 * HOUR, 3),
    ]
    assert hours[1].mean_score == pytest.approx(0.7, abs=1e-6)
    assert store.entities.series("found:nobody", *DAY, step=HOUR) == []


@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=30), timedelta(seconds=90)])
def test_a_step_that_is_no_whole_minute_is_refused(store: Store, step: timedelta) -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        store.entities.series(APPLE, *DAY, step=step)


def test_a_sector_is_the_sum_of_its_companies(store: Store) -> None:
    fill(store)
    [row] = store.entities.sum_by([FORD, SHELL, APPLE], NOW, NOW + 24 * HOUR, step=365 * 24 * HOUR)
    assert (row.negative, row.neutral, row.positive) == (9, 0, 3)


def test_names_that_occurred_are_found_by_their_beginning_ticker_or_id(store: Store) -> None:
    rows = [
        naming(1, mention("company:bofa", name="Bank of America", symbols=("BAC",))),
        naming(2, mention("company:bofa", name="Bank of America", symbols=("BAC",))),
        naming(3, mention("company:nestle", name="Nestlé", symbols=("NESN.SW",), kind=EntityKind.COMPANY)),
        naming(4, mention("country:bahamas", name="Bahamas", kind=EntityKind.COUNTRY)),
        naming(5, mention("found:o'neil <img>", name="O'Neil <img src=x> \\ %_")),
    ]
    store.documents.insert(rows, token="a")
    store.rollups.update()
    search = lambda text, **filters: [row.entity for row in store.entities.search(text, *DAY, **filters)]  # noqa: E731
    assert search("ba") == ["company:bofa", "country:bahamas"]
    assert search("AMERICA") == ["company:bofa"]
    assert search("bac") == ["company:bofa"]
    assert search("NESTLÉ") == search("nestle") == ["company:nestle"]
    assert search("o'neil <") == search("o'neil <img src=x> \\ %") == ["found:o'neil <img>"]
    assert search("ba", kinds=[EntityKind.COUNTRY]) == ["country:bahamas"]
    assert search("company:bofa") == ["company:bofa"]
    assert search("company") == search("fa") == [], "neither the kind in an id nor the middle of a word"
    assert search("zzz") == search("_%") == search("b%") == []
    assert len(search("", limit=3)) == 3
    [first, _] = store.entities.search("ba", *DAY)
    assert (first.name, first.symbols, first.documents, first.negative, first.last_published_at) == ("Bank of America", ("BAC",), 2, 2, NOW)


def test_an_entity_is_called_as_its_last_document_calls_it(store: Store) -> None:
    store.documents.insert([naming(1, mention(APPLE, name="Apple Computer"))], token="a")
    store.rollups.update()
    store.documents.insert([naming(2, mention(APPLE, name="Apple", symbols=("AAPL",)), published_at=NOW + HOUR)], token="b")
    store.rollups.update()
    store.documents.insert([naming(3, mention(APPLE, name="Apple Computer"), published_at=NOW - HOUR)], token="c")
    store.rollups.update()
    named = store.entities.name(APPLE)
    assert named is not None
    assert (named.name, named.symbols, named.last_published_at) == ("Apple", ("AAPL",), NOW + HOUR)
    assert store.entities.name("company:none") is None


def test_counting_again_writes_nothing(store: Store) -> None:
    fill(store)
    tables = [f"SELECT count(), max(version) FROM {table}" for table in ("entity_rollup", "entity_names")]
    before = [list(store.read(table)) for table in tables]
    store.rollups.update()
    assert [list(store.read(table)) for table in tables] == before


def test_an_original_that_comes_late_takes_the_count_from_its_copy(store: Store) -> None:
    store.documents.insert([naming(1, APPLE, published_at=NOW + 20 * HOUR, fingerprint=7)], token="a")
    store.rollups.update()
    store.documents.insert([naming(2, APPLE, published_at=NOW, fingerprint=7)], token="b")
    store.rollups.update()
    [row] = store.entities.series(APPLE, *DAY, step=HOUR)
    assert (row.time, row.documents) == (NOW, 1)


def test_a_document_stored_long_after_its_mentions_is_counted(store: Store) -> None:
    row = naming(1, APPLE)
    store.mentions.insert([DocumentReading.of(row)], token="a")
    store.rollups.update()
    store._backend.command("ALTER TABLE mentions UPDATE stored_at = now64(3) - INTERVAL 1 DAY WHERE 1 SETTINGS mutations_sync = 2", {})
    store._backend.insert(DOCUMENTS.block([row], {"revision": [row.document.revision]}), "")
    store.rollups.update()
    assert [found.documents for found in store.entities.top(*DAY)] == [1]
