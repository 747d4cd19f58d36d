"""A feed that changes an entry, over HTTP, across restarts, into a real store: each version is stored once, at the time of its change."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings, ProcessorSettings
from squall.core.items import Fate
from squall.ingest.cursors import CursorStore
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from squall.storage import Store
from squall.storage.rows.documents import StoredDocument
from squall.stream.processor import Processor
from tests.support.doubles import HashScorer, MemoryStore
from tests.support.feed_server import FeedServer, body
from tests.support.migrated_stores import open_migrated

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Near the wall clock, because rows expire some time after they were scored."""
HOUR = timedelta(hours=1)
SETTINGS = IngestSettings(request_timeout_seconds=5.0, host_interval_seconds=0.001)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    feeds = FeedServer()
    yield feeds
    feeds.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_migrated(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


class Polls:
    """A process for each poll: they share the cursors and the store only."""

    def __init__(self, server: FeedServer, folder: Path, store: Store) -> None:
        self._server, self._folder, self._store = server, folder, store

    def poll(self, at: datetime, title: str, text: str = "", dates: str = "", guid: str = "urn:story:1") -> Counter[Fate]:
        entry = f"<entry><id>{guid}</id><title>{title}</title><summary type='html'>{text}</summary>{dates}</entry>"
        self._server.answers["/f"] = body(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title>{entry}</feed>'.encode())
        clock, letters = ManualClock(at), MemoryStore()
        source = RssSource([Feed(url=self._server.url("/f"))], SETTINGS, clock, Random(1), CursorStore(self._folder), once=True)
        worker = Processor(HashScorer(), self._store.documents, letters, ProcessorSettings(), clock, threading.Event())
        counted: Counter[Fate] = Counter()
        for batch in source.batches(threading.Event()):
            counted.update(outcome.fate for outcome in worker.process(batch.items))
            batch.commit()
        assert source.states[0].last_error == ""
        return counted


@pytest.fixture
def polls(server: FeedServer, tmp_path: Path, store: Store) -> Polls:
    store._backend.command("TRUNCATE TABLE documents", {})
    return Polls(server, tmp_path, store)


def versions(store: Store) -> list[StoredDocument]:
    """Return all versions of the newest document, the first one first."""
    (newest,) = store.documents.search()
    return store.documents.versions(newest.id)[::-1]


def dated(published: timedelta, updated: timedelta | None = None) -> str:
    said = f"<published>{(NOW + published).isoformat()}</published>"
    return said + (f"<updated>{(NOW + updated).isoformat()}</updated>" if updated is not None else "")


def test_a_changed_headline_is_stored_as_a_version_at_the_time_of_the_update(polls: Polls, store: Store) -> None:
    assert polls.poll(NOW, "Apple to report at noon", dates=dated(-HOUR)) == {Fate.STORED: 1}
    assert polls.poll(NOW + HOUR, "Apple to report at noon", dates=dated(-HOUR, HOUR / 2)) == {}
    changed = dated(-HOUR, 2 * HOUR)
    assert polls.poll(NOW + 3 * HOUR, "Apple plunges 40% after fraud admission", dates=changed) == {Fate.STORED: 1}
    assert polls.poll(NOW + 4 * HOUR, "Apple plunges 40% after fraud admission", dates=changed) == {}
    first, second = versions(store)
    assert (first.title, first.published_at, first.revises) == ("Apple to report at noon", NOW - HOUR, "")
    assert (second.title, second.published_at) == ("Apple plunges 40% after fraud admission", NOW + 2 * HOUR)
    assert second.revises == first.id


@pytest.mark.parametrize(
    "dates",
    [dated(-48 * HOUR), dated(-48 * HOUR, -48 * HOUR), dated(-48 * HOUR, 40 * HOUR), ""],
    ids=["published", "both the same", "updated in the future", "undated"],
)
def test_a_change_without_a_time_of_its_own_is_as_old_as_when_it_was_seen(polls: Polls, store: Store, dates: str) -> None:
    polls.poll(NOW, "Apple to report at noon", dates=dates)
    polls.poll(NOW + 3 * HOUR, "Apple to report at noon", "It plunged.", dates)
    first, second = versions(store)
    assert first.undated == (not dates)
    assert (second.text, second.published_at, second.undated) == ("It plunged.", NOW + 3 * HOUR, False)


def test_other_markup_and_spaces_are_no_version(polls: Polls, store: Store) -> None:
    polls.poll(NOW, "Apple &amp; Co report", "The &lt;b&gt;results&lt;/b&gt; are in", dated(-HOUR))
    assert polls.poll(NOW + HOUR, "Apple &amp; Co  report", "The &lt;i&gt;results&lt;/i&gt; are  in", dated(-HOUR, HOUR)) == {}
    assert len(versions(store)) == 1


def test_a_change_that_was_not_committed_is_delivered_again_and_stored_once(polls: Polls, store: Store, tmp_path: Path) -> None:
    polls.poll(NOW, "Apple to report at noon", dates=dated(-HOUR))
    saved = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert polls.poll(NOW + HOUR, "Apple plunges", dates=dated(-HOUR)) == {Fate.STORED: 1}
    for file, content in saved.items():
        file.write_bytes(content)
    assert polls.poll(NOW + 2 * HOUR, "Apple plunges", dates=dated(-HOUR)) == {Fate.DUPLICATE: 1}
    assert [row.published_at - NOW for row in versions(store)] == [-HOUR, HOUR]
