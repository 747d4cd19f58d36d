"""How many documents a second come through each door, and what cleaning their texts costs of it: measurements of one run, on one core.

`python -m pytest -s tests/benchmarks/test_doors.py` prints them, with `-k row` only what the steps from a row of JSON lines to its document
take. Without cleaning: the function that removes markup is replaced by one
that does nothing; a message on Kafka says that it has none.
"""

from __future__ import annotations

import csv
import gc
import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.cleaning.markup import readable
from squall.core.clock import ManualClock
from squall.core.codec import HEADERS
from squall.core.dates.publication_time import parse_time
from squall.core.items import Origin
from squall.core.records import Document, Kind
from squall.core.text import clean
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import native_id_of
from squall.ingest.file.columns import Columns
from squall.ingest.file.source import FileSource
from squall.ingest.identity import identify
from squall.ingest.links import trimmed
from squall.ingest.rss.feed_formats import parse_feed
from squall.stream.drivers.faust.decode import decode_item
from tests.support.pushing import pushing

pytestmark = pytest.mark.benchmark

ROWS = 4_000
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MOST_SLOWER = 1.10
"""Cleaning may make a door so much slower, against documents that are not cleaned and made by pydantic's constructor, as all were before
there were short ways. Against the short ways, which halve the time of a row, the same cleaning is a larger share; that is printed too."""
MOST_SLOWER_FOREIGN = 1.25
"""Messages on Kafka of other programs, against Squall's own, which are not cleaned again. Of 9 µs for each of its own, removing the tags of
one text in ten takes 9%; by JSON, checks, times and `Document.of_clean` the others take as long as pydantic takes for its own."""
LEAST_SPEED_UP = 1.5
"""Of the short ways from a row to its document against the general ones."""
MOST_TURNS = 15
EVERY_TENTH = "<p>Shares of <b>Harbor</b> Union fell 3.2% &amp; more, says <a href='http://example.com/a'>the desk</a>.</p>"
"""Of texts with markup there are as many as in a usual file: one in ten."""
TEXT = "Harbor Union Bank said on Monday that it halts withdrawals after a run on deposits, and that its chief executive leaves at once."


def row(number: int) -> dict[str, str]:
    """A row of the usual columns, 350 bytes as JSON."""
    return {
        "id": f"{number:08}",
        "source": "desk",
        "title": f"Harbor Union halts withdrawals after a run on deposits, {number}",
        "text": EVERY_TENTH if number % 10 == 0 else TEXT,
        "url": f"https://example.com/markets/2026/03/02/{number}",
        "published_at": (NOW - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


DATA = [row(number) for number in range(ROWS)]
MESSAGES = [orjson.dumps({**one, "id": f"{int(one['id']):032x}", "kind": "news", "collected_at": NOW}) for one in DATA]


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in DATA))


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(DATA[0]))
        writer.writeheader()
        writer.writerows(DATA)


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(DATA), path)


WRITERS: dict[str, Callable[[Path], None]] = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet}


def through_file(path: Path) -> int:
    source = FileSource(path, ManualClock(NOW))
    return sum(item.document is not None for batch in source.batches(threading.Event()) for item in batch.items)


def through_kafka(messages: list[bytes], headers: list[tuple[str, bytes]] | None = None) -> int:
    return sum(decode_item(message, headers, Origin("t", 0, 1)).document is not None for message in messages)


def through_feeds(feeds: list[bytes]) -> int:
    return sum(len(parse_feed(feed, "application/rss+xml; charset=utf-8", "http://example.com/")) for feed in feeds)


