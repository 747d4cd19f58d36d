"""What it costs to choose posts of Bluesky, beside the parsing of their JSON that nobody gets around: measurements of one run, on one core.

`python -m pytest -s tests/benchmarks/test_social_filter.py` prints them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from random import Random

import orjson
import pytest

from squall.app.linking import open_linker
from squall.core.config.entities import EntitySettings
from squall.ingest.bluesky.options import BlueskyOptions
from squall.ingest.bluesky.source import BlueskySource
from tests.support.jetstream_server import POSTS as POSTS_COLLECTION
from tests.support.jetstream_server import jetstream_message
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


def messages() -> list[bytes]:
    """Posts as Jetstream sends them, about 1 kB each with their facets; one in twenty is about a company."""
    random, words = Random(3), WORDS.split()
    found = []
    for number in range(POSTS):
        text = random.choice(FINANCE) if number % 20 == 0 else " ".join(random.choices(words, k=random.randint(5, 40)))
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
