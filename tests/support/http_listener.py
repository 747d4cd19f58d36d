"""A real listener with short timeouts, and raw requests to it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from squall.core.net.http.limits import Timeouts
from squall.core.net.http.server import HttpServer
from squall.core.net.listen import listen

SHORT = Timeouts(head=0.2, body=0.2, idle=0.2, write=0.6, linger=0.1)
SLOWEST = 2.0
"""Seconds within which each of these timeouts has ended a connection on a busy machine."""
PROBE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HUGE = 20_000_000


class Application:
    """Answers by path; `/wait` when `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.bodies: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/body":
            size, more = 0, True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                size, more = size + len(message["body"]), message["more_body"]
            self.bodies.append(size)
        elif path == "/wait":
            while not self.release.is_set():
                await asyncio.sleep(0.01)
        elif path == "/fails":
            raise ZeroDivisionError("of the application")
        elif path == "/huge":
            await PlainTextResponse(b"x" * HUGE)(scope, receive, send)
            return
        elif path == "/stream":
            await StreamingResponse(_chunks())(scope, receive, send)
            return
        await PlainTextResponse(path, 401 if path == "/refused" else 200)(scope, receive, send)


async def _chunks() -> Any:
    for _ in range(HUGE // 1000):
        yield b"x" * 1000


class Served:
    """A listener on a thread."""

    def __init__(self, cap: int, timeouts: Timeouts) -> None:
        self.app = Application()
        listening = listen("127.0.0.1", 0, server="the test", settings="SQUALL_TEST")
        self.port = int(listening.getsockname()[1])
        self.server = HttpServer(self.app, listening, name="the test", cap=cap, probes={"/healthz"}, timeouts=timeouts)
        self.server.start_thread("test-http")

    def connect(self, data: bytes = b"", receive_buffer: int = 0) -> socket.socket:
        """Return a connection that has sent `data`."""
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(10)
        client.connect(("127.0.0.1", self.port))
        client.sendall(data)
        return client

    def ask(self, data: bytes) -> bytes:
        """Send `data`; return everything that comes back until the server closes."""
        with self.connect(data) as client:
            return read_all(client)

    def held(self) -> int:
        """Return how many connections the server holds."""
        return len(self.server.server_state.connections)


@contextmanager
def serving(cap: int = 64, timeouts: Timeouts = SHORT) -> Iterator[Served]:
    """Serve until the end of the block."""
    served = Served(cap, timeouts)
    try:
        yield served
    finally:
        served.app.release.set()
        served.server.stop(5)


def read_all(client: socket.socket) -> bytes:
    """Return everything until the end of the connection; a reset is an end too."""
    received = bytearray()
    try:
        while part := client.recv(1 << 20):
            received += part
    except ConnectionResetError:
        pass
    return bytes(received)


def seconds_until_closed(client: socket.socket) -> float:
    """Read until the server closes; return how long that took."""
    started = time.monotonic()
    read_all(client)
    return time.monotonic() - started
