"""WebSockets of sources: to the host that the operator wrote, and to no other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from squall.ingest.social.web_socket import ConnectionRefusedByServerError, open_web_socket


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
        open_web_socket(f"ws://{outside.address}/stream", "squall"),
    ):
        pass
    outside.close()
    assert (raised.value.status, len(outside.requests), inside.requests) == (302, 1, [])
