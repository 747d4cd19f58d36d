"""What it costs to choose posts of Bluesky, beside the parsing of their JSON that nobody gets around: measurements of one run, on one core.

`python -m pytest -s tests/benchmarks/test_social_filter.py` prints them; FIREHOSE_SECONDS=3600 before it reads the stream for an hour.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from random import Random

import orjson
import pytest

from squall.app.linking import open_linker
from squall.core.config.entities import EntitySettings
from squall.ingest.bluesky.options import BlueskyOptions
from squall.ingest.bluesky.source import BlueskySource
from squall.ingest.social.text_filter import TextFilter
from tests.support.jetstream_server import POSTS as POSTS_COLLECTION
from tests.support.jetstream_server import JetstreamServer, jetstream_message
from tests.support.source_context import source_context

pytestmark = pytest.mark.benchmark

POSTS = 4_000
WORDS = (
    "the a my this that cat dog coffee morning train city book film song rain friend game really never again love think about people today "
    "tonight finally made new photo work week year good bad great why what when market price vote news government season team"
)
FINANCE = (
    "Ford recalls 30,000 trucks over a fault of their brakes",
    "$TSLA down again, who is still holding?",
    "Harbor Union halts withdrawals after a run on deposits",
    "Deutsche Bank cuts its outlook for the euro area",
)
KEYWORDS = tuple(f"{word} {other}" for word in ("profit", "dividend", "credit", "default", "debt") for other in ("warning", "cut", "risk"))
MOST_TIMES_PARSING = {"keywords": 12.0, "keywords, cashtags": 12.0, "keywords, cashtags, companies": 250.0}
"""Twice what was measured. Companies are looked for among 99,000 forms of names, and each that is found is weighed."""
LEAST_PER_CORE = 1_000
"""500 a second on half a core."""
RATE = 500
SECONDS = int(os.environ.get("FIREHOSE_SECONDS", "20"))
MOST_GROWTH_MB = 8.0
"""Of the reader's memory from a quarter of the stream to its end."""


def text_of(number: int, random: Random, words: list[str]) -> str:
    return random.choice(FINANCE) if number % 20 == 0 else " ".join(random.choices(words, k=random.randint(5, 40)))


def messages() -> list[bytes]:
    """Posts as Jetstream sends them, about 1 kB each with their facets; one in twenty is about a company."""
    random, words = Random(3), WORDS.split()
    found = []
    for number in range(POSTS):
        text = text_of(number, random, words)
        link = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://www.example.com/{number}/" + "x" * 40}
        parent = {"cid": "bafyrei" + "a" * 52, "uri": f"at://did:plc:{number:024x}/{POSTS_COLLECTION}/3m{number:011d}"}
        record = {
            "$type": POSTS_COLLECTION,
            "createdAt": "2026-11-29T20:00:00.000Z",
            "langs": ["en"],
            "text": text,
            "facets": [{"features": [link], "index": {"byteStart": 0, "byteEnd": 5}}],
            "reply": {"parent": parent, "root": parent},
        }
        commit = {"rev": "3r", "operation": "create", "collection": POSTS_COLLECTION, "rkey": f"3m{number:011d}", "cid": "bafy"}
        event = jetstream_message(number + 1, 1_790_000_000_000_000 + number, f"did:plc:{number:024x}", {**commit, "record": record})
        found.append(json.dumps(event).encode())
    return found


def fastest(run: Callable[[], None]) -> float:
    """Seconds of CPU of the fastest of five runs."""
    times = []
    for _ in range(5):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def test_a_firehose_of_500_posts_a_second_is_filtered_on_half_a_core() -> None:
    linker = open_linker(EntitySettings())
    sent = messages()
    chosen: dict[str, dict[str, object]] = {
        "keywords": {"keywords": KEYWORDS},
        "keywords, cashtags": {"keywords": KEYWORDS, "cashtags": True},
        "keywords, cashtags, companies": {"keywords": KEYWORDS, "cashtags": True, "companies": True},
    }

    def parse() -> None:
        for message in sent:
            orjson.loads(message)

    def through(options: dict[str, object]) -> None:
        source = BlueskySource(BlueskyOptions.model_validate(options), source_context(None, linker=lambda: linker))
        for message in sent:
            source._handle(message)

    parsing = fastest(parse)
    print(f"\nparsing: {POSTS / parsing:,.0f} posts/s")
    for name, options in chosen.items():
        seconds = fastest(lambda options=options: through(options))  # type: ignore[misc]
        print(f"{name}: {POSTS / seconds:,.0f} posts/s, {seconds / parsing:.1f} times the parsing")
        assert POSTS / seconds > LEAST_PER_CORE
        assert seconds / parsing < MOST_TIMES_PARSING[name]


def serve(told: Connection) -> None:
    """A firehose of `RATE` posts a second for `SECONDS` from when the first request has come, in a process of its own."""
    server = JetstreamServer(int(time.time() * 1e6), step_us=1_000_000 // RATE)
    told.send(server.url)
    random, words = Random(3), WORDS.split()
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://www.example.com/" + "x" * 40}
    facets = [{"features": [link], "index": {"byteStart": 0, "byteEnd": 5}}]
    while not server.requests:
        time.sleep(0.01)
    began = time.monotonic()
    for number in range(RATE * SECONDS):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        server.post(text_of(number, random, words), did=f"did:plc:{number:024x}", facets=facets)
    server.post("the end of the profit warning")
    told.recv()


@pytest.fixture
def firehose() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    yield ours.recv()
    ours.send("enough")
    process.join(10)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 300)
def test_a_stream_of_500_posts_a_second_is_read_on_half_a_core_and_memory_stays_flat(firehose: str) -> None:
    linker = open_linker(EntitySettings())
    options = {"url": firehose, "keywords": KEYWORDS, "cashtags": True, "companies": True, "compression": False}
    context = source_context(None, linker=lambda: linker)
    source = BlueskySource(BlueskyOptions.model_validate(options), context)
    began, wall, memory = 0.0, 0.0, 0
    chosen, late = 0, []
    for batch in source.batches(threading.Event()):
        batch.commit()
        chosen += len(batch.items)
        late += [context.clock.now().timestamp() - item.document.collected_at.timestamp() for item in batch.items if item.document]
        if not began and chosen >= RATE * SECONDS // 100:  # the names are loaded
            began, wall, memory = time.process_time(), time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if any(item.document and "the end" in item.document.text for item in batch.items):
            break
    used, seconds = time.process_time() - began, time.monotonic() - wall
    source.close()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    share, each = used / seconds, used / (RATE * seconds) * 1e6
    print(f"\n{chosen:,} of {RATE * SECONDS:,} posts chosen; {share:.0%} of a core at {RATE} a second, {each:,.0f} µs a post")
    print(f"memory +{grown:.1f} MB; the oldest post of a batch waited {max(late):.2f} s")
    wanted = TextFilter(source._options, lambda text: {link.entity for link in linker.link(text) if link.relevance > 0})
    random, words = Random(3), WORDS.split()
    assert chosen == 1 + sum(wanted.wants(text_of(number, random, words)) for number in range(RATE * SECONDS))
    assert share < 0.5
    assert grown < MOST_GROWTH_MB
