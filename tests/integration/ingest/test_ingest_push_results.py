"""What a sender is told about each document, by a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from squall.core.clock import SystemClock
from squall.core.config.settings import ProcessorSettings, PushSettings
from squall.ingest.push.results import PublishedVersions
from squall.ingest.push.source import PushSource
from squall.storage import Store
from squall.stream.drivers.inprocess import InProcessDriver
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import Processor
from tests.support.doubles import HashScorer, document
from tests.support.migrated_stores import open_migrated
from tests.support.pushing import GOOD


class Node:
    """The push endpoint, the driver without a broker, and a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._stop, clock = threading.Event(), SystemClock()
        limits = ProcessorSettings(batch_documents=3, batch_wait_seconds=0.01)
        processor = Processor(HashScorer(), store.documents, store.dead_letters, limits, clock, self._stop)
        source = PushSource(PushSettings(port=0), clock)
        source.start()
        driver = InProcessDriver(processor, ProgressTracker(store.progress, clock, {source.name}), limits, clock, self._stop)
        self._thread = threading.Thread(target=driver.run, args=({source.name: source.batches(self._stop)},))
        self._thread.start()
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{source.port}", timeout=20)

    def post(self, *documents: dict[str, Any]) -> Any:
        answer = self._client.post("/documents", json=list(documents))
        assert answer.status_code == 202, answer.text
        return answer.json()

    def close(self) -> None:
        self._client.close()
        self._stop.set()
        self._thread.join(20)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    store = open_migrated(tmp_path / "chdb")
    node = Node(store)
    yield node
    node.close()
    store.close()


def test_new_documents_are_told_from_those_that_are_stored_already(node: Node) -> None:
    batch = [{**GOOD, "id": str(number)} for number in range(8)]  # more than a micro-batch
    first = node.post(*batch)
    assert (first["accepted"], first["duplicates"], first["results"]) == (8, 0, ["stored"] * 8)
    second = node.post({**GOOD, "id": "new"}, batch[5], {**GOOD, "id": "new"})
    assert (second["accepted"], second["duplicates"], second["rejected"]) == (1, 2, 0)
    assert second["results"] == ["stored", "duplicate", "duplicate"]
    assert second["ids"][1] == first["ids"][5]
    assert next(iter(node.store.read("SELECT count() FROM documents")))[0] == 9


def test_a_document_with_another_text_is_a_version_of_the_stored_one(node: Node) -> None:
    first = node.post({**GOOD, "id": "1"})
    for expected in ("stored", "duplicate"):
        again = node.post({**GOOD, "id": "1", "title": "Bank does not fail"})
        assert (again["results"], again["ids"]) == ([expected], first["ids"])
    assert node.post({**GOOD, "id": "1"})["results"] == ["duplicate"]
    assert [row.title for row in node.store.documents.search()] == ["Bank does not fail"]
    assert [row.title for row in node.store.documents.versions(first["ids"][0])] == ["Bank does not fail", "Bank fails"]


def test_invalid_documents_are_dead_letters_and_their_neighbours_stored(node: Node) -> None:
    answer = node.post({**GOOD, "id": "1"}, {**GOOD, "text": 5}, {**GOOD, "id": "2"})
    assert answer["results"] == ["stored", "rejected", "stored"]
    assert [row[0] for row in node.store.read("SELECT reason FROM dead_letters")] == ["invalid_field"]


def test_requests_that_share_a_micro_batch_get_their_own_results(node: Node) -> None:
    answers: list[Any] = [None] * 6
    posts = [
        threading.Thread(
            target=lambda number=number: answers.__setitem__(number, node.post(*[{**GOOD, "id": f"{number}-{i}"} for i in range(number)]))
        )
        for number in range(6)
    ]
    for post in posts:
        post.start()
    for post in posts:
        post.join(20)
    assert [answer["results"] for answer in answers] == [["stored"] * number for number in range(6)]


def test_of_published_documents_the_latest_are_remembered() -> None:
    published = PublishedVersions(most=2)
    a, b, c = (document(number) for number in range(3))
    assert published.add([a, b, a]) == ["published", "published", "duplicate"]
    assert published.add([c]) == ["published"]
    assert published.add([a, b]) == ["duplicate", "published"], "b was published longest ago"


def test_a_published_document_with_another_text_is_new() -> None:
    published = PublishedVersions()
    changed = document(0, title="Bank does not fail")
    assert published.add([document(0), changed, changed]) == ["published", "published", "duplicate"]
