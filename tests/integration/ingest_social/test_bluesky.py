"""The Bluesky source against a server that speaks Jetstream, versions 1 and 2."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.errors import UnavailableError
from squall.core.items import Batch, Item
from squall.ingest.bluesky import source as bluesky
from squall.ingest.bluesky.options import BlueskyOptions
from squall.ingest.bluesky.source import BlueskySource
from squall.ingest.registry.answer import first_answer
from squall.ingest.social.pauses import Pauses
from tests.support.jetstream_server import JetstreamServer, train_dictionary
from tests.support.source_context import source_context

HOUR = 3_600


@pytest.fixture
def server() -> Iterator[JetstreamServer]:
    made = JetstreamServer(int((datetime.now(UTC).timestamp() - 50 * HOUR) * 1e6))
    yield made
    made.close()


@pytest.fixture(params=["v1", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def open_source(server: JetstreamServer, folder: Path, protocol: str = "v2", **options: Any) -> BlueskySource:
    wanted = {"keywords": ("bank",), "compression": False, **options}
    pauses = Pauses(Random(1), shortest=0.01, longest=0.02)
    return BlueskySource(BlueskyOptions(url=server.url, protocol=protocol, **wanted), source_context(folder), pauses)  # type: ignore[arg-type]


def read(source: BlueskySource, until: Callable[[list[Item]], bool]) -> list[Item]:
    """Return what the source delivers, committed."""
    items: list[Item] = []
    for batch in source.batches(threading.Event()):
        items += batch.items
        batch.commit()
        if until(items):
            break
    source.close()
    return items


def texts(items: list[Item]) -> list[str]:
    return [item.document.text for item in items if item.document]


def start_at_tip(server: JetstreamServer, folder: Path, protocol: str, **options: Any) -> None:
    """Read one post, so that there is a cursor."""
    source = open_source(server, folder, protocol, **options)
    arrival = threading.Timer(0.0, lambda: (wait_for(lambda: bool(server.requests)), time.sleep(0.05), server.post("first bank")))
    arrival.start()
    assert texts(read(source, lambda items: bool(items))) == ["first bank"]


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_was_posted_while_nobody_read_is_delivered_and_only_what_is_wanted(
    server: JetstreamServer, tmp_path: Path, protocol: str
) -> None:
    start_at_tip(server, tmp_path, protocol)
    server.post("a bank fails")
    server.post("my cat")
    server.post("embankment")
    server.post("The BANK of England")
    server.post("last bank")
    assert texts(read(open_source(server, tmp_path, protocol), lambda items: "last bank" in texts(items))) == [
        "a bank fails",
        "The BANK of England",
        "last bank",
    ]


def test_nothing_is_lost_or_doubled_when_connections_are_cut_at_random(server: JetstreamServer, tmp_path: Path, protocol: str) -> None:
    start_at_tip(server, tmp_path, protocol)
    posted = []
    for number in range(300):
        posted += [f"bank {number}"]
        server.post(posted[-1])
        server.post(f"cat {number}")
    chance = Random(7)
    server.cut = lambda: chance.random() < 0.03
    delivered: list[str] = []
    while "bank 299" not in delivered:  # each time the process dies after some committed batches and one that is not
        source = open_source(server, tmp_path, protocol)
        items: list[str] = []
        for batch in source.batches(threading.Event()):
            items += texts(list(batch.items))
            if chance.random() < 0.1 and "bank 299" not in items:
                break  # the batch on its way is lost with the process
            batch.commit()
            delivered += texts(list(batch.items))
            if "bank 299" in items:
                break
        source.close()
    assert delivered == posted
    assert len(server.requests) > 10


def test_an_edit_and_a_deletion_are_of_the_document_of_the_post(server: JetstreamServer, tmp_path: Path, protocol: str) -> None:
    start_at_tip(server, tmp_path, protocol)
    rkey = server.post("a bank fails")
    server.post("a bank has not failed", rkey=rkey, operation="update")
    server.post("", rkey=rkey, operation="delete")
    items = read(open_source(server, tmp_path, protocol), lambda items: any(item.deletion for item in items))
    created, edited, deletion = items
    assert created.document is not None
    assert edited.document is not None
    assert deletion.deletion is not None
    assert deletion.deletion.id == created.document.id == edited.document.id


def test_an_edit_after_which_a_post_is_not_wanted_takes_its_document_back(server: JetstreamServer, tmp_path: Path, protocol: str) -> None:
    start_at_tip(server, tmp_path, protocol)
    rkey = server.post("a bank fails")
    server.post("my cat", rkey=rkey, operation="update")
    server.post("last bank")
    items = read(open_source(server, tmp_path, protocol), lambda items: "last bank" in texts(items))
    assert [item.document.text if item.document else item.deletion.id for item in items] == [  # type: ignore[union-attr]
        "a bank fails",
        items[0].document.id,  # type: ignore[union-attr]
        "last bank",
    ]


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_what_was_written_before_the_first_start_does_not_follow_its_edit_or_deletion(
    server: JetstreamServer, tmp_path: Path, operation: str
) -> None:
    rkey = server.post("an old bank")
    source = open_source(server, tmp_path, "v1")
    arrival = threading.Timer(
        0.0, lambda: (wait_for(lambda: bool(server.requests)), time.sleep(0.05), server.post("a new bank", "did:plc:ada", rkey, operation))
    )
    arrival.start()
    assert len(read(source, bool)) == 1
    server.post("last bank")
    assert texts(read(open_source(server, tmp_path, "v1"), lambda items: "last bank" in texts(items))) == ["last bank"]


def test_posts_that_the_server_no_longer_has_are_said_to_be_missing(
    server: JetstreamServer, tmp_path: Path, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    start_at_tip(server, tmp_path, protocol)
    for _ in range(100):
        server.post("lost bank")
    server.post("kept bank")
    server.floor = len(server.events)
    source = open_source(server, tmp_path, protocol)
    with caplog.at_level(logging.WARNING):
        assert texts(read(source, lambda items: bool(items))) == ["kept bank"]
    assert source.gaps == 1
    assert "posts are missing: the server no longer has those from" in caplog.text


def test_a_restart_within_what_the_server_keeps_is_no_gap(server: JetstreamServer, tmp_path: Path, protocol: str) -> None:
    start_at_tip(server, tmp_path, protocol)
    server.post("next bank")
    source = open_source(server, tmp_path, protocol)
    read(source, lambda items: bool(items))
    assert source.gaps == 0


def test_the_numbers_of_another_process_of_the_server_are_not_believed(server: JetstreamServer, tmp_path: Path) -> None:
    start_at_tip(server, tmp_path, "v2")
    server.events.insert(0, (0, 0, "did:plc:x", {}))  # another process counts otherwise
    server.events = [(number, *event[1:]) for number, event in enumerate(server.events, 1)]
    server.boot = "boot-2"
    server.post("next bank")
    assert texts(read(open_source(server, tmp_path, "v2"), lambda items: bool(items))) == ["next bank"]
    assert int(server.requests[-1]["cursor"][0]) > 10**15  # by time


def test_messages_come_compressed_and_a_new_dictionary_is_fetched(server: JetstreamServer, tmp_path: Path) -> None:
    server.dictionary = train_dictionary()
    start_at_tip(server, tmp_path, "v2", compression=True)
    assert server.requests[-1]["zstdDictionary"] == [str(server.dictionary.dict_id())]
    server.accepts_dictionary = False
    server.post("next bank")
    assert texts(read(open_source(server, tmp_path, "v2", compression=True), lambda items: bool(items))) == ["next bank"]
    assert "zstdDictionary" not in server.requests[-1]


def test_only_chosen_authors_are_read(server: JetstreamServer, tmp_path: Path, protocol: str) -> None:
    start_at_tip(server, tmp_path, protocol)
    server.post("bank of somebody", did="did:plc:other")
    server.post("bank of ada", did="did:plc:ada")
    source = open_source(server, tmp_path, protocol, authors=("did:plc:ada",))
    assert texts(read(source, lambda items: bool(items))) == ["bank of ada"]


def test_a_refusal_is_tried_again_and_shown_as_failing_until_it_passes(
    server: JetstreamServer, tmp_path: Path, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    start_at_tip(server, tmp_path, protocol)
    server.post("next bank")
    server.refusals = 3
    source = open_source(server, tmp_path, protocol)
    assert texts(read(source, lambda items: bool(items))) == ["next bank"]
    assert caplog.text.count("answered 403 Forbidden") == 3
    assert source._context.report.failure == ""


def test_a_server_without_version_2_is_a_failure_that_says_so(server: JetstreamServer, tmp_path: Path) -> None:
    server.has_v2 = False
    source = open_source(server, tmp_path, "v2")
    with pytest.raises(UnavailableError, match="404 Not Found") as error:
        first_answer(source, source._context, threading.Event(), 0.5)
    assert 'protocol = "v1"' in str(error.value)


@pytest.mark.parametrize("kept_hours", [0.0, 5.0])
def test_where_the_server_refuses_an_old_time_it_goes_on_from_the_oldest_and_says_the_gap(
    server: JetstreamServer, tmp_path: Path, kept_hours: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bluesky, "SHORTEST_PAUSE", 0.0)
    start_at_tip(server, tmp_path, "v2")
    server.post("lost bank")
    ago = datetime.now(UTC).timestamp() - kept_hours * HOUR
    server._clock_us = int(ago * 1e6)
    server.post("oldest bank")
    for _ in range(100):
        server.post("my cat")
    server.post("newest bank")
    server.floor, server.boot, server.refuses_old_times = 3, "boot-2", True
    source = open_source(server, tmp_path, "v2")
    if kept_hours:
        found = texts(read(source, lambda items: "newest bank" in texts(items)))
        assert found in (["oldest bank", "newest bank"], ["newest bank"])  # to within a minute
    else:
        threading.Timer(1.0, lambda: server.post("next bank")).start()
        read(source, lambda items: "next bank" in texts(items))
    assert source.gaps == 1
    assert "posts are missing: the server no longer has those from" in caplog.text
    assert len(server.requests) < 25


def test_while_nobody_takes_batches_the_server_has_to_wait(server: JetstreamServer, tmp_path: Path) -> None:
    start_at_tip(server, tmp_path, "v2")
    for number in range(3_000):
        server.post(f"bank {number} " + "x" * 3_000)
    batches: Iterator[Batch] = open_source(server, tmp_path, "v2").batches(threading.Event())
    assert len(next(batches).items) <= 500
    wait_for(lambda: _is_still(server))
    assert server.sent < 2_900  # what the sockets hold, and no more
    batches.close()  # type: ignore[attr-defined]


def _is_still(server: JetstreamServer) -> bool:
    before = server.sent
    time.sleep(0.2)
    return server.sent == before


def test_a_stop_ends_it_within_a_moment(server: JetstreamServer, tmp_path: Path) -> None:
    stop = threading.Event()
    source = open_source(server, tmp_path, "v2")
    thread = threading.Thread(target=lambda: list(source.batches(stop)))
    thread.start()
    wait_for(lambda: bool(server.requests))
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
