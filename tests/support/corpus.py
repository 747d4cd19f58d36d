"""The corpus of oddities in `tests/corpus`, and the doors that can carry its pairs. Its README.md says what a pair is."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import httpx
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from squall.core.clock import ManualClock
from squall.core.codec import HEADERS, encode_document
from squall.core.config.settings import IngestSettings
from squall.core.items import Item, Origin
from squall.core.records import Document
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from squall.stream.drivers.faust.decode import decode_item
from tests.support.feed_server import FeedServer, body
from tests.support.pushing import PushDriver

FOLDER = Path(__file__).parents[1] / "corpus"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
_EXPECTED = ".expected.json"
_ORIGIN = Origin("corpus", 0, 1)
_ID = b'{"id": "00000000000000000000000000000000", "kind": "news", "collected_at": "2026-03-02T15:00:00Z", '


@dataclass(frozen=True, slots=True)
class Pair:
    """A file, and what must become of it."""

    path: Path
    expected: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    def check(self, items: Sequence[Item]) -> None:
        """Compare the given fields of each document, and the reason of each rejection."""
        assert shown(items, self.expected["documents"]) == self.expected["documents"]
        assert [item.rejection.reason for item in items if item.rejection] == self.expected.get("rejected", [])


def pairs(kind: str) -> list[Pair]:
    """Return the pairs of a folder of the corpus."""
    found = sorted((FOLDER / kind).glob(f"*{_EXPECTED}"))
    return [Pair(path.with_name(path.name.removesuffix(_EXPECTED)), json.loads(path.read_text())) for path in found]


def shown(items: Sequence[Item], like: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each document the fields that the expected one has, as JSON; of those beyond, all."""
    documents = [item.document for item in items if item.document]
    wanted = [set(fields) for fields in like] + [set(Document.model_fields)] * max(0, len(documents) - len(like))
    return [orjson.loads(one.model_dump_json(include=names)) for one, names in zip(documents, wanted, strict=False)]


def through_file(path: Path, options: dict[str, Any]) -> tuple[list[Item], str]:
    """Return the items of a file, and why nothing of it is a document."""
    source = FileSource(path, ManualClock(NOW), FileOptions(**options))
    return [item for batch in source.batches(threading.Event()) for item in batch.items], source.damage


def through_feeds(server: FeedServer, feeds: dict[str, tuple[bytes, dict[str, str]]]) -> dict[str, list[Item]]:
    """Serve feeds (body and headers by name) and return the items of each, in the order of its entries."""
    for name, (content, headers) in feeds.items():
        server.answers[f"/{name}"] = body(content, **{key.replace("-", "_"): value for key, value in headers.items()})
    listed = [Feed(url=server.url(f"/{name}"), name=name) for name in feeds]
    settings = IngestSettings(host_interval_seconds=0.0001, private_hosts=("127.0.0.1",))
    polled = RssSource(listed, settings, ManualClock(NOW), Random(1), once=True)
    found: dict[str, list[Item]] = {name: [] for name in feeds}
    for batch in polled.batches(threading.Event()):
        # a batch is of one feed, which the documents name
        found.setdefault(next((item.document.source for item in batch.items if item.document), ""), []).extend(batch.items)
        batch.commit()
    return {name: items[::-1] for name, items in found.items()}


def through_push(driver: PushDriver, client: httpx.Client, line: bytes) -> tuple[list[Item], list[str]]:
    """Post one line; return the items, or the reasons of the refusal."""
    before = len(driver.batches)
    answer = client.post("/documents", content=line, headers={"Content-Type": "application/x-ndjson"})
    if answer.status_code == 202:
        return [item for batch in driver.batches[before:] for item in batch.items], []
    return [], [error["reason"] for error in answer.json()["detail"]["errors"]]


def through_kafka(line: bytes) -> Item:
    """Return the item of a message that another program wrote."""
    return decode_item(line.replace(b"{", _ID, 1) if line.startswith(b"{") else line, None, _ORIGIN)


def through_kafka_again(document: Document) -> Document | None:
    """Return a document that Squall has put onto Kafka."""
    return decode_item(encode_document(document), HEADERS, _ORIGIN).document


def as_csv(row: dict[str, str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)


def as_parquet(row: dict[str, str], path: Path) -> None:
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), path)


def as_feed(row: dict[str, str]) -> bytes:
    """Return an RSS feed whose HTML is the texts of a row."""
    title, text, link = (escape(row.get(name, "")) for name in ("title", "text", "url"))
    entry = f"<item><title>{title}</title><description>{text}</description><link>{link}</link></item>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>f</title>{entry}</channel></rss>'.encode()


WRITERS: dict[str, Callable[[dict[str, str], Path], None]] = {"csv": as_csv, "parquet": as_parquet}


def plain_row(line: bytes) -> dict[str, str] | None:
    """Return the row if tables and feeds can carry it: standard JSON, texts only."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and all(isinstance(value, str) and "\0" not in value for value in row.values()) else None
