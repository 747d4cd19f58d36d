from __future__ import annotations

import asyncio
import socket
import threading
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.clock import SystemClock
from squall.core.config.settings import WebSettings
from squall.core.errors import StoreUnavailableError
from squall.core.records import AlertState
from squall.dashboards.page import event_stream, server
from squall.dashboards.page.server import PageServer
from squall.storage.rows.alerting import Acknowledgement
from tests.support.event_stream import listening
from tests.support.recording_store import RecordingStore

pytestmark = pytest.mark.slow

MOST_SECONDS = 2.0


def titles(event: Any) -> list[str]:
    return [row["title"] for row in event.data["documents"]]


def test_a_stream_begins_with_hello_and_health(world: Any, scored: Any) -> None:
    world.insert(scored("Known before"))
    with world.serving() as url, listening(url) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert "access-control-allow-origin" not in stream.answer.headers
        first = next(iter(stream))
        assert (first.name, first.data["interval"], first.data["cursor"]) == ("hello", 0.05, first.id)
        assert stream.wait_for("health").data["pipeline"]["state"] == "unknown"


def test_documents_are_pushed_once_newest_first_to_every_page(world: Any, scored: Any) -> None:
    world.insert(scored("Known before"))
    with world.serving() as url, listening(url) as one, listening(url) as two:
        one.wait_for("hello")
        two.wait_for("hello")
        world.store.documents.insert([scored("Second", age=timedelta(minutes=1)), scored("First")], token="a")
        world.later()
        pushed = [one.wait_for("documents"), two.wait_for("documents")]
        assert [titles(event) for event in pushed] == [["First", "Second"]] * 2
        assert pushed[0].data == pushed[1].data
        assert pushed[0].data["skipped"] == 0
        assert set(pushed[0].data["documents"][0]) == set(httpx.get(url + "/api/documents").json()["documents"][0])
        assert one.wait_for("mood").data == {}
        world.insert(scored("Third"))
        assert titles(one.wait_for("documents")) == ["Third"]


def test_a_page_hears_when_the_counts_that_were_cached_before_a_change_have_expired(world: Any, scored: Any) -> None:
    def total() -> int:
        return sum(map(sum, httpx.get(url + "/api/mood", params={"hours": 24}).json()["total"]))

    world.insert(scored("Known before"))
    with world.serving() as url, listening(url) as stream:
        stream.wait_for("hello")
        before = total()
        world.store.documents.insert([scored("New")], token="a")
        world.clock.advance(0.9)
        stream.wait_for("documents")
        world.clock.advance(0.9)
        assert stream.wait_for("expired").data == {}
        assert (before, total()) == (1, 2)


def test_of_very_many_documents_the_newest_are_sent_and_the_rest_counted(world: Any, scored: Any) -> None:
    with world.serving() as url, listening(url) as stream:
        stream.wait_for("hello")
        world.insert(*(scored(f"Number {number}") for number in range(250)))
        event = stream.wait_for("documents")
        assert (len(event.data["documents"]), event.data["skipped"]) == (100, 150)


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_page_that_reconnects_gets_what_it_missed_and_nothing_twice(world: Any, scored: Any, way: str) -> None:
    def again(last: str) -> Any:
        return listening(url, last) if way == "header" else listening(url, query=f"?cursor={last}")

    with world.serving() as url:
        with listening(url) as stream:
            last = stream.wait_for("hello").id
            world.insert(scored("Seen"))
            last = stream.wait_for("documents").id
        world.insert(scored("Missed while no page listened"))
        with listening(url) as other:
            other.wait_for("hello")
            world.insert(scored("Missed while another listened"))
            other.wait_for("documents")
            with again(last) as stream:
                assert sorted(titles(stream.wait_for("documents"))) == ["Missed while another listened", "Missed while no page listened"]
                world.insert(scored("Live again"))
                assert titles(stream.wait_for("documents")) == ["Live again"]


def test_a_cursor_of_a_server_that_was_restarted_resumes_without_loss(world: Any, scored: Any) -> None:
    with world.serving() as url, listening(url) as stream:
        last = stream.wait_for("hello").id
    world.insert(scored("Stored between"))
    with world.serving() as url, listening(url, last) as stream:
        assert titles(stream.wait_for("documents")) == ["Stored between"]


def test_a_client_resumes_at_most_five_minutes_back(world: Any, scored: Any) -> None:
    world.insert(scored("Old"))
    world.store._backend.command(
        "ALTER TABLE documents UPDATE stored_at = stored_at - INTERVAL 6 MINUTE WHERE 1 SETTINGS mutations_sync = 2", {}
    )
    world.insert(scored("New"))
    with world.serving() as url, listening(url, "1-1-0123abcd") as stream:
        assert titles(stream.wait_for("documents")) == ["New"]


