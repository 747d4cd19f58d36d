"""The Reddit source: PRAW itself, against a server that speaks Reddit's API."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import UnavailableError
from squall.core.items import Item
from squall.ingest.reddit.api import RedditApi
from squall.ingest.reddit.options import RedditOptions
from squall.ingest.reddit.source import RedditSource
from squall.ingest.registry.answer import first_answer
from squall.ingest.social.pauses import Pauses
from tests.support.reddit_server import CLIENT, RedditServer
from tests.support.source_context import source_context

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[RedditServer]:
    made = RedditServer(NOW.timestamp())
    yield made
    made.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def open_source(server: RedditServer, folder: Path, clock: ManualClock, **given: Any) -> RedditSource:
    values = {"subreddits": ["r/stocks", "investing"], "client_id": CLIENT[0], "client_secret": CLIENT[1], "contact": "ada_l", **given}
    options, context = RedditOptions.model_validate(values), source_context(folder, clock=clock)
    return RedditSource(options, context, RedditApi(options, context.http, server.url, server.url), Pauses(Random(1)))


def read(source: RedditSource, polls: int = 1) -> list[Item]:
    """Return the items of some polls, committed: a batch of each listing, and of what is looked at again."""
    items: list[Item] = []
    stop = threading.Event()
    ends = 0
    for batch in source.batches(stop):
        items += batch.items
        batch.commit()
        ends += batch.caught_up
        if ends >= polls * len(source._listings):
            break
    source.close()
    return items


def texts(items: list[Item]) -> list[str]:
    return [item.document.content for item in items if item.document]


def test_submissions_and_comments_come_once(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("Ford recalls", "All of them & more", age=60)
    server.comment("I sold $F", age=50)
    items = read(open_source(server, tmp_path, clock), polls=2)
    assert texts(items) == ["Ford recalls. All of them & more", "I sold $F"]
    document = items[1].document
    assert document is not None
    assert (document.author, document.symbols, document.source) == ("ada", ("F",), "reddit")
    assert document.url.startswith("https://www.reddit.com/r/stocks/comments/")
    assert all(agent.startswith("linux:squall:0.1.0 (by /u/ada_l)") for agent in server.agents)
    assert any("/r/stocks+investing/new" in path for path in server.requests)


def test_everything_since_the_last_poll_is_read_across_restarts(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("first", age=3_600)
    read(open_source(server, tmp_path, clock, comments=False))
    for number in range(250):
        server.submit(f"meanwhile {number}", age=1_800)
    server.submit("late", age=3_650)
    again = read(open_source(server, tmp_path, clock, comments=False))
    assert sorted(texts(again)) == sorted(["late", *(f"meanwhile {number}" for number in range(250))])
    assert texts(read(open_source(server, tmp_path, clock, comments=False))) == []


def test_what_was_not_committed_comes_again(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("first", age=60)
    batch = next(open_source(server, tmp_path, clock).batches(threading.Event()))
    assert texts(list(batch.items)) == ["first"]
    assert texts(read(open_source(server, tmp_path, clock))) == ["first"]


@pytest.mark.parametrize("listed", [1_000, 953])
def test_more_posts_than_reddit_lists_are_said_to_be_missing(
    server: RedditServer, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture, listed: int
) -> None:
    server.submit("first", age=3_600)
    read(open_source(server, tmp_path, clock, comments=False))
    for number in range(1_100):
        server.submit(f"meanwhile {number}", age=1_800)
    server.listed = listed
    source = open_source(server, tmp_path, clock, comments=False)
    assert len(read(source, polls=2)) == listed
    assert source.gaps == 1
    assert "posts are missing" in caplog.text


def test_many_posts_within_the_overlap_are_no_gap(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.listed = 600
    for number in range(700):
        server.submit(f"submission {number}", age=60 - number / 100)
    source = open_source(server, tmp_path, clock, comments=False)
    read(source, polls=2)
    assert source.gaps == 0


def test_edits_and_deletions_are_found_later(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    edited = server.submit("will change", "before", age=60)
    removed = server.comment("will be removed", age=60)
    gone = server.submit("will vanish", age=60)
    documents = [item.document for item in read(open_source(server, tmp_path, clock)) if item.document]
    first = {document.title or document.text: document.id for document in documents}
    edited |= {"selftext": "after", "edited": NOW.timestamp() + 5}
    removed["body"] = "[removed]"
    server.remove(gone)
    clock.advance(900)
    source = open_source(server, tmp_path, clock)
    items: list[Item] = []
    for batch in source.batches(threading.Event()):
        items += batch.items
        batch.commit()
        if len(items) == 3:
            break
    assert texts(items) == ["will change. after"]
    assert {item.deletion.id for item in items if item.deletion} == {first["will be removed"], first["will vanish"]}


def test_an_edit_after_which_a_post_is_not_wanted_takes_its_document_back(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    edited = server.submit("a bank fails", age=60)
    server.submit("a bank stands", age=50)
    documents = [item.document for item in read(open_source(server, tmp_path, clock, keywords=["bank"])) if item.document]
    edited |= {"title": "my cat", "edited": NOW.timestamp() + 5}
    items = read(open_source(server, tmp_path, clock, keywords=["bank"]), polls=2)
    assert [item.deletion.id for item in items if item.deletion] == [documents[0].id]
    assert len(items) == 1


def test_an_answer_that_knows_hardly_any_post_deletes_nothing(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    for number in range(3):
        server.submit(f"submission {number}", age=60)
    read(open_source(server, tmp_path, clock, comments=False))
    server.posts.clear()
    clock.advance(900)
    assert read(open_source(server, tmp_path, clock, comments=False), polls=3) == []


def test_failures_of_the_server_are_waited_out(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("first", age=60)
    server.failures = 1
    assert texts(read(open_source(server, tmp_path, clock))) == ["first"]


def test_too_many_requests_are_waited_out_as_long_as_reddit_asks(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("first", age=60)
    server.too_many = ["120", "Mon, 02 Mar 2026 15:10:00 GMT"]
    began = clock.monotonic()
    assert texts(read(open_source(server, tmp_path, clock, comments=False))) == ["first"]
    assert 120 <= clock.monotonic() - began < 180


def test_a_refusal_is_tried_again_until_it_passes(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.submit("first", age=60)
    server.refusals = 3
    source = open_source(server, tmp_path, clock, comments=False)
    assert texts(read(source)) == ["first"]
    assert source._context.report.failure == ""


def test_a_refused_login_is_a_failure_that_tells_of_the_approval(
    server: RedditServer, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    source = open_source(server, tmp_path, clock, client_secret="wrong")
    with pytest.raises(UnavailableError, match="refuses the app's login") as error:
        first_answer(source, source._context, threading.Event(), 5)
    assert "approval" in str(error.value)


def test_a_stop_is_prompt_although_reddits_limit_is_reached(server: RedditServer, tmp_path: Path, clock: ManualClock) -> None:
    server.remaining, server.reset = 1.0, 120
    stop = threading.Event()
    source = open_source(server, tmp_path, clock)
    thread = threading.Thread(target=lambda: list(source.batches(stop)))
    thread.start()
    deadline = time.monotonic() + 10
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len(server.requests) == 1
