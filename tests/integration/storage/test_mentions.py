"""Which mentions of a document count, and that nothing counts twice or gets lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from squall.core.errors import StoreUnavailableError
from squall.core.records import EntityKind, Event, ScoredDocument, Sentiment
from squall.storage import Store
from squall.storage.rows.mentions import DocumentReading
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW

APPLE, FORD, SHELL = "company:apple-inc", "company:ford-motor", "company:shell"
HOUR = timedelta(hours=1)
SPAN = (NOW - 24 * HOUR, NOW + 24 * HOUR)


def counted(store: Store, as_of_model: str | None = None) -> dict[str, tuple[int, int, int]]:
    """Return (negative, neutral, positive) per entity, counted from the mentions."""
    rows = store.entities.per_minute(*SPAN, as_of_model=as_of_model).rows()
    found: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        a, b, c = found.get(row.topic, (0, 0, 0))
        found[row.topic] = (a + row.negative, b + row.neutral, c + row.positive)
    return found


def rolled(store: Store) -> dict[str, tuple[int, int, int]]:
    """Return the same as the counts that are kept say."""
    store.rollups.update()
    return {row.entity: (row.negative, row.neutral, row.positive) for row in store.entities.top(*SPAN, order="volume", limit=1000)}


def names_of(store: Store, row: ScoredDocument) -> list[str]:
    """Return the entities of the mentions of the document as it is stored."""
    [document] = store.documents.get_many([row.document.id])
    return [each.entity for each in store.mentions.of([document])[row.document.id]]


def test_every_field_of_a_mention_comes_back(store: Store) -> None:
    first = mention(APPLE, 4, tone="positive", name="Ápple \U0001f34f\t'", symbols=("AAPL", "APC.DE"), relevance=0.25)
    again = mention(APPLE, 40, tone="positive", name="Ápple \U0001f34f\t'", symbols=("AAPL", "APC.DE"), relevance=0.25, first=False)
    fund = mention("found:imf", 60, tone="neutral", kind=EntityKind.ORGANISATION)
    row = naming(1, first, again, fund)
    store.documents.insert([row], token="a")
    [document] = store.documents.get_many([row.document.id])
    found = store.mentions.of([document])[document.id]
    assert [(each.start, each.end, each.first) for each in found] == [(4, 10, True), (40, 46, False), (60, 66, True)]
    for stored, given in zip(found, (first, again, fund), strict=True):
        assert (stored.entity, stored.kind, stored.name, stored.symbols) == (given.entity, given.kind, given.name, given.symbols)
        assert (stored.relevance, stored.p_negative, stored.p_neutral, stored.p_positive) == pytest.approx(
            (given.relevance, given.p_negative, given.p_neutral, given.p_positive)
        )
    assert (found[0].sentiment, found[2].sentiment) == (Sentiment.POSITIVE, Sentiment.NEUTRAL)
    assert found[0].score == pytest.approx(0.7)
    assert (found[0].document_id, found[0].published_at) == (row.document.id, row.document.published_at)
    assert (found[0].model_version, found[0].catalogue_version, found[0].scored_at) == ("m1", "c1", row.scored_at)


def test_a_redelivered_document_has_its_mentions_once(store: Store) -> None:
    row = naming(1, APPLE, FORD)
    store.documents.insert([row], token="a")
    store.documents.insert([row], token="a")
    store.documents.insert([row, naming(2, APPLE)], token="b")
    store.documents.insert([row.model_copy(update={"scored_at": NOW + HOUR})], token="c")
    assert counted(store) == rolled(store) == {APPLE: (2, 0, 0), FORD: (1, 0, 0)}
    assert names_of(store, row) == [APPLE, FORD]


def test_an_entity_that_occurs_twice_counts_once(store: Store) -> None:
    row = naming(1, mention(APPLE, 0), mention(APPLE, 30, first=False))
    store.documents.insert([row], token="a")
    assert counted(store) == rolled(store) == {APPLE: (1, 0, 0)}
    assert names_of(store, row) == [APPLE, APPLE]


def test_mentions_of_an_older_model_count_no_more_when_the_new_one_finds_others(store: Store) -> None:
    store.documents.insert([naming(1, APPLE, FORD)], token="a")
    rescored = naming(1, mention(FORD, tone="positive"), mention(SHELL, 20), model="m2", scored_at=NOW + HOUR)
    store.documents.insert([rescored], token="b")
    assert counted(store) == rolled(store) == {FORD: (0, 0, 1), SHELL: (1, 0, 0)}
    assert names_of(store, rescored) == [FORD, SHELL]


def test_mentions_of_an_older_model_count_no_more_when_the_new_one_finds_none(store: Store) -> None:
    store.documents.insert([naming(1, APPLE)], token="a")
    assert rolled(store) == {APPLE: (1, 0, 0)}
    rescored = naming(1, model="m2", scored_at=NOW + HOUR)
    store.documents.insert([rescored], token="b")
    assert counted(store) == rolled(store) == {}
    assert names_of(store, rescored) == []


def test_what_an_older_model_knew_can_still_be_asked(store: Store) -> None:
    store.documents.insert([naming(1, APPLE), naming(2, APPLE)], token="a")
    store.documents.insert([naming(1, FORD, model="m2", scored_at=NOW + HOUR)], token="b")
    assert counted(store, as_of_model="m1") == {APPLE: (2, 0, 0)}
    assert counted(store, as_of_model="m2") == {FORD: (1, 0, 0)}
    assert counted(store, as_of_model="m3") == {}
    assert counted(store) == {APPLE: (1, 0, 0), FORD: (1, 0, 0)}


def test_mentions_whose_document_was_never_stored_count_nothing(store: Store) -> None:
    store.mentions.insert([DocumentReading.of(naming(1, APPLE))], token="a")
    assert counted(store) == rolled(store) == {}
    assert store.mentions.documents(APPLE, *SPAN) == []
    store.documents.insert([naming(1, APPLE, scored_at=NOW + HOUR)], token="b")
    assert counted(store) == rolled(store) == {APPLE: (1, 0, 0)}


class CutOff:
    """A backend that dies before the `at`-th insert from now."""

    def __init__(self, inner: object, at: int) -> None:
        self.inner, self.left = inner, at

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def insert(self, block: object, token: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailableError("killed")
        self.inner.insert(block, token)  # type: ignore[attr-defined]


def insert_cut_off(store: Store, rows: Sequence[ScoredDocument], token: str, at: int) -> None:
    """Insert `rows`, but for what comes after the first `at` inserts into tables."""
    real = store.documents._backend
    store.documents._backend = CutOff(real, at)  # type: ignore[assignment]
    try:
        store.documents.insert(rows, token=token)
    except StoreUnavailableError:
        pass
    finally:
        store.documents._backend = real


def test_a_batch_cut_off_between_mentions_and_documents_is_not_acknowledged_and_heals_when_it_comes_again(store: Store) -> None:
    rows = [naming(number, APPLE) for number in range(3)]
    insert_cut_off(store, rows, "a", at=1)
    assert store.documents.known_versions([row.document for row in rows], "m1") == []
    assert counted(store) == rolled(store) == {}
    store.documents.insert([row.model_copy(update={"scored_at": NOW + HOUR}) for row in rows], token="b")
    assert counted(store) == rolled(store) == {APPLE: (3, 0, 0)}


def test_a_retry_of_a_batch_that_was_cut_off_stores_it_once(store: Store) -> None:
    rows = [naming(number, APPLE) for number in range(3)]
    insert_cut_off(store, rows, "a", at=1)
    store.documents.insert(rows, token="a")
    store.documents.insert(rows, token="a")
    assert counted(store) == rolled(store) == {APPLE: (3, 0, 0)}
    ((count,),) = store.read("SELECT count() FROM mentions WHERE entity != ''")
    assert int(count) == 3


def test_a_copy_within_a_day_counts_once_and_can_be_read(store: Store) -> None:
    rows = [naming(number, APPLE, published_at=NOW + number * HOUR, fingerprint=7) for number in range(3)]
    store.documents.insert(rows, token="a")
    assert counted(store) == rolled(store) == {APPLE: (1, 0, 0)}
    assert len(store.mentions.documents(APPLE, *SPAN)) == 3


def test_names_read_later_count_and_their_documents_stay_as_they_were_scored(store: Store) -> None:
    row = naming(1, catalogue="")
    store.documents.insert([row], token="a")
    assert rolled(store) == {}
    later = NOW + 2 * HOUR
    reading = DocumentReading(row.document.id, NOW, row.scored_at, "m2", "c2", later, (mention(FORD),))
    store.mentions.insert([reading], token="b")
    assert counted(store) == rolled(store) == {FORD: (1, 0, 0)}
    assert names_of(store, row) == [FORD]
    assert store.documents.get(row.document.id).model_version == "m1"  # type: ignore[union-attr]


def test_a_document_is_unread_until_this_model_with_this_catalogue_has_read_it(store: Store) -> None:
    store.documents.insert([naming(1, APPLE), naming(2, published_at=NOW + HOUR), naming(3, catalogue="c0")], token="a")
    unread = lambda model, catalogue: [  # noqa: E731
        int(key, 16) for key, _ in store.mentions.unread(*SPAN, model_version=model, catalogue_version=catalogue, limit=10)
    ]
    assert unread("m1", "c1") == [3]
    assert unread("m1", "c2") == [1, 3, 2]
    assert unread("m2", "c1") == [1, 3, 2]
    store.mentions.insert([DocumentReading(f"{3:032x}", NOW, NOW, "m1", "c2", NOW, ())], token="b")
    assert unread("m1", "c2") == [1, 2]


def test_the_documents_of_an_entity_are_found_newest_first_page_by_page(store: Store) -> None:
    rows = [naming(number, APPLE if number % 3 else FORD, published_at=NOW + number // 5 * timedelta(minutes=1)) for number in range(60)]
    store.documents.insert(rows, token="a")
    wanted = [row.document for row in rows if row.mentions[0].entity == APPLE]
    wanted.sort(key=lambda document: document.id)
    wanted.sort(key=lambda document: document.published_at, reverse=True)
    found: list[str] = []
    page = store.mentions.documents(APPLE, *SPAN, limit=7)
    while page:
        found += [each.document.id for each in page]
        page = store.mentions.documents(APPLE, *SPAN, limit=7, before=page[-1].document.published_at, before_id=page[-1].document.id)
    assert found == [document.id for document in wanted]


def test_the_documents_of_an_entity_carry_the_tone_towards_it(store: Store) -> None:
    store.documents.insert([naming(1, mention(APPLE, tone="positive"), mention(FORD, 20)), naming(2, APPLE)], token="a")
    [found] = store.mentions.documents(APPLE, *SPAN, sentiment="positive")
    assert (found.document.id, found.mention.sentiment, found.mention.entity) == (f"{1:032x}", Sentiment.POSITIVE, APPLE)
    assert store.mentions.documents(FORD, *SPAN, sentiment="positive") == []


def test_documents_that_no_longer_name_an_entity_are_not_found_by_it(store: Store) -> None:
    store.documents.insert([naming(number, APPLE) for number in range(20)], token="a")
    store.documents.insert([naming(number, FORD, model="m2", scored_at=NOW + HOUR) for number in range(18)], token="b")
    assert {each.document.id for each in store.mentions.documents(APPLE, *SPAN, limit=2)} == {f"{18:032x}", f"{19:032x}"}
    assert len(store.mentions.documents(FORD, *SPAN)) == 18


def test_a_document_with_another_publication_time_when_rescored_counts_where_it_is_now(store: Store) -> None:
    store.documents.insert([naming(1, APPLE)], token="a")
    store.documents.insert([naming(1, APPLE, FORD, published_at=NOW + HOUR, model="m2", scored_at=NOW + HOUR)], token="b")
    assert counted(store) == rolled(store) == {APPLE: (1, 0, 0), FORD: (1, 0, 0)}
    [found] = store.mentions.documents(APPLE, *SPAN)
    assert found.document.published_at == NOW + HOUR


def test_hundreds_of_names_of_a_batch_are_stored_whole(store: Store) -> None:
    names = [mention(f"found:name-{place}", 10 * place) for place in range(100)]
    rows = [naming(number, *names) for number in range(1100)]
    store.documents.insert(rows, token="a")
    ((count, documents),) = store.read("SELECT count(), uniqExact(document_id) FROM mentions WHERE entity != ''")
    assert (int(count), int(documents)) == (110_000, 1100)


def test_what_is_counted_is_each_entity_of_each_document_once_with_its_severity_and_without_copies(store: Store) -> None:
    grave = mention(APPLE, severity=0.8, events=(Event(name="fraud", probability=0.9),))
    again = mention(APPLE, 20, first=False)
    rows = [naming(2, grave, again, FORD), naming(1, FORD, published_at=NOW + HOUR, fingerprint=7)]
    store.documents.insert([*rows, naming(3, FORD, published_at=NOW + 2 * HOUR, fingerprint=7)], token="a")
    found = store.mentions.counted(*SPAN)
    assert [(row.document_id[-1], row.entity, row.published_at) for row in found] == [
        ("2", APPLE, NOW),
        ("2", FORD, NOW),
        ("1", FORD, NOW + HOUR),
    ]
    apple = found[0]
    assert (apple.title, apple.kind, apple.event_names) == ("Title 2", EntityKind.COMPANY, ("fraud",))
    assert (apple.severity, apple.p_negative) == (pytest.approx(0.8), pytest.approx(0.8))
    assert found[1].severity is None
    assert store.mentions.counted(*SPAN, model_version="m9") == []
    assert store.mentions.counted(NOW + HOUR, SPAN[1]) == found[2:]