def feed(rows: list[dict[str, str]]) -> bytes:
    items = "".join(
        f"<item><guid>{one['id']}</guid><title>{escape(one['title'])}</title><description>{escape(one['text'])}</description></item>"
        for one in rows
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>f</title>{items}</channel></rss>'.encode()


def doors(folder: Path, stack: ExitStack) -> dict[str, tuple[Callable[[], int], int]]:
    """What reads the rows through each door and returns how many documents came, and how many they are."""
    found: dict[str, tuple[Callable[[], int], int]] = {}
    for kind, write in WRITERS.items():
        write(path := folder / f"f.{kind}")
        found[f"file, {kind}"] = (lambda path=path: through_file(path)), ROWS  # type: ignore[misc]
    found[FOREIGN] = (lambda: through_kafka(MESSAGES)), ROWS
    driver, client = stack.enter_context(pushing())
    bodies = [orjson.dumps(DATA[start : start + 500]) for start in range(0, ROWS, 500)]
    found["push"] = (lambda: sum(client.post("/documents", content=one, headers=_JSON).json()["accepted"] for one in bodies)), ROWS
    feeds = [feed(DATA[start : start + 50]) for start in range(0, 1_000, 50)]
    found["feeds"] = (lambda: through_feeds(feeds)), 1_000
    assert driver.running
    return found


_JSON = {"Content-Type": "application/json"}
FOREIGN = "Kafka, messages of other programs"
CLEANERS = {"squall.ingest.fields.readable": clean, "squall.ingest.rss.feed_formats.plain": str}


def seconds(read: Callable[[], int], documents: int) -> float:
    """Processor time of this process; the one that decodes Parquet has its own, which cleaning does not change."""
    gc.collect()
    gc.disable()  # a collection of what others left behind would count for whoever allocates next
    try:
        began = time.process_time()
        # the push endpoint knows them the second time, but for those whose text was published with another cleaning: a new version
        assert read() in {documents, documents // 10, 0}
        return time.process_time() - began
    finally:
        gc.enable()


def test_no_door_is_more_than_a_tenth_slower_than_before_texts_were_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken in turns: a busy machine disturbs both."""
    with ExitStack() as stack:
        found = doors(tmp_path, stack)
        as_it_was = {FOREIGN: lambda: through_kafka(MESSAGES, HEADERS)}
        for name, (read, documents) in found.items():
            cleaned: list[float] = []
            plain: list[float] = []
            short: list[float] = []
            # the least of both comes closer to what it takes with every turn, however busy the machine
            most = MOST_SLOWER_FOREIGN if name == FOREIGN else MOST_SLOWER
            while len(plain) < 3 or (min(cleaned) >= most * min(plain) and len(plain) < MOST_TURNS):
                cleaned.append(seconds(read, documents))
                with monkeypatch.context() as without:
                    for cleaner, nothing in CLEANERS.items():
                        without.setattr(cleaner, nothing)
                    short.append(seconds(as_it_was.get(name, read), documents))
                    without.setattr(Document, "of_clean", lambda **fields: Document(**fields))
                    plain.append(seconds(as_it_was.get(name, read), documents))
            ratio = min(cleaned) / min(plain)
            rates = f"{documents / min(cleaned):,.0f} documents a second, {documents / min(plain):,.0f} not cleaned and by the constructor"
            print(f"{name}: {rates}, {ratio:.3f} times as long; not cleaned, by the short ways: {documents / min(short):,.0f}")
            assert ratio < most, name


LINES = [json.dumps(one).encode() for one in DATA]
COLLECTED_AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
WHOLE = "a row of a file, all of the above"
OF_THE_FILE = Defaults(source="desk")


def microseconds(step: Callable[[dict[str, Any]], object], rows: list[bytes] = LINES) -> float:
    """Processor time of a step for each row, in microseconds: the least of twenty rounds over rows that are parsed anew."""
    best = float("inf")
    for _ in range(20):
        parsed = [orjson.loads(one) for one in rows]
        began = time.process_time()
        for one in parsed:
            step(one)
        best = min(best, time.process_time() - began)
    return best / len(rows) * 1e6


def made(make: Callable[..., Document]) -> Callable[[dict[str, Any]], Document]:
    times = {"published_at": COLLECTED_AT, "collected_at": COLLECTED_AT}
    rest = {"id": "0" * 32, "kind": Kind.NEWS, "author": "", "language": "und", "symbols": (), "undated": False} | times
    return lambda one: make(source=one["source"], url=one["url"], title=one["title"], text=one["text"], **rest)


def test_a_usual_row_becomes_a_document_by_short_ways(tmp_path: Path) -> None:
    write_jsonl(path := tmp_path / "f.jsonl")
    plain, tagged = [LINES[number] for number in range(ROWS) if number % 10], LINES[::10]
    columns = Columns({})
    steps = {
        "a line as JSON": min(seconds(lambda: len([orjson.loads(line) for line in LINES]), ROWS) for _ in range(20)) / ROWS * 1e6,
        "its columns as fields": microseconds(lambda one: columns.layout(one).fields(one)),
        "texts without markup": microseconds(lambda one: (readable(one["title"]), readable(one["text"])), plain),
        "texts with markup (one row in ten)": microseconds(lambda one: (readable(one["title"]), readable(one["text"])), tagged),
        "time": microseconds(lambda one: parse_time(one["published_at"])),
        "link": microseconds(lambda one: trimmed(one["url"])),
        "id": microseconds(lambda one: identify("desk", native_id_of(one), "", tuple)),
        "Document.of_clean": microseconds(made(Document.of_clean)),
        "build_document, all of the above but the first two": microseconds(lambda one: build_document(one, OF_THE_FILE, COLLECTED_AT)),
        WHOLE: min(seconds(lambda: through_file(path), ROWS) for _ in range(20)) / ROWS * 1e6,
        "by the general ways: time": microseconds(lambda one: parse_time(f" {one['published_at']}")),
        "by the general ways: Document()": microseconds(made(Document)),
    }
    for name, taken in steps.items():
        print(f"{name}: {taken:.2f} µs")
    print(f"{1e6 / steps[WHOLE]:,.0f} rows a second")
    assert steps["by the general ways: Document()"] > LEAST_SPEED_UP * steps["Document.of_clean"]