@pytest.mark.parametrize("cursor", ["nonsense", "1-2-3", "99999999999999-1-0123abcd", "1-1-0123abcd; DROP TABLE documents"])
def test_a_cursor_that_makes_no_sense_begins_anew(world: Any, scored: Any, cursor: str) -> None:
    with world.serving() as url, listening(url, cursor) as stream:
        stream.wait_for("hello")
        world.insert(scored("Bank fails"))
        assert titles(stream.wait_for("documents")) == ["Bank fails"]


def test_alerts_acknowledgements_and_silences_are_events(world: Any, alert: Any) -> None:
    with world.serving() as url, listening(url) as stream:
        stream.wait_for("hello")
        world.store.alerts.write([alert(1, AlertState.FIRING)])
        world.later()
        assert stream.wait_for("alerts").data == {}
        world.store.acknowledgements.write(Acknowledgement(f"{1:032x}", "ann", "", world.clock.now()))
        world.later()
        stream.wait_for("alerts")
        body = {"matchers": ["topic=Markets"], "minutes": 5, "author": "ann", "reason": "known"}
        assert httpx.post(url + "/api/silences", json=body).status_code == 201
        world.clock.advance(60)
        stream.wait_for("alerts")
        world.clock.advance(600)  # the silence ends by itself
        stream.wait_for("alerts")


def test_an_unavailable_store_is_reported_until_it_answers_and_nothing_is_lost(world: Any, scored: Any) -> None:
    store = RecordingStore(world.store)
    with world.serving(store) as url, listening(url) as stream:
        stream.wait_for("hello")
        store.error = StoreUnavailableError("the store is away", "start it")
        world.insert(scored("Stored meanwhile"))
        assert stream.wait_for("store_unavailable").data == {"detail": "the store is away (start it)"}
        with listening(url) as late:
            assert next(iter(late)).name == "store_unavailable"
            store.error = None
            world.later()
            assert titles(stream.wait_for("documents")) == ["Stored meanwhile"]
            assert late.wait_for("hello").data["cursor"]


def test_the_store_is_not_polled_while_no_page_is_open(world: Any) -> None:
    store = RecordingStore(world.store)
    page = PageServer(store, WebSettings(port=0), SystemClock(), poll_seconds=0.01)  # type: ignore[arg-type]

    async def live() -> None:
        await page.start()
        async with httpx.AsyncClient() as client:
            assert store.calls == []
            async with client.stream("GET", page.url + "api/events") as answer:
                await anext(answer.aiter_lines())
                assert store.calls
            broadcaster = page._broadcaster
            assert broadcaster is not None
            while broadcaster.subscribers or (broadcaster._task and not broadcaster._task.done()):
                await asyncio.sleep(0.001)
            store.calls.clear()
            await client.get(page.url)
            assert store.calls == []
        await page.stop()

    asyncio.run(asyncio.wait_for(live(), 20))


def test_the_server_stops_in_time_with_open_streams_read_or_not(world: Any, scored: Any) -> None:
    async def live() -> float:
        page = PageServer(world.store, WebSettings(port=0), world.clock, poll_seconds=0.01)
        await page.start()
        address = ("127.0.0.1", httpx.URL(page.url).port)
        sockets = [await asyncio.to_thread(socket.create_connection, address) for _ in range(20)]
        for client in sockets:
            client.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        broadcaster = page._broadcaster
        assert broadcaster is not None
        while broadcaster.subscribers < len(sockets):
            await asyncio.sleep(0.001)
        start = time.monotonic()
        await page.stop()
        took = time.monotonic() - start
        for client in sockets:
            client.close()
        return took

    assert asyncio.run(live()) < MOST_SECONDS


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(world: Any, scored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.serving() as url:
        port = httpx.URL(url).port
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        with slow, listening(url) as stream:
            slow.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            slow.recv(64)  # it has joined
            stream.wait_for("hello")
            dropped = threading.Event()
            monkeypatch.setattr(event_stream.log, "info", lambda *_args, **_more: dropped.set())
            for number in range(400):
                world.insert(*(scored(f"{number} {row}", text="word " * 90) for row in range(100)))
                stream.wait_for("documents")
                if dropped.is_set():
                    break
            assert dropped.is_set()
            world.insert(scored("After it was dropped"))
            assert titles(stream.wait_for("documents")) == ["After it was dropped"]


def test_more_streams_than_the_limit_are_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_SUBSCRIBERS", 1)
    with world.serving() as url, listening(url) as stream:
        stream.wait_for("hello")
        answer = httpx.get(url + "/api/events")
        assert (answer.status_code, "pages are already open" in answer.json()["detail"]) == (503, True)
        assert httpx.get(url + "/api/health").status_code == 200
