"""Versions of documents: lists have the newest one, counts of a minute stay what they were, and each version counts where it is news."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.records import SENTIMENTS, ScoredDocument
from squall.core.text import revision
from squall.dashboards.grafana.clickhouse_macros import expand
from squall.dashboards.grafana.variable_formats import Selection
from squall.storage import Store
from squall.storage.panels import panel_sql
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW, document, scored, scored_ids

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BANK = "company:alpenbank"
SPAN = (NOW - 24 * HOUR, NOW + 24 * HOUR)


def version(number: int, of: int, after: timedelta, **fields: object) -> ScoredDocument:
    """Return the later version `number` of document `of`, that many minutes after it."""
    row = scored(number, NOW + after, revises=f"{of:032x}", title=f"Title {number} of {of}", **fields)  # type: ignore[arg-type]
    severity = fields.get("severity")
    return row if severity is None else row.model_copy(update={"severity": severity})


def counted(store: Store, end: timedelta = 24 * HOUR) -> dict[int, tuple[int, int, int]]:
    """Return the counts of documents by minutes after noon, as the detector counts them up to `end`."""
    rows = store.counts.per_minute(NOW - 24 * HOUR, NOW + end).rows()
    return {round((row.minute - NOW) / MINUTE): (row.negative, row.neutral, row.positive) for row in rows}


def test_known_versions_are_those_of_the_documents_that_have_changed(store: Store) -> None:
    first, second = scored(1), version(2, 1, HOUR)
    store.documents.insert([first, second, scored(3)], token="a")
    assert [known.id for known in store.documents.known_versions([document(1), document(3)], "m1")] == [document(1).id, document(3).id]
    changed = document(1, title="Another title")
    known = {each.id: each for each in store.documents.known_versions([changed], "m2")}
    assert set(known) == {first.document.id, second.document.id}
    assert {each.first_id for each in known.values()} == {first.document.id}
    assert known[second.document.id].revision == second.document.revision
    assert known[second.document.id].published_at == NOW + HOUR
    assert not any(each.scored for each in known.values())
    assert scored_ids(store, [changed], "m1") == set(known)


def test_lists_have_the_newest_version_and_the_others_can_be_asked_for(store: Store) -> None:
    rows = [scored(1), version(2, 1, HOUR), version(3, 1, 2 * HOUR), scored(4, NOW + 30 * MINUTE)]
    store.documents.insert(rows, token="a")
    one, two, three, four = (row.document.id for row in rows)
    assert [row.id for row in store.documents.search()] == [three, four]
    assert [row.id for row in store.documents.search(before=NOW + HOUR)] == [four]
    assert {row.id for row in store.documents.top("", *SPAN)} == {three, four}
    for any_version in (one, two, three):
        assert [row.id for row in store.documents.versions(any_version)] == [three, two, one]
    assert [(row.id, row.revises) for row in store.documents.versions(four)] == [(four, "")]
    assert store.documents.versions("f" * 32) == []


def test_a_list_of_a_span_has_what_was_known_at_its_end(store: Store) -> None:
    rows = [scored(1), version(2, 1, 2 * HOUR)]
    store.documents.insert(rows, token="a")
    assert [row.id for row in store.documents.top("", NOW - HOUR, NOW + HOUR)] == [rows[0].document.id]
    assert [row.id for row in store.documents.top("", NOW - HOUR, NOW + 3 * HOUR)] == [rows[1].document.id]


@pytest.fixture
def named(store: Store) -> list[ScoredDocument]:
    """A document and its later version that name one bank, and are graver each time."""
    first = naming(1, mention(BANK, severity=0.4)).model_copy(update={"severity": 0.4})
    later = naming(2, mention(BANK, severity=0.9), published_at=NOW + HOUR, revises=first.document.id).model_copy(update={"severity": 0.9})
    rows = [first, later]
    store.documents.insert(rows, token="a")
    return rows


def test_lists_by_name_and_by_severity_have_the_newest_version(store: Store, named: list[ScoredDocument]) -> None:
    newest = [named[1].document.id]
    assert [row.document.id for row in store.mentions.documents(BANK, *SPAN)] == newest
    assert [row.id for row in store.severity.gravest(*SPAN)] == newest
    assert [row.document.id for row in store.severity.gravest_of(BANK, *SPAN)] == newest
    assert [row.id for row in store.severity.gravest(NOW - HOUR, NOW + HOUR)] == [named[0].document.id]


@pytest.mark.parametrize("panel", ["mood/documents", "drilldown/documents", "entity/documents"])
def test_panels_have_the_newest_version(store: Store, named: list[ScoredDocument], panel: str) -> None:
    everything = dict.fromkeys(("topic", "source", "symbol", "language"), Selection((), multi=True, is_all=True))
    chosen = everything | {"series": Selection(("All topics",)), "entity": Selection((BANK,))}
    query = expand(panel_sql(panel), start=SPAN[0], end=SPAN[1], interval=60, variables=chosen)
    places = list(store.read(f"DESCRIBE ({query})").columns[0])
    assert [row[places.index("title")] for row in store.read(query)] == [named[1].document.title]


def test_counts_by_name_leave_out_what_repeats(store: Store, named: list[ScoredDocument]) -> None:
    store.documents.insert([naming(3, BANK, published_at=NOW + 2 * HOUR, revises=named[0].document.id)], token="b")
    rows = store.entities.per_minute(*SPAN, entities=[BANK]).rows()
    assert [(row.minute - NOW, row.negative) for row in rows] == [(timedelta(), 1)]


def test_a_backfill_leaves_versions_what_they_are(store: Store, named: list[ScoredDocument]) -> None:
    rows = store.documents.versions(named[0].document.id)
    changed = named[0].document.model_copy(update={"title": "Another title"})
    known = store.documents.known_versions([changed], "m1")
    store.documents.rewrite([replace(row, severity=0.1) for row in rows], token="again")
    again = store.documents.versions(named[0].document.id)
    assert [(row.id, row.revises, row.severity) for row in again] == [(row.id, row.revises, pytest.approx(0.1)) for row in rows]
    assert store.documents.known_versions([changed], "m1") == known
    assert len(known) == 2


def test_an_update_that_turns_negative_counts_at_its_own_time_and_past_minutes_stay(store: Store) -> None:
    store.documents.insert([scored(1, sentiment="neutral")], token="a")
    before = counted(store)
    store.documents.insert([version(2, 1, HOUR, sentiment="negative")], token="b")
    assert before == {0: (0, 1, 0)}
    assert counted(store) == {0: (0, 1, 0), 60: (1, 0, 0)}
    assert counted(store, end=HOUR) == before


def test_an_update_that_says_the_same_does_not_count_again(store: Store) -> None:
    store.documents.insert([scored(1), *(version(number, 1, number * 10 * MINUTE) for number in range(2, 20))], token="a")
    assert counted(store) == {0: (1, 0, 0)}
    totals = store.counts.totals()
    assert (totals.documents, totals.copies) == (19, 18)


def test_an_update_that_turns_grave_counts_though_the_first_was_negative_too(store: Store) -> None:
    first = scored(1).model_copy(update={"severity": 0.1})
    grave = [version(number, 1, number * HOUR, severity=0.9) for number in (2, 3)]
    milder = version(4, 1, 4 * HOUR, severity=0.1)
    store.documents.insert([first, *grave, milder], token="a")
    assert counted(store) == {0: (1, 0, 0), 120: (1, 0, 0)}


def test_versions_of_one_minute_are_one_document_the_last(store: Store) -> None:
    store.documents.insert([scored(1, sentiment="neutral"), version(2, 1, timedelta(milliseconds=1), sentiment="negative")], token="a")
    assert counted(store) == {0: (1, 0, 0)}


def test_a_version_that_kept_its_title_is_no_copy_of_the_first_but_one_of_another_document_is(store: Store) -> None:
    store.documents.insert([scored(1, sentiment="neutral", fingerprint=7), version(2, 1, HOUR, fingerprint=7)], token="a")
    assert counted(store) == {0: (0, 1, 0), 60: (1, 0, 0)}
    store.documents.insert([scored(5, NOW, fingerprint=9), scored(3, sentiment="neutral"), version(4, 3, HOUR, fingerprint=9)], token="b")
    assert counted(store) == {0: (1, 2, 0), 60: (1, 0, 0)}


def test_kept_counts_agree_with_documents_after_a_version_came(store: Store) -> None:
    store.documents.insert([scored(1, sentiment="neutral"), scored(2)], token="a")
    store.rollups.update()
    store.documents.insert([version(3, 1, HOUR), version(4, 2, HOUR)], token="b")
    store.rollups.update()
    kept = store.counts.buckets(NOW - HOUR, NOW + 2 * HOUR, step=HOUR)
    assert [(bucket.negative, bucket.total) for bucket in kept] == [(1, 2), (1, 1)]
    ((copies,),) = store.read("SELECT sum(copies) FROM sentiment_rollup FINAL WHERE step = 3600 AND symbol = ''")
    assert copies == 1


MINUTES, FINGERPRINTS = st.integers(-40 * 60, 40 * 60), st.integers(0, 3)
ROW = st.tuples(MINUTES, st.sampled_from(["", "0", "1"]), FINGERPRINTS, st.sampled_from(SENTIMENTS), st.booleans(), st.booleans())


def news(rows: list[ScoredDocument]) -> list[ScoredDocument]:
    """Return the documents that count, by the definition: read it beside docs/design.md, "Copies" and "Versions"."""

    def before(row: ScoredDocument) -> list[ScoredDocument]:
        since = at(row) - 24 * HOUR
        return [other for other in rows if since <= at(other) and (at(other), key(other)) < (at(row), key(row))]

    def family(row: ScoredDocument, others: list[ScoredDocument]) -> list[ScoredDocument]:
        return [other for other in others if other.document.first_id == row.document.first_id]

    def is_copy(row: ScoredDocument) -> bool:
        same = [other for other in before(row) if other.fingerprint == row.fingerprint]
        return any(row.document.undated or not other.document.undated for other in same) and not family(row, same)

    def is_replaced(row: ScoredDocument) -> bool:
        in_minute = [other for other in family(row, rows) if at(other).replace(second=0) == at(row).replace(second=0)]
        return any((at(other), key(other)) > (at(row), key(row)) for other in in_minute)

    def repeats(row: ScoredDocument) -> bool:
        same = [other for other in family(row, before(row)) if other.sentiment is row.sentiment and not is_replaced(other)]
        return any((other.severity or 0) >= 0.375 or (row.severity or 0) < 0.375 for other in same)

    def at(row: ScoredDocument) -> datetime:
        return row.document.published_at

    def key(row: ScoredDocument) -> str:
        return row.document.id

    return [row for row in rows if not (is_copy(row) or is_replaced(row) or repeats(row))]


@given(st.lists(ROW, max_size=14), st.integers(-40, 30), st.integers(1, 40))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_counts_is_the_definition_wherever_the_span_starts(
    migrated: Store, drawn: list[tuple[int, str, int, str, bool, bool]], start: int, length: int
) -> None:
    migrated._backend.command("TRUNCATE TABLE documents", {})
    rows = [scored(number, sentiment="neutral", fingerprint=100 + number) for number in range(2)]
    for number, (minutes, of, fingerprint, sentiment, grave, undated) in enumerate(drawn, 2):
        more = {"revises": f"{int(of):032x}" if of else "", "undated": undated}
        row = scored(number, NOW + minutes * MINUTE, sentiment=sentiment, fingerprint=fingerprint, **more)
        rows.append(row.model_copy(update={"severity": 0.9 if grave else 0.1}))
    migrated.documents.insert(rows, token=f"{drawn}{start}{length}")
    first, end = NOW + start * HOUR, NOW + (start + length) * HOUR
    counts = Counter({row.minute: row.negative + row.neutral + row.positive for row in migrated.counts.per_minute(first, end).rows()})
    assert counts == Counter(row.document.published_at for row in news(rows) if first <= row.document.published_at < end)


@given(st.text(max_size=60), st.text(st.sampled_from("a. :/\t\u00a0\u2003\u3000wWhHtTpPsS\n\x85"), max_size=60))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_store_computes_the_revision_of_an_old_row_as_we_do(store: Store, title: str, text: str) -> None:
    kept = document(1, title=f"x{title}", text=text)
    store._backend.command("TRUNCATE TABLE documents", {})
    row = scored(1, title=f"x{title}", text=text)
    assert (row.document.title, row.document.text) == (kept.title, kept.text)
    store.documents.insert([row], token=f"{title}{text}")
    ((default,),) = store.read(
        "SELECT default_expression FROM system.columns WHERE table = 'documents' AND name = 'revision' AND database = currentDatabase()"
    )
    ((computed, written),) = store.read(f"SELECT {default}, revision FROM documents")
    assert computed == written == revision(kept.title, kept.text)
