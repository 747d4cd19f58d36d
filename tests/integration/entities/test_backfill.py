"""Stored documents are read for names: all of them, once, whatever happens meanwhile."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from squall import storage
from squall.app.backfill import Backfill, BackfillResult
from squall.cli.main import app
from squall.core.clock import SystemClock
from squall.core.gravity.severities import GRAVE_FROM
from squall.core.records import Document, Kind
from squall.core.text import document_id
from squall.storage import Store
from squall.stream.document_scoring import DocumentScorer
from tests.support.doubles import UNSCORABLE, HashScorer
from tests.support.squall_process import SquallProcess, wait_until
from tests.unit.stream.test_stream_mentions import WordLinker

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
READ = re.compile(r"reading: [1-9]")
SPAN = (START - timedelta(days=1), START + timedelta(days=4))


def documents(count: int) -> list[Document]:
    """Return documents over three days; every third names nobody, the others ACME."""
    return [
        Document(
            id=document_id("old", str(number)),
            kind=Kind.NEWS,
            source="old",
            title=f"Story {number} of nobody" if number % 3 == 0 else f"Story {number}: ACME moves",
            published_at=START + number * timedelta(days=3) / count,
            collected_at=START + number * timedelta(days=3) / count + timedelta(seconds=1),
        )
        for number in range(count)
    ]


def fill(store: Store, found: list[Document]) -> None:
    store.schema.migrate()
    store.documents.insert(DocumentScorer(HashScorer(), SystemClock()).score(found).rows, token="old")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = storage.open(f"chdb://{tmp_path / 'chdb'}?max_threads=1")
    yield opened
    opened.close()


def backfill(
    store: Store,
    *,
    grave: bool = False,
    linker: WordLinker | None = None,
    stop: threading.Event | None = None,
    report: Callable[..., None] = lambda *_: None,
) -> BackfillResult:
    return Backfill(store, HashScorer(grave=grave), linker or WordLinker(), SystemClock(), stop or threading.Event(), report).run()


def named(store: Store) -> int:
    return sum(row.documents for row in store.entities.top(*SPAN, limit=10))


def test_every_document_is_read_once_and_counted(store: Store) -> None:
    fill(store, documents(600))
    scored_at = store.documents.search(limit=1)[0].scored_at
    done = backfill(store)
    assert (done.documents, done.with_names, done.known, done.failed, done.complete) == (600, 400, 0, 0, True)
    assert named(store) == 400
    assert store.documents.search(limit=1)[0].scored_at == scored_at
    again = backfill(store)
    assert (again.documents, again.known, again.complete) == (0, 600, True)
    assert named(store) == 400


def test_one_that_was_stopped_continues_with_what_is_left(store: Store) -> None:
    fill(store, documents(700))
    stop = threading.Event()
    first = backfill(store, stop=stop, report=lambda counts, share: stop.set() if share else None)
    assert not first.complete
    assert 0 < first.documents < 700
    second = backfill(store)
    assert (first.documents + second.documents, second.known, second.complete) == (700, first.documents, True)
    assert named(store) == sum(number % 3 != 0 for number in range(700))


def test_another_catalogue_reads_them_again_and_its_names_replace_the_old_ones(store: Store) -> None:
    fill(store, documents(30))
    backfill(store)
    done = backfill(store, linker=WordLinker(version="words-2"))
    assert (done.documents, done.known) == (30, 0)
    assert named(store) == 20


def test_severity_and_events_are_added_and_nothing_else_changes(store: Store) -> None:
    found = documents(300)
    fill(store, found)
    before = store.documents.search(limit=300)
    moment = store.arrivals.now()
    done = backfill(store, grave=True)
    assert (done.documents, done.with_severity, done.complete) == (300, 300, True)
    after = store.documents.search(limit=300)
    assert [replace(row, severity=None, event_names=(), event_probabilities=()) for row in after] == before
    wanted = {row.document.id: row for row in DocumentScorer(HashScorer(grave=True), SystemClock()).score(found).rows}
    assert [(row.severity, row.event_names) for row in after] == [
        (pytest.approx(wanted[row.id].severity), wanted[row.id].event_names) for row in after
    ]
    assert store.arrivals.since(moment, limit=1).total == 0
    counted = store.severity.by_topic(*SPAN, step=timedelta(hours=1))
    assert sum(bucket.documents for bucket in counted) == 300
    assert sum(bucket.grave for bucket in counted) == sum((row.severity or 0) >= GRAVE_FROM for row in after)
    events = store.severity.events(*SPAN, step=timedelta(minutes=1))
    assert sum(bucket.documents for bucket in events) == sum(len(row.event_names) for row in after)
    shares: list[float] = []
    again = backfill(store, grave=True, report=lambda _, share: shares.append(share) if share is not None else None)
    assert (again.documents, again.known, shares[-1]) == (0, 300, 1.0)  # not counted twice, though written twice
    assert len(store.severity.gravest(*SPAN, limit=500)) == 300


def test_a_model_without_a_severity_head_takes_none_away(store: Store) -> None:
    fill(store, documents(30))
    backfill(store, grave=True)
    before = store.documents.search(limit=30)
    done = backfill(store, linker=WordLinker(version="words-2"))
    assert (done.documents, done.with_severity) == (30, 0)
    assert store.documents.search(limit=30) == before


def test_a_text_that_cannot_be_read_is_counted_and_keeps_no_other_from_it(store: Store) -> None:
    found = documents(40)
    found[7] = found[7].model_copy(update={"title": "unlinkable"})
    fill(store, found)
    done = backfill(store)
    assert (done.documents, done.failed, done.complete) == (39, 1, True)
    assert (backfill(store).documents, backfill(store).failed) == (0, 1)


def test_what_the_model_fails_on_today_was_scored_before_and_stays(store: Store) -> None:
    found = documents(10)
    fill(store, found)
    failing = [row.model_copy(update={"title": f"{UNSCORABLE} {row.id}"}) for row in found[:3]]
    store.documents.insert(
        [row.model_copy(update={"document": document}) for row, document in zip(rows_of(found[:3]), failing, strict=True)], token="b"
    )
    done = backfill(store)
    assert (done.documents, done.failed) == (7, 3)
    assert store.counts.totals().documents == 10


def rows_of(found: list[Document]):  # type: ignore[no-untyped-def]
    return DocumentScorer(HashScorer(), SystemClock()).score(found).rows


def test_a_store_that_another_process_has_open_is_an_error_that_names_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.schema.migrate()
    process = SquallProcess(tmp_path / "log", "entities", "backfill", STORE__URL=f"chdb://{tmp_path / 'chdb'}")
    process.process.wait(120)
    assert process.process.returncode == 1
    assert "is in use by process" in process.output()


def test_a_store_that_is_not_there_is_not_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_STORE__URL", f"chdb://{tmp_path / 'none'}")
    result = CliRunner().invoke(app, ["entities", "backfill"])
    assert result.exit_code != 0
    assert "there is no store" in str(result.exception)
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_again_and_again_it_reads_every_document_once(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'chdb'}?max_threads=1"
    store = storage.open(url)
    fill(store, [row.model_copy(update={"title": row.title.replace("ACME", "Volkswagen")}) for row in documents(1500)])
    store.close()
    settings = {"STORE__URL": url, "DATA_DIR": str(tmp_path), "MODEL__THREADS": "1"}
    progress = 0
    for attempt in range(2):
        process = SquallProcess(tmp_path / f"log{attempt}", "entities", "backfill", **settings)
        log = process.log
        wait_until(lambda log=log: READ.search(log.read_text()) is not None, 400, "a first batch", log)  # type: ignore[misc]
        process.kill()
        store = storage.open(url)
        days = store.mentions.days(*next(iter(store.read("SELECT any(model_version), any(catalogue_version) FROM mentions"))))
        read = sum(day[2] for day in days)
        store.close()
        assert read > progress
        progress = read
    last = SquallProcess(tmp_path / "last", "entities", "backfill", "--json", **settings)
    assert last.process.wait(400) == 0
    store = storage.open(url)
    try:
        ((rows, distinct),) = store.read("SELECT count(), uniqExact(document_id) FROM mentions WHERE entity = ''")
        assert (int(rows), int(distinct)) == (1500, 1500)
        [counted] = store.entities.top(*SPAN, entities=["company:volkswagen-ag"])
        assert counted.documents == 1000
    finally:
        store.close()
