"""Stories of what is stored: the detector's process forms them up to the watermark, in bounded steps, and goes on after any stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from prometheus_client import generate_latest

from squall.alerts.lease import Lease
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.service import AlertService
from squall.alerts.stories import forming
from squall.alerts.stories.forming import StoryForming
from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings, Settings
from squall.core.errors import StoreUnavailableError
from squall.core.observability.metrics import Metrics
from squall.core.records import EntityKind, Mention
from squall.stories import Incoming, StoryIndex
from tests.support.alert_stream import progress, scored
from tests.support.formed_stories import form_stories
from tests.support.migrated_stores import open_migrated
from tests.support.watched_store import WatchedStore

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=10)
WALL = END + timedelta(days=1)
_WHO = ("Harbor Union", "Northwind Steel", "Quillon Pharma", "Meridian Air", "Lumen Foods", "Alpenbank", "Corvid Energy", "Tessera Retail")
_WHAT = ("halts withdrawals after a run on deposits", "recalls devices over battery fires", "cuts outlook as orders fall 12 pct")
_TELLINGS = ("{}", "UPDATE 1-{}", "{}: sources", "{}, shares -4.5 pct", "Regulator looks at {}")


def _wire(events=120):
    """Return scored documents over ten days in the order of time: events of eight companies, each told one to five times."""
    random, rows, number = Random(4), [], 0
    for _ in range(events):
        who = random.choice(_WHO)
        begin = START + timedelta(minutes=random.randrange(10 * 24 * 60))
        for telling in range(random.randrange(1, 6)):
            at = begin + timedelta(minutes=telling * random.randrange(1, 90))
            row = scored(at, number := number + 1, now=WALL)
            title = _TELLINGS[telling].format(f"{who} {random.choice(_WHAT)}")
            name = Mention(
                entity=f"company:{who.lower().replace(' ', '-')}",
                kind=EntityKind.COMPANY,
                name=who,
                start=title.index(who),
                end=title.index(who) + len(who),
                relevance=1.0,
                first=True,
                p_negative=0.8,
                p_neutral=0.1,
                p_positive=0.1,
            )
            document = row.document.model_copy(update={"title": title})
            rows.append(row.model_copy(update={"document": document, "mentions": (name,), "catalogue_version": "c"}))
    return sorted((row for row in rows if row.document.published_at < END), key=lambda row: (row.document.published_at, row.document.id))


WIRE = _wire()


def _expected(rows=WIRE):
    index = StoryIndex()
    documents = [row.document for row in rows]
    names = [tuple(mention.entity for mention in row.mentions) for row in rows]
    return {
        document.id: index.add(Incoming(document.id, document.title, document.published_at, named))
        for document, named in zip(documents, names, strict=True)
    }


EXPECTED = _expected()


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(forming, "_BATCH", 40)
    monkeypatch.setattr(forming, "_ROWS", 30)


def _forming(store, settings=None, metrics=None, clock=None):
    clock = clock or ManualClock(WALL)
    lease = Lease(store.leases, "negative-spikes", "node", 180.0, clock)
    assert lease.hold()
    return StoryForming(store, settings or DetectorSettings(), lease, clock, metrics or Metrics(clock=clock))


def _rows(store):
    """Return what is stored of each document, in the order of adding, without when it was written."""
    return [replace(row, version=0) for row in store.story_forming.rows(START - timedelta(days=1), 0, 10_000)]


def _one_batch(store, forming_):
    """Let it add one batch, after whatever it has to read before."""
    before = len(_rows(store))
    forming_.catch_up(END, lambda: len(_rows(store)) == before, always=True)


def test_each_settled_document_gets_the_story_that_the_index_gives_it_with_the_names_it_is_about(store):
    store.documents.insert(WIRE, token="all")
    until = END - timedelta(days=2)
    form_stories(store, until)
    rows = _rows(store)
    assert [row.document_id for row in rows] == [row.document.id for row in WIRE if row.document.published_at < until]
    for row in rows:
        member = EXPECTED[row.document_id]
        assert (row.story_id, row.size, row.novelty, row.last_similar) == (member.story_id, member.size, member.novelty, member.last)
        assert (row.seconds_since_last, row.distance) == (member.since_last, member.distance)
        assert (row.linked_12h, row.linked_24h, row.linked_3d, row.linked_5d, row.linked_7d) == member.linked
        assert (row.names, row.linked_by_name) == (tuple(member.linked_by_name), sum(member.linked_by_name.values(), ()))
    assert 20 < len({row.story_id for row in rows}) < len(rows)


def test_a_process_that_is_replaced_after_any_batch_leaves_the_same_rows(store, small_batches):
    store.documents.insert(WIRE, token="all")
    for _ in range(len(WIRE)):
        _one_batch(store, _forming(store))  # a new process each time
        if len(_rows(store)) == len(WIRE):
            break
    assert {row.document_id: (row.story_id, row.size, row.novelty, row.linked_7d) for row in _rows(store)} == {
        key: (member.story_id, member.size, member.novelty, member.linked[4]) for key, member in EXPECTED.items()
    }
    form_stories(store, END)
    assert len(_rows(store)) == len(WIRE)


@pytest.mark.parametrize("stored", [False, True], ids=["the write failed", "the write came through and its answer did not"])
def test_a_write_that_was_not_acknowledged_is_made_up_for(store, small_batches, stored):
    store.documents.insert(WIRE, token="all")
    writes = 0

    def failing(group, method, args):
        nonlocal writes
        if (group, method) == ("story_forming", "write"):
            writes += 1
            if writes % 3 == 2:
                if stored:
                    store.story_forming.write(*args)
                raise StoreUnavailableError("gone", "")

    watched = _forming(WatchedStore(store, failing))
    for _ in range(50):
        try:
            watched.catch_up(END, lambda: True, always=True)
            break
        except StoreUnavailableError:
            continue
    assert writes > 5
    assert {row.document_id: (row.story_id, row.size) for row in _rows(store)} == {
        key: (member.story_id, member.size) for key, member in EXPECTED.items()
    }
    assert len(_rows(store)) == len(WIRE)


def test_a_document_that_is_stored_late_joins_a_story_when_it_is_seen_and_changes_nothing_that_was_said(store):
    late = WIRE[-60::7]
    in_time = [row for row in WIRE if row not in late]
    store.documents.insert(in_time, token="in time")
    kept = _forming(store)
    kept.catch_up(END, lambda: True, always=True)
    said = _rows(store)
    store.documents.insert(late, token="late")
    kept.catch_up(END, lambda: True, always=True)
    rows = _rows(store)
    assert rows[: len(said)] == said
    assert [row.document_id for row in rows[len(said) :]] == [row.document.id for row in late]
    assert any(row.size > 1 for row in rows[len(said) :])
    index = StoryIndex()
    for row in [*in_time, *late]:
        names = tuple(mention.entity for mention in row.mentions)
        member = index.add(Incoming(row.document.id, row.document.title, row.document.published_at, names))
    assert (rows[-1].story_id, rows[-1].size) == (member.story_id, member.size)


def test_a_document_older_than_the_index_remembers_stays_without_a_story(store):
    old = scored(END - timedelta(days=9), 9999, now=WALL)
    store.documents.insert(WIRE, token="in time")
    kept = _forming(store)
    kept.catch_up(END, lambda: True, always=True)
    store.documents.insert([old], token="old")
    kept.catch_up(END, lambda: True, always=True)
    assert old.document.id not in {row.document_id for row in _rows(store)}


def test_a_document_scored_again_or_with_another_time_is_what_it_was(store):
    store.documents.insert(WIRE, token="all")
    form_stories(store, END)
    row = WIRE[-5]
    moved = row.document.model_copy(update={"published_at": row.document.published_at + timedelta(minutes=7)})
    again = row.model_copy(update={"document": moved, "scored_at": WALL + timedelta(hours=1)})
    rescored = WIRE[-6].model_copy(update={"model_version": "test-2", "scored_at": WALL + timedelta(hours=1)})
    store.documents.insert([again, rescored], token="again")
    form_stories(store, END)
    added = _rows(store)[len(WIRE) :]
    assert [(each.document_id, each.published_at, each.story_id, each.size) for each in added] == [
        (moved.id, moved.published_at, EXPECTED[moved.id].story_id, EXPECTED[moved.id].size)
    ]


def test_a_backlog_is_worked_off_in_steps_that_take_a_share_of_the_interval(store, small_batches):
    store.documents.insert(WIRE, token="all")
    clock = ManualClock(WALL)
    seconds = 0.0

    def passing(group, method, _args):
        nonlocal seconds
        if (group, method) == ("story_forming", "write"):
            seconds += 2.0
            clock.advance(2.0)

    metrics = Metrics(clock=clock)
    steps = _forming(WatchedStore(store, passing), DetectorSettings(interval_seconds=20), metrics, clock)
    steps.catch_up(END, lambda: True, always=False)
    assert seconds == 4.0  # two batches of two seconds are a fifth of twenty
    assert len(_rows(store)) == 80
    exported = generate_latest(metrics.registry).decode()
    assert "squall_story_documents_total 80.0" in exported
    age = float(next(line for line in exported.splitlines() if line.startswith("squall_stories_age_seconds ")).split()[1])
    assert age == pytest.approx((clock.now() - WIRE[79].document.published_at).total_seconds())
    steps.catch_up(END, lambda: True, always=True)
    assert f"squall_stories_age_seconds {(clock.now() - END).total_seconds()}" in generate_latest(metrics.registry).decode()


def test_before_a_run_only_a_little_is_added_and_only_if_the_index_is_there(store, small_batches):
    store.documents.insert(WIRE, token="all")
    clock = ManualClock(WALL)
    passing = WatchedStore(store, lambda group, method, _: clock.advance(0.6) if method == "write" else None)
    steps = _forming(passing, clock=clock)
    steps.top_up(END, lambda: True, always=False)
    assert _rows(store) == []
    steps.catch_up(END, lambda: False, always=False)
    steps.top_up(END, lambda: True, always=False)
    assert len(_rows(store)) == 40 + 80
    steps.top_up(END, lambda: True, always=True)
    assert len(_rows(store)) == len(WIRE)


def test_another_process_that_took_over_and_gave_back_is_noticed(store, small_batches):
    store.documents.insert(WIRE, token="all")
    clock = ManualClock(WALL)
    lease = Lease(store.leases, "negative-spikes", "a", 180.0, clock)
    assert lease.hold()
    first = StoryForming(store, DetectorSettings(), lease, clock, Metrics(clock=clock))
    first.catch_up(END, lambda: False, always=True)
    lease.release()
    other = Lease(store.leases, "negative-spikes", "b", 180.0, clock)
    assert other.hold()
    _one_batch(store, StoryForming(store, DetectorSettings(), other, clock, Metrics(clock=clock)))
    other.release()
    assert lease.hold()
    first.top_up(END, lambda: True, always=False)
    first.catch_up(END, lambda: True, always=True)
    assert [row.document_id for row in _rows(store)] == [row.document.id for row in WIRE]
    assert {row.document_id: row.story_id for row in _rows(store)} == {key: member.story_id for key, member in EXPECTED.items()}


@pytest.mark.parametrize("stories", [True, False])
def test_the_detector_forms_stories_unless_it_is_told_not_to(store, tmp_path, stories):
    store.documents.insert(WIRE, token="all")
    store.progress.write([progress(END, False, WALL)])
    settings = Settings(detector=DetectorSettings(stories=stories, step_minutes=5, history_days=2))
    service = AlertService(store, settings, ManualClock(WALL), FolderSender(tmp_path))
    report = service.run_once()
    service.release()
    settled = [row for row in WIRE if row.document.published_at < report.watermark]
    assert len(_rows(store)) == (len(settled) if stories else 0)
