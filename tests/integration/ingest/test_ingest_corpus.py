"""Every oddity of `tests/corpus` gives the documents beside it, through every door that can carry it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from squall.core.errors import ConfigurationError
from squall.core.items import Item
from tests.support.corpus import (
    WRITERS,
    Pair,
    as_feed,
    pairs,
    plain_row,
    shown,
    through_feeds,
    through_file,
    through_kafka,
    through_kafka_again,
    through_push,
)
from tests.support.feed_server import FeedServer
from tests.support.pushing import PushDriver, pushing

FEEDS, FILES, TEXTS = pairs("feeds"), pairs("files"), pairs("texts")


def named(pair: Pair) -> str:
    return pair.name


@pytest.fixture(scope="module")
def polled() -> Iterator[dict[str, list[Item]]]:
    """The items of each feed of the corpus, and of each text as a feed, from one poll over HTTP."""
    server = FeedServer()
    feeds = {pair.name: (pair.path.read_bytes(), pair.expected.get("headers", {})) for pair in FEEDS}
    rows = {pair.name: plain_row(pair.path.read_bytes()) for pair in TEXTS}
    feeds |= {name: (as_feed(row), {}) for name, row in rows.items() if row}
    yield through_feeds(server, feeds)
    server.close()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[PushDriver, httpx.Client]]:
    with pushing() as served:
        yield served


def test_the_corpus_has_at_least_150_pairs_and_no_file_without_its_documents() -> None:
    listed = {pair.path for pair in FEEDS + FILES + TEXTS}
    assert len(listed) >= 150
    folders = {path.parent for path in listed}
    assert {path for folder in folders for path in folder.iterdir() if not path.name.endswith(".expected.json")} == listed


@pytest.mark.parametrize("pair", FEEDS, ids=named)
def test_a_feed_gives_its_documents(pair: Pair, polled: dict[str, list[Item]]) -> None:
    pair.check(polled[pair.name])


@pytest.mark.parametrize("pair", FILES, ids=named)
def test_a_file_gives_its_documents(pair: Pair) -> None:
    options = pair.expected.get("options", {})
    if "error" in pair.expected:
        with pytest.raises(ConfigurationError) as refusal:
            through_file(pair.path, options)
        assert pair.expected["error"] in str(refusal.value)
        return
    items, damage = through_file(pair.path, options)
    pair.check(items)
    assert pair.expected.get("nothing", "") in damage
    assert bool(damage) == ("nothing" in pair.expected)


@pytest.mark.parametrize("pair", TEXTS, ids=named)
def test_a_text_gives_the_same_document_through_every_door(
    pair: Pair, polled: dict[str, list[Item]], endpoint: tuple[PushDriver, httpx.Client], tmp_path: Path
) -> None:
    line = pair.path.read_bytes().strip()
    items, _ = through_file(pair.path, pair.expected.get("options", {}))
    pair.check(items)
    pair.check([through_kafka(line)])
    pushed, refused = through_push(*endpoint, line)
    assert shown(pushed, pair.expected["documents"]) == pair.expected["documents"]
    assert refused == pair.expected.get("rejected", [])
    for item in items:
        assert item.document is None or through_kafka_again(item.document) == item.document
    row = plain_row(line)
    if row is None:
        return
    for kind, write in WRITERS.items():
        write(row, path := tmp_path / f"f.{kind}")
        pair.check(through_file(path, {})[0])
    texts = [{name: value for name, value in fields.items() if name in {"title", "text"}} for fields in pair.expected["documents"]]
    assert shown(polled[pair.name], texts) == texts
