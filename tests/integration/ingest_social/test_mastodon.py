"""The Mastodon source against a server that speaks its streaming and REST APIs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.errors import UnavailableError
from squall.core.items import Item
from squall.ingest.mastodon import source as mastodon
from squall.ingest.mastodon.options import MastodonOptions
from squall.ingest.mastodon.source import MastodonSource
from squall.ingest.registry.answer import first_answer
from squall.ingest.social.pauses import Pauses
from tests.support.mastodon_server import TOKEN, MastodonServer
from tests.support.source_context import source_context


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    made = MastodonServer(datetime.now(UTC) - timedelta(hours=5))
    yield made
    made.close()


class Reader:
    """A source read by a thread: `items` grows, every batch is committed."""

    def __init__(self, server: MastodonServer, folder: Path, **options: Any) -> None:
        given = {"url": server.url, "token": TOKEN, "hashtags": ("stocks", "markets"), **options}
        pauses = Pauses(Random(1), shortest=0.01, longest=0.02)
        self.source = MastodonSource(MastodonOptions.model_validate(given), source_context(folder), pauses)
        self.items: list[Item] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for batch in self.source.batches(self.stop):
            self.items += batch.items
            batch.commit()

    @property
    def texts(self) -> list[str]:
        return [item.document.text for item in self.items if item.document]

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def read(server: MastodonServer, tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    readers: list[Reader] = []

    def start(**options: Any) -> Reader:
        wanted = server.subscribed + len(options.get("hashtags", ("a", "b"))) + len(options.get("lists", ()))
        readers.append(Reader(server, tmp_path, **options))
        wait_for(lambda: server.subscribed >= wanted)
        wait_for(lambda: sum("timelines" in request for request in server.requests) >= wanted)
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def cut(server: MastodonServer, reader: Reader, then_refused: str = "") -> Iterator[None]:
    """Nothing is connected inside."""
    server.refused = "/"
    server.drop()
    wait_for(lambda: reader.source._context.report.failure != "")
    yield
    server.refused = then_refused


def deletions(items: list[Item]) -> list[str]:
    return [item.deletion.id for item in items if item.deletion]


def ids(items: list[Item], *texts: str) -> list[str]:
    return [item.document.id for item in items if item.document and item.document.text in texts]


def asked(server: MastodonServer) -> list[str]:
    return [request for request in server.requests if request.startswith("/api/v1/statuses/")]


def test_statuses_of_the_chosen_hashtags_come_once_as_plain_text(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    server.write('Ford &amp; <a href="x">#stocks</a> fall', "stocks", "markets", spoiler_text="loss")
    server.write("my cat", "cats")
    server.write("calm", "markets")
    wait_for(lambda: "calm" in reader.texts)
    assert reader.texts == ["Ford & #stocks fall", "calm"]
    first = reader.items[0].document
    assert first is not None
    assert (first.title, first.author, first.source) == ("loss", f"ada@127.0.0.1:{server.port}", "mastodon")


def test_an_edit_and_a_deletion_are_of_the_document_of_the_status(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    status = server.write("rises", "stocks")
    server.edit(status, "falls")
    server.delete(status)
    wait_for(lambda: len(reader.items) == 3)
    created, edited, deletion = reader.items
    assert reader.texts == ["rises", "falls"]
    assert created.document is not None
    assert edited.document is not None
    assert deletion.deletion is not None
    assert deletion.deletion.id == created.document.id == edited.document.id


def test_an_edit_after_which_a_status_is_not_wanted_takes_its_document_back(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read(keywords=["bank*"])
    status = server.write("a bank fails", "stocks")
    server.edit(status, "my cat")
    wait_for(lambda: len(reader.items) == 2)
    created, edited = reader.items
    assert created.document is not None
    assert edited.deletion is not None
    assert edited.deletion.id == created.document.id


def test_what_was_written_while_nobody_read_is_fetched_also_what_arrived_late(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    server.write("before", "stocks")
    wait_for(lambda: bool(reader.texts))
    reader.close()
    for number in range(100):
        server.write(f"meanwhile {number}", "stocks" if number % 2 else "markets", stream=False)
    server.write("late", "stocks", late_seconds=300.0, stream=False)
    again = Reader(server, Path(reader.source._context.cursor._store.folder))  # type: ignore[union-attr]
    wait_for(lambda: len(again.texts) >= 101)
    again.close()
    assert sorted(again.texts) == sorted([f"meanwhile {number}" for number in range(100)] + ["late"])


def test_nothing_is_lost_or_doubled_when_connections_are_cut_at_random(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    server.write("begin", "stocks")
    wait_for(lambda: "begin" in reader.texts)
    chance = Random(11)
    server.cut = lambda: chance.random() < 0.05
    for number in range(200):
        server.write(f"status {number}", "stocks", *(["markets"] if number % 3 else []))
        if number % 10 == 0:
            time.sleep(0.01)
    server.cut = lambda: False
    wait_for(lambda: len(reader.texts) >= 201)
    assert sorted(reader.texts) == sorted(["begin", *(f"status {number}" for number in range(200))])


def test_a_stream_that_falls_silent_is_noticed(
    server: MastodonServer, read: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mastodon, "CHECK_SECONDS", 0.2)
    reader = read()
    server.deaf = True
    server.write("unheard", "stocks")
    wait_for(lambda: reader.texts == ["unheard"])


def test_private_statuses_boosts_and_unwanted_words_are_left_out(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read(hashtags=("stocks",), keywords=("bank",), replies=False)
    server.write("bank for followers", "stocks", visibility="private")
    server.write("", "stocks", reblog={"id": "1"})
    server.write("bank, indeed", "stocks", in_reply_to_id="1")
    server.write("my cat", "stocks")
    server.write("a bank fails", "stocks")
    wait_for(lambda: bool(reader.texts))
    assert reader.texts == ["a bank fails"]


def test_the_limit_of_requests_is_respected(server: MastodonServer, read: Callable[..., Reader]) -> None:
    server.remaining = 3
    began = time.monotonic()
    reader = read()
    server.write("after", "stocks")
    wait_for(lambda: reader.texts == ["after"])
    assert server.remaining >= 0
    assert time.monotonic() - began >= 0.2  # two requests, the second of which left one: the reset was waited for


def test_a_refused_token_is_a_failure_that_says_so(server: MastodonServer, tmp_path: Path) -> None:
    options = MastodonOptions.model_validate({"url": server.url, "token": "wrong", "public": True})
    context = source_context(tmp_path)
    with pytest.raises(UnavailableError, match="refuses") as error:
        first_answer(MastodonSource(options, context), context, threading.Event(), 0.5)
    assert "wrong" not in str(error.value)
    assert "token" in str(error.value)


def test_a_refusal_is_tried_again_until_it_passes(server: MastodonServer, read: Callable[..., Reader], tmp_path: Path) -> None:
    reader = read()
    server.write("before", "stocks")
    wait_for(lambda: bool(reader.texts))
    server.refused = "/"
    server.drop()
    wait_for(lambda: reader.source._context.report.failure != "")
    server.write("meanwhile", "stocks")
    server.refused = ""
    wait_for(lambda: "meanwhile" in reader.texts)
    assert "refuses" not in reader.source._context.report.failure


def test_a_list_that_is_gone_does_not_hold_up_the_others(
    server: MastodonServer, read: Callable[..., Reader], caplog: pytest.LogCaptureFixture
) -> None:
    server.refused = "/api/v1/timelines/list/"
    reader = read(hashtags=("stocks",), lists=("77",))
    server.write("heard", "stocks")
    wait_for(lambda: reader.texts == ["heard"])
    assert "list/77: 404 Not Found" in caplog.text


def test_a_list_that_no_longer_goes_back_to_what_was_read_is_a_gap(
    server: MastodonServer, read: Callable[..., Reader], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.kept = 100
    reader = read(hashtags=(), lists=("77",))
    server.write("before")
    wait_for(lambda: bool(reader.texts))
    reader.close()
    for number in range(90):
        server.write(f"meanwhile {number}", stream=False)
    again = Reader(server, tmp_path, hashtags=(), lists=("77",))
    wait_for(lambda: len(again.texts) == 90)
    again.close()
    assert again.source.gaps == 0
    for number in range(150):
        server.write(f"later {number}", stream=False)
    last = Reader(server, tmp_path, hashtags=(), lists=("77",))
    wait_for(lambda: len(last.texts) == 100)
    last.close()
    assert last.source.gaps == 1
    assert "statuses of list:77 are missing: the server no longer has those from 20" in caplog.text


def test_a_streaming_address_on_a_private_network_is_not_connected_to(server: MastodonServer, tmp_path: Path) -> None:
    elsewhere = MastodonServer(datetime.now(UTC))
    server.streaming = elsewhere.url.replace("http", "ws")
    options = MastodonOptions.model_validate({"url": server.url, "token": TOKEN, "public": True})
    context = source_context(tmp_path)
    with pytest.raises(UnavailableError, match="SQUALL_INGEST__PRIVATE_HOSTS"):
        first_answer(MastodonSource(options, context), context, threading.Event(), 0.5)
    assert elsewhere.requests == []
    elsewhere.close()


def test_what_was_deleted_or_edited_while_nothing_was_connected_is_delivered_once(tmp_path: Path) -> None:
    server = MastodonServer(datetime.now(UTC) - timedelta(hours=5), step_seconds=120.0)  # most are older than what is read again anyway
    reader = Reader(server, tmp_path, hashtags=("stocks", "markets"), keywords=["post"])
    wait_for(lambda: server.subscribed == 2)
    statuses = [server.write(f"post {number}", "stocks", *(["markets"] if number % 2 else [])) for number in range(50)]
    wait_for(lambda: len(reader.texts) == 50)
    with cut(server, reader):
        for number in (0, 3, 49):
            server.delete(statuses[number])
        server.edit(statuses[5], "post that was edited")
        server.edit(statuses[6], "my cat")
    wait_for(lambda: len(reader.items) == 55)
    for _ in range(2):
        with cut(server, reader):
            server.write("post of meanwhile", "stocks")
    wait_for(lambda: reader.texts.count("post of meanwhile") == 2)
    reader.close()
    server.close()
    assert sorted(deletions(reader.items)) == sorted(ids(reader.items, "post 0", "post 3", "post 49", "post 6"))
    assert sorted(reader.texts) == sorted([*(f"post {n}" for n in range(50)), "post that was edited", *["post of meanwhile"] * 2])
    assert len(asked(server)) == 3


def test_the_only_status_of_a_timeline_is_deleted_if_the_server_says_so(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read(hashtags=("stocks",))
    status = server.write("alone", "stocks")
    wait_for(lambda: reader.texts == ["alone"])
    with cut(server, reader):
        server.delete(status)
    wait_for(lambda: deletions(reader.items) == ids(reader.items, "alone"))


def test_a_deletion_that_was_not_committed_is_delivered_again(server: MastodonServer, read: Callable[..., Reader], tmp_path: Path) -> None:
    reader = read(hashtags=("stocks",))
    statuses = [server.write(f"post {number}", "stocks") for number in range(3)]
    wait_for(lambda: len(reader.texts) == 3)
    reader.close()
    server.delete(statuses[1])
    options = MastodonOptions.model_validate({"url": server.url, "token": TOKEN, "hashtags": ("stocks",)})
    for _ in range(2):  # a crash: nothing is committed
        source = MastodonSource(options, source_context(tmp_path))
        found = next(batch.items for batch in source.batches(threading.Event()) if batch.items)
        source.close()
        assert deletions(found) == ids(reader.items, "post 1")


@pytest.mark.parametrize("failing", ["max_id", "/api/v1/statuses/"])
def test_a_request_that_fails_deletes_nothing_and_is_made_again(
    failing: str, server: MastodonServer, read: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mastodon, "RECHECK_SECONDS", 0.05)
    reader = read(hashtags=("stocks",))
    statuses = [server.write(f"post {number}", "stocks") for number in range(3)]
    wait_for(lambda: len(reader.texts) == 3)
    server.failing = failing
    with cut(server, reader):
        server.delete(statuses[1])
    before = len(server.requests)
    wait_for(lambda: sum(failing in request for request in server.requests[before:]) >= 3)
    assert deletions(reader.items) == []
    server.failing = ""
    wait_for(lambda: deletions(reader.items) == ids(reader.items, "post 1"))


def test_a_timeline_that_is_empty_or_refused_deletes_nothing_by_itself(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    statuses = [server.write(f"post {number}", "stocks") for number in range(3)]
    wait_for(lambda: len(reader.texts) == 3)
    with cut(server, reader):
        for status in statuses:
            status["tags"] = []  # as of an account that the server hides: it is there, and in no timeline
    wait_for(lambda: len(asked(server)) == 3)
    server.write("heard", "markets")
    wait_for(lambda: "heard" in reader.texts)
    with cut(server, reader, then_refused="/api/v1/timelines/tag/markets"):
        server.delete(server.statuses[-1])
    server.write("afterwards", "stocks")
    wait_for(lambda: "afterwards" in reader.texts)
    assert deletions(reader.items) == []


def test_a_status_whose_hashtag_was_edited_away_is_taken_back(server: MastodonServer, read: Callable[..., Reader]) -> None:
    reader = read()
    statuses = [server.write(f"post {number}", "stocks") for number in range(3)]
    wait_for(lambda: len(reader.texts) == 3)
    with cut(server, reader):
        statuses[1]["tags"] = [{"name": "cats"}]
        server.edit(statuses[1], "post 1 about cats")
    wait_for(lambda: deletions(reader.items) == ids(reader.items, "post 1"))
    assert len(reader.texts) == 3
