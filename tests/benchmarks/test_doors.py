"""How many documents a second come through each door, and what cleaning their texts costs of it: measurements of one run, on one core.

`python -m pytest -s tests/benchmarks/test_doors.py` prints them. Without cleaning: the function that removes markup is replaced by one
that does nothing; a message on Kafka says that it has none.
"""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.clock import ManualClock
from squall.core.codec import HEADERS
from squall.core.items import Origin
from squall.core.text import clean
from squall.ingest.file.source import FileSource
from squall.ingest.rss.feed_formats import parse_feed
from squall.stream.drivers.faust.decode import decode_item
from tests.support.pushing import pushing

ROWS = 4_000
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MOST_SLOWER = 1.10
"""Cleaning may make a door so much slower."""
MOST_SLOWER_FOREIGN = 2.5
"""Messages on Kafka of other programs: 15 µs each when nothing is cleaned, and one in ten is parsed twice and loses its tags. Squall's own
messages are not cleaned again."""
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
    began = time.process_time()
    assert read() in {documents, 0}  # the push endpoint knows them the second time
    return time.process_time() - began


@pytest.mark.slow
def test_cleaning_costs_no_door_more_than_a_tenth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken in turns: a busy machine disturbs both."""
    with ExitStack() as stack:
        found = doors(tmp_path, stack)
        as_it_was = {FOREIGN: lambda: through_kafka(MESSAGES, HEADERS)}
        for name, (read, documents) in found.items():
            cleaned, plain = [], []
            # the least of both comes closer to what it takes with every turn, however busy the machine
            most = MOST_SLOWER_FOREIGN if name == FOREIGN else MOST_SLOWER
            while len(plain) < 3 or (min(cleaned) >= most * min(plain) and len(plain) < MOST_TURNS):
                cleaned.append(seconds(read, documents))
                with monkeypatch.context() as without:
                    for cleaner, nothing in CLEANERS.items():
                        without.setattr(cleaner, nothing)
                    plain.append(seconds(as_it_was.get(name, read), documents))
            ratio = min(cleaned) / min(plain)
            rates = f"{documents / min(cleaned):,.0f} documents a second, {documents / min(plain):,.0f} without cleaning"
            print(f"{name}: {rates}, {ratio:.3f} times as long")
            assert ratio < most, name
