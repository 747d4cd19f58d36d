"""WebSockets of sources: to the host that the operator wrote, and to no other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from squall.core.config.settings import IngestSettings
from squall.core.net.outbound.policy import ForbiddenHostError, HostPolicy
from squall.core.net.outbound.sockets import checked_socket
from squall.ingest.reddit.checked_session import checked_session
from squall.ingest.registry.http import SourceHttp
from squall.ingest.social.web_socket import ConnectionFailedError, ConnectionRefusedByServerError, open_web_socket

HTTP = SourceHttp(IngestSettings())


class Answering:
    """A loopback server that gives every connection one answer."""

    def __init__(self, answer: str) -> None:
        self.requests: list[bytes] = []
        self._answer = answer.encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(4096))
                connection.sendall(self._answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def inside() -> Iterator[Answering]:
    server = Answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    yield server
    server.close()


def test_a_redirect_is_not_followed(inside: Answering) -> None:
    outside = Answering(f"HTTP/1.1 302 Found\r\nLocation: ws://{inside.address}/internal\r\nContent-Length: 0\r\n\r\n")
    with (
        pytest.raises(ConnectionRefusedByServerError, match="answered 302") as raised,
        open_web_socket(f"ws://{outside.address}/stream", HTTP),
    ):
        pass
    outside.close()
    assert (raised.value.status, len(outside.requests), inside.requests) == (302, 1, [])


def test_an_address_that_a_server_names_must_not_be_a_private_one(inside: Answering) -> None:
    with (
        pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1 is .*SQUALL_INGEST__PRIVATE_HOSTS"),
        open_web_socket(f"ws://{inside.address}/stream", HTTP, written="https://mastodon.example"),
    ):
        pass
    assert inside.requests == []


def test_it_may_be_one_that_the_operator_listed(inside: Answering) -> None:
    http = SourceHttp(IngestSettings(private_hosts=(inside.address,)))
    with (
        pytest.raises(ConnectionRefusedByServerError, match="answered 404"),
        open_web_socket(f"ws://{inside.address}/stream", http, written="https://mastodon.example"),
    ):
        pass


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["169.254.169.254"]])
def test_a_name_is_checked_by_the_addresses_that_it_has(inside: Answering, found: list[str]) -> None:
    policy = HostPolicy((), "SETTING", ("rebound.example", 443))
    with pytest.raises(ForbiddenHostError, match=r"rebound\.example resolves to"):
        checked_socket(policy, "rebound.example", 443, 5.0, lambda _host, _port: found)


def test_the_connection_goes_to_the_address_that_was_checked(inside: Answering) -> None:
    port = int(inside.address.rpartition(":")[2])
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with checked_socket(HostPolicy((f"desk.example:{port}",)), "desk.example", port, 5.0, resolve) as connected:
        assert connected.getpeername() == ("127.0.0.1", port)
    assert asked == ["desk.example"]


def test_the_session_of_praw_reaches_no_private_address_that_is_not_named(inside: Answering) -> None:
    port = int(inside.address.rpartition(":")[2])
    with pytest.raises(requests.ConnectionError, match="loopback"):
        checked_session(HostPolicy((), "SETTING", ("oauth.reddit.com", 443))).get(f"http://{inside.address}/", timeout=5)
    assert inside.requests == []
    named = checked_session(HostPolicy((), "SETTING", ("127.0.0.1", port)))
    assert named.get(f"http://{inside.address}/", timeout=5).status_code == 404
