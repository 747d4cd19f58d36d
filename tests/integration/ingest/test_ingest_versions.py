"""A row that changes is the same version of its document through every door: files of each form, pushes, and messages on Kafka."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.items import Fate, Item
from squall.core.text import document_id
from squall.stream.processor import Processor
from tests.support.corpus import NOW, WRITERS, through_file, through_kafka, through_kafka_again, through_push
from tests.support.doubles import HashScorer, MemoryStore
from tests.support.pushing import pushing

ROW = {"id": "7", "source": "wire", "title": "Apple to report at noon", "published_at": "2026-03-02T14:00:00Z"}
SAME = ROW | {"title": "Apple  to report at noon ", "url": "https://wire.example/7?utm_source=feed"}
CHANGED = ROW | {"title": "Apple plunges 40% after fraud admission", "published_at": "2026-03-02T14:30:00Z"}
Door = Callable[[dict[str, str]], Item]


@pytest.fixture(params=["csv", "jsonl", "parquet", "push", "kafka", "ingest and kafka"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    def file(row: dict[str, str], kind: str = request.param) -> Item:
        path = tmp_path / f"f.{kind}"
        WRITERS.get(kind, lambda row, path: path.write_bytes(orjson.dumps(row)))(row, path)
        (item,), _ = through_file(path, {})
        return item

    def kafka(row: dict[str, str]) -> Item:
        return through_kafka(orjson.dumps(row | {"id": document_id("wire", row["id"]), "kind": "news", "collected_at": NOW}))

    def ingest_and_kafka(row: dict[str, str]) -> Item:
        item = file(row, "jsonl")
        assert item.document is not None
        return Item(item.origin, document=through_kafka_again(item.document))

    if request.param == "push":
        with pushing() as (driver, client):

            def push(row: dict[str, str], client: httpx.Client = client) -> Item:
                return through_push(driver, client, orjson.dumps(row))[0][-1]

            yield push
    else:
        yield {"kafka": kafka, "ingest and kafka": ingest_and_kafka}.get(request.param, file)


def test_a_changed_row_is_a_version_and_one_that_says_the_same_a_duplicate(door: Door) -> None:
    store = MemoryStore()
    worker = Processor(HashScorer(), store, store, ProcessorSettings(), ManualClock(NOW), threading.Event())
    fates = [worker.process([door(row)])[0].fate for row in (ROW, SAME, CHANGED, CHANGED, ROW)]
    assert fates == [Fate.STORED, Fate.DUPLICATE, Fate.STORED, Fate.DUPLICATE, Fate.DUPLICATE]
    first, second = (row.document for row in store.rows.values())
    assert (first.id, first.title) == (document_id("wire", "7"), ROW["title"])
    assert (second.revises, second.title, second.published_at.minute) == (first.id, CHANGED["title"], 30)
