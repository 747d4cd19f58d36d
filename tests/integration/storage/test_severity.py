"""Severity and events in the store: what is written is read, counted once, and found gravest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from squall.core.records import Event, Mention, ScoredDocument
from squall.storage import Store
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW, scored

FORD, SHELL, BP = "company:ford-motor", "company:shell", "company:bp"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DAY = (NOW, NOW + 24 * HOUR)


def grave(number: int, severity: float | None, *events: str, at: int = 0, **fields: object) -> ScoredDocument:
    """Return a document of this severity, `at` minutes after noon, with events that get less and less probable."""
    row = scored(number, NOW + at * MINUTE, **fields)  # type: ignore[arg-type]
    found = tuple(Event(name=name, probability=0.9 - 0.1 * place) for place, name in enumerate(events))
    return row.model_copy(update={"severity": severity, "events": found})


def about(row: ScoredDocument, *mentions: Mention) -> ScoredDocument:
    return row.model_copy(update={"mentions": mentions, "catalogue_version": "c1"})


def test_what_was_stored_is_what_is_read(store: Store) -> None:
    store.documents.insert([grave(1, 0.75, "accident", "strike"), grave(2, None), grave(3, 0.0)], token="a")
    rows = {int(row.id, 16): row for row in store.documents.search()}
    assert (rows[1].severity, rows[1].event_names) == (0.75, ("accident", "strike"))
    assert [probability for _, probability in rows[1].events] == pytest.approx([0.9, 0.8])
    assert [(rows[n].severity, rows[n].events) for n in (2, 3)] == [(None, []), (0.0, [])]


def test_the_severity_and_events_of_a_mention_are_kept_or_the_events_of_its_document(store: Store) -> None:
    names = (
        mention(FORD, severity=0.25, events=()),
        mention(SHELL, start=20),
        mention(BP, start=30, events=(Event(name="strike", probability=0.7),)),
    )
    store.documents.insert([about(grave(1, 0.9, "cyber"), *names)], token="a")
    [row] = store.documents.search()
    found = store.mentions.of([row])[row.id]
    assert [(each.entity, each.severity, each.event_names) for each in found] == [
        (FORD, 0.25, ()),
        (SHELL, None, ("cyber",)),
        (BP, None, ("strike",)),
    ]


def test_the_gravest_come_first_and_copies_are_one(store: Store) -> None:
    rows = [grave(1, 0.5, at=1), grave(2, 0.9, "accident", at=2), grave(3, None, at=3), grave(4, 0.5, at=4), grave(5, 0.1, at=5)]
    rows += [grave(6, 0.8, at=6, fingerprint=7), grave(7, 0.7, at=7, fingerprint=7)]
    store.documents.insert(rows, token="a")
    found = store.severity.gravest(*DAY)
    assert [(int(row.id, 16), row.copies) for row in found] == [(2, 0), (6, 1), (4, 0), (1, 0), (5, 0)]
    assert [int(row.id, 16) for row in store.severity.gravest(*DAY, at_least=0.5, limit=2)] == [2, 6]
    assert [int(row.id, 16) for row in store.severity.gravest(*DAY, event="accident")] == [2]
    assert [int(row.id, 16) for row in store.severity.gravest(NOW + 4 * MINUTE, NOW + 5 * MINUTE)] == [4]


def test_filters_narrow_the_gravest(store: Store) -> None:
    store.documents.insert(
        [
            grave(1, 0.9, topic="IPO", symbols=("AAPL",)),
            grave(2, 0.8, sentiment="positive", source="blog"),
            grave(3, 0.7, language="de", title="Straße gesperrt"),
        ],
        token="a",
    )
    asked = [{"topic": "IPO"}, {"symbols": ["AAPL", "X"]}, {"sentiment": "positive"}, {"source": "blog"}, {"language": "de"}]
    found = [[int(row.id, 16) for row in store.severity.gravest(*DAY, **filters)] for filters in (*asked, {"words": ["GESPERRT"]})]  # type: ignore[arg-type]
    assert found == [[1], [1], [2], [2], [3], [3]]


def test_a_document_delivered_again_counts_once_and_a_rescored_one_as_it_is_now(store: Store) -> None:
    store.documents.insert([grave(1, 0.75, "accident"), grave(2, 0.25, at=1)], token="a")
    store.rollups.update()
    store.documents.insert([grave(1, 0.75, "accident"), grave(2, 0.25, at=1)], token="b")
    store.documents.insert([grave(2, 1.0, "strike", "accident", at=1, model="m2", scored_at=NOW + HOUR)], token="c")
    store.rollups.update()
    [hour] = store.severity.by_topic(*DAY, step=HOUR)
    assert (hour.documents, hour.grave, hour.gravest, hour.mean) == (2, 2, 1.0, pytest.approx(0.875))
    events = store.severity.events(*DAY, step=MINUTE)
    assert {(each.event, each.time, each.documents) for each in events} == {
        ("accident", NOW, 1),
        ("accident", NOW + MINUTE, 1),
        ("strike", NOW + MINUTE, 1),
    }


def test_a_gravest_document_that_became_a_copy_counts_no_more(store: Store) -> None:
    store.documents.insert([grave(1, 0.9, "strike", at=30, fingerprint=7)], token="a")
    store.rollups.update()
    store.documents.insert([grave(2, 0.2, fingerprint=7)], token="b")
    store.rollups.update()
    [hour] = store.severity.by_topic(*DAY, step=HOUR)
    assert (hour.documents, hour.grave, hour.gravest) == (1, 0, pytest.approx(0.2))
    assert store.severity.events(*DAY, step=HOUR) == []


def test_doing_it_again_writes_nothing_where_severities_are_known(store: Store) -> None:
    store.documents.insert([about(grave(n, n / 7, "strike", at=n), mention(FORD, severity=n / 9)) for n in range(7)], token="a")
    store.rollups.update()
    tables = [f"SELECT count(), max(version) FROM {table}" for table in ("sentiment_rollup", "entity_rollup")]
    before = [next(iter(store.read(sql))) for sql in tables]
    store.rollups.update()
    assert [next(iter(store.read(sql))) for sql in tables] == before


def test_counts_per_entity_are_how_grave_it_is_for_each(store: Store) -> None:
    store.documents.insert(
        [
            about(grave(1, 0.9, "accident"), mention(FORD, severity=1.0), mention(SHELL, severity=0.25, start=20)),
            about(grave(2, 0.4, "strike", at=90), mention(FORD, severity=0.5)),
            naming(3, SHELL, published_at=NOW + HOUR),
        ],
        token="a",
    )
    store.rollups.update()
    ford, shell = store.entities.top(*DAY, order="gravest")
    assert (ford.entity, ford.gravest, ford.mean_severity, ford.grave) == (FORD, 1.0, 0.75, 2)
    assert (shell.entity, shell.gravest, shell.mean_severity, shell.grave, shell.documents) == (SHELL, 0.25, 0.25, 0, 2)
    assert [(each.name, each.time, each.gravest) for each in store.severity.by_entity([FORD], *DAY, step=HOUR)] == [
        (FORD, NOW, 1.0),
        (FORD, NOW + HOUR, 0.5),
    ]
    events = store.severity.events_of([FORD, SHELL], NOW, NOW + 30 * MINUTE, step=MINUTE)
    assert [(each.event, each.documents) for each in events] == [("accident", 2)]
    group, members = store.groups.members("both", [FORD, SHELL], *DAY, order="gravest")
    assert (group.gravest, group.grave, group.mean_severity) == (1.0, 2, pytest.approx(1.75 / 3))
    assert [member.entity for member in members] == [FORD, SHELL]
    [total] = store.groups.totals({"both": [FORD, SHELL]}, *DAY)
    assert total == replace(group, group="both")


def test_the_gravest_documents_of_an_entity_are_those_that_are_gravest_for_it_and_copies_are_one(store: Store) -> None:
    strike = (Event(name="strike", probability=0.7),)
    store.documents.insert(
        [
            about(grave(1, 0.9), mention(FORD, severity=0.25, tone="positive"), mention(SHELL, severity=1.0, start=20)),
            about(grave(2, 0.1, "accident", at=1), mention(FORD, severity=0.75, events=strike), mention(FORD, 20, first=False)),
            about(grave(3, 0.1, at=2, fingerprint=7), mention(FORD, severity=0.5)),
            about(grave(4, 0.1, at=3, fingerprint=7), mention(FORD, severity=0.4)),
            about(grave(5, 0.1, at=4, fingerprint=7), mention(SHELL, severity=0.2)),
            about(grave(6, 1.0, at=5), mention(FORD)),
            about(grave(7, 0.1, at=-1), mention(FORD, severity=1.0)),
        ],
        token="a",
    )
    found = store.severity.gravest_of(FORD, *DAY)
    assert [(int(row.document.id, 16), row.mention.severity, row.document.copies) for row in found] == [
        (2, 0.75, 0),
        (3, 0.5, 1),
        (1, 0.25, 0),
    ]
    assert (found[0].mention.entity, found[0].mention.first, found[0].mention.event_names) == (FORD, True, ("strike",))
    assert store.severity.gravest_of(FORD, *DAY, limit=2) == found[:2]
    assert store.severity.gravest_of(FORD, *DAY, sentiment="positive") == found[2:]
    assert store.severity.gravest_of(BP, *DAY) == []


def test_the_gravest_documents_of_an_entity_are_as_they_were_read_last(store: Store) -> None:
    store.documents.insert([about(grave(n, 0.5, at=n), mention(FORD, severity=0.9)) for n in range(4)], token="a")
    again = {"model": "m2", "scored_at": NOW + HOUR}
    store.documents.insert(
        [
            about(grave(1, 0.5, at=1, **again), mention(FORD, severity=0.3)),
            about(grave(2, 0.5, at=2, **again), mention(SHELL, severity=1.0)),
            about(grave(3, 0.5, at=90, **again), mention(FORD, severity=0.6)),
        ],
        token="b",
    )
    found = store.severity.gravest_of(FORD, *DAY)
    assert [(int(row.document.id, 16), round(row.mention.severity or 0, 3)) for row in found] == [(0, 0.9), (3, 0.6), (1, 0.3)]
    assert found[1].document.published_at == NOW + 90 * MINUTE
    assert store.severity.gravest_of(SHELL, *DAY)[0].document.model_version == "m2"


def test_topics_say_how_grave_they_are_and_none_where_nothing_was_read(store: Store) -> None:
    store.documents.insert([grave(1, 0.8, topic="IPO"), grave(2, 0.36, topic="IPO"), grave(3, None, topic="Macro")], token="a")
    ipo, macro = store.counts.by_topic(*DAY)
    assert (ipo.gravest, ipo.mean_severity, ipo.grave) == (pytest.approx(0.8), pytest.approx(0.58), 1)
    assert (macro.gravest, macro.mean_severity, macro.grave) == (None, None, 0)
    store.rollups.update()
    assert [bucket.name for bucket in store.severity.by_topic(*DAY, step=HOUR)] == ["IPO"]


def test_rewritten_rows_take_the_place_of_the_old_ones_and_arrive_at_no_one(store: Store) -> None:
    store.documents.insert([grave(number, None, at=number) for number in range(3)], token="a")
    store.rollups.update()
    before = store.documents.search()
    moment = store.arrivals.now()
    for severity in (0.25, 0.75):
        changed = [replace(row, severity=severity, event_names=("strike",), event_probabilities=(0.75,)) for row in before]
        store.documents.rewrite(changed, token="again")
        store.documents.rewrite(changed, token="again")
        assert store.documents.search() == changed
        assert store.severity.gravest(*DAY) == changed
    assert store.arrivals.since(moment, limit=10).total == 0
    assert store.counts.totals().documents == 3
    store.rollups.update()
    [hour] = store.severity.by_topic(*DAY, step=HOUR)
    assert (hour.documents, hour.gravest) == (3, 0.75)


def test_a_row_that_was_scored_again_meanwhile_is_not_undone(store: Store) -> None:
    store.documents.insert([grave(1, None)], token="a")
    [old] = store.documents.search()
    store.documents.insert([grave(1, 0.5, scored_at=NOW + HOUR)], token="b")
    store.documents.rewrite([replace(old, severity=1.0)], token="again")
    assert [row.severity for row in store.documents.search()] == [0.5]
    assert [row.severity for row in store.severity.gravest(*DAY)] == [0.5]
