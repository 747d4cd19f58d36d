"""Clients that are slow on purpose, against a real listener."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
import time

import pytest

from squall.core.net.http.limits import Timeouts
from tests.support.http_listener import HUGE, PROBE, SHORT, SLOWEST, read_all, seconds_until_closed, serving

pytestmark = pytest.mark.slow

HEAD = b"POST /body HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"G", b"408"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"408"),
        (HEAD + b"Content-Length: 10\r\n\r\n", b"408"),
        (HEAD + b"Content-Length: 10\r\n\r\nabc", b"408"),
        (HEAD + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n", b"100"),
        (CHUNKED, b"408"),
        (CHUNKED + b"1\r\na", b"408"),
        (CHUNKED + b"1;extension=" + b"x" * 1000, b"408"),
        (CHUNKED + b"1;extension=" + b"x" * 100_000, b"400"),
        (CHUNKED + b"zz\r\n", b"400"),
        (CHUNKED + b"1\r\nx\r\n" * 40_000, b"400"),
        (CHUNKED + b"10\r\n0123456789abcdef\r\n" * 500 + b"0\r\n\r\n", b"200"),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"400"),
        (b"POST /refused HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 40_000, b"400"),
        (b"POST /body HTTP/1.0\r\nContent-Length: 10\r\n\r\n", b"408"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5, b"200"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5 + b"GET", b"200"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000, b"400"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000, b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, b"400"),
        (b"\r\n\r\n", b"400"),
        (b"POST /refused HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n", b"401"),
        (b"POST /refused HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"401"),
    ],
    ids=lambda value: repr(value[-40:]),
)
def test_nothing_that_a_client_begins_holds_a_connection(sent: bytes, status: bytes) -> None:
    with serving() as served:
        started = time.monotonic()
        assert served.ask(sent)[9:12] == status
        assert time.monotonic() - started < SLOWEST


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (b"POST /refused HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", b"x"),
    ],
)
def test_a_byte_now_and_then_gains_no_time(begun: bytes, drop: bytes) -> None:
    with serving() as served, served.connect(begun) as client:
        client.settimeout(0.05)
        started, closed = time.monotonic(), False
        while not closed and time.monotonic() - started < 2 * SLOWEST:
            try:
                client.sendall(drop)
                closed = client.recv(65_536) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
        assert time.monotonic() - started < SLOWEST


@pytest.mark.parametrize("path", [b"/huge", b"/stream"])
def test_a_client_that_does_not_read_is_disconnected(path: bytes) -> None:
    with serving() as served, served.connect(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", receive_buffer=4096) as client:
        client.recv(1)
        started = time.monotonic()
        while served.held() and time.monotonic() - started < 2 * SLOWEST:
            time.sleep(0.02)
        assert served.held() == 0
        assert len(read_all(client)) < HUGE


def test_probes_are_answered_while_clients_send_bodies_in_tiny_chunks() -> None:
    stop = threading.Event()
    chunks = b"1\r\nx\r\n" * 400_000
    with serving(timeouts=Timeouts()) as served:

        def attack() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError), served.connect(CHUNKED) as client:
                    client.settimeout(1.0)
                    client.sendall(chunks)

        attackers = [threading.Thread(target=attack) for _ in range(6)]
        for attacker in attackers:
            attacker.start()
        try:
            for _ in range(10):
                assert served.ask(PROBE)[9:12] == b"200"  # within the ten seconds of the client's patience
        finally:
            stop.set()
            for attacker in attackers:
                attacker.join()


def test_a_client_that_reads_all_along_gets_everything() -> None:
    with serving() as served:
        answer = served.ask(b"GET /huge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert len(answer.partition(b"\r\n\r\n")[2]) == HUGE


def test_a_request_that_is_being_answered_is_not_hurried() -> None:
    with serving() as served, served.connect(b"GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as client:
        client.settimeout(SHORT.body * 2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        served.app.release.set()
        client.settimeout(10)
        assert read_all(client).endswith(b"/wait")


def test_a_refusal_arrives_although_the_whole_body_is_sent_first() -> None:
    head = b"POST /refused HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n"
    with serving(timeouts=Timeouts()) as served, served.connect(head) as client:
        client.sendall(b"x" * 10_000_000)  # many clients do not read before all is sent, and give up when that fails
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer.lower()


def test_the_next_request_may_follow_on_the_connection_within_the_idle_time() -> None:
    with serving(timeouts=Timeouts()) as served, served.connect() as client:
        for number in range(3):
            client.sendall(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
            answer = b""
            while not answer.endswith(b"/body"):
                answer += client.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), number
        assert served.held() == 1


def test_probes_are_answered_while_connections_that_send_nothing_take_all_slots() -> None:
    with serving(cap=16, timeouts=Timeouts()) as served:
        idle = [served.connect(b"GET /healthz HTT" if number % 2 else b"") for number in range(100)]
        for _ in range(3):
            assert served.ask(PROBE).startswith(b"HTTP/1.1 200")
        assert served.held() <= 16
        for each in idle:
            each.close()


def test_an_address_with_many_connections_does_not_displace_that_of_others() -> None:
    with serving(cap=16, timeouts=Timeouts()) as served:
        other = socket.create_connection(("127.0.0.1", served.port), 10, source_address=("127.0.0.2", 0))
        while not served.held():
            time.sleep(0.01)
        many = [served.connect() for _ in range(60)]
        assert served.ask(PROBE).startswith(b"HTTP/1.1 200")
        other.sendall(PROBE)
        assert read_all(other).startswith(b"HTTP/1.1 200"), "it is the oldest, and still open"
        for each in [*many, other]:
            each.close()


def test_one_client_with_many_fast_requests_does_not_keep_all_connections() -> None:
    with serving(cap=16, timeouts=Timeouts()) as served:
        stop = threading.Event()
        busy = [threading.Thread(target=_ask_on_and_on, args=(served.port, stop), daemon=True) for _ in range(20)]
        for each in busy:
            each.start()
        answers = [served.ask(PROBE)[9:12] for _ in range(5)]
        stop.set()
        for each in busy:
            each.join(10)
        assert answers == [b"200"] * 5


def test_probes_are_answered_while_requests_take_all_slots_and_other_requests_get_503() -> None:
    wait = b"GET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with serving(cap=16, timeouts=Timeouts()) as served:
        waiting = [served.connect(wait) for _ in range(12)]
        while served.held() < 12:
            time.sleep(0.01)
        busy = served.ask(wait)
        assert busy.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in busy.lower()
        assert served.ask(PROBE).startswith(b"HTTP/1.1 200")
        served.app.release.set()
        assert {read_all(each)[9:12] for each in waiting} == {b"200"}
        assert served.ask(wait).startswith(b"HTTP/1.1 200"), "the slots are free again"


def test_requests_are_answered_while_incomplete_ones_take_all_slots() -> None:
    with serving(cap=16, timeouts=Timeouts()) as served:
        half = [served.connect(HEAD + b"Content-Length: 10\r\n\r\nabc") for _ in range(40)]
        assert served.ask(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
        for each in half:
            each.close()


def test_a_burst_of_requests_beyond_the_cap_waits_and_is_answered() -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with serving(cap=16, timeouts=Timeouts()) as served:
        burst = [served.connect(request) for _ in range(100)]
        assert {read_all(each)[9:12] for each in burst} == {b"200"}


def test_a_server_stops_while_clients_hang() -> None:
    with serving(timeouts=Timeouts()) as served:
        clients = [served.connect(data) for data in (b"", b"GET /", HEAD, HEAD + b"Content-Length: 5\r\n\r\n")]
        while served.held() < len(clients):
            time.sleep(0.01)
        started = time.monotonic()
        served.server.stop(10)
        assert time.monotonic() - started < 3
        assert all(seconds_until_closed(client) < 1 for client in clients)


def test_without_descriptors_an_idle_connection_makes_room_and_nothing_fills_the_log(caplog: pytest.LogCaptureFixture) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(timeouts=Timeouts()) as served:
        idle = [served.connect() for _ in range(10)]
        while served.held() < len(idle):
            time.sleep(0.01)
        late = [socket.socket() for _ in range(5)]
        lowest = os.dup(0)  # every descriptor below it is in use
        os.close(lowest)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
            for client in late:
                client.settimeout(10)
                client.connect(("127.0.0.1", served.port))
                client.sendall(PROBE)
                assert read_all(client).startswith(b"HTTP/1.1 200")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in [*idle, *late]:
            each.close()
    assert [record.name for record in caplog.records if record.name == "asyncio"] == []
    assert [record.getMessage() for record in caplog.records if "Too many open files" in record.getMessage()]
    assert len(caplog.records) < 5


def _ask_on_and_on(port: int, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as client:
                while not stop.is_set():
                    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if not client.recv(4096):
                        break
        except OSError:
            continue
