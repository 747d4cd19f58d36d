"""A TCP server on loopback whose conversation is a function of the test: to be as slow, silent or talkative as no library server is."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

DRIP_SECONDS = 0.05
"""Pause between two bytes of a server that drips."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self.connection = connection
        self._closing = closing
        self._lines = connection.makefile("rb")

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hear(self) -> bytes:
        """Return a line of the client."""
        return self._lines.readline()

    def hear_mail(self) -> None:
        """Read up to the full stop that ends a mail."""
        while self.hear() not in {b".\r\n", b""}:
            pass

    def drip(self, data: Iterable[int]) -> None:
        """Send one byte now and then, until the server closes."""
        for byte in data:
            if self._closing.wait(DRIP_SECONDS):
                return
            self.say(bytes([byte]))

    def pour(self, data: bytes) -> None:
        """Send the same again and again, until the client closes."""
        while not self._closing.is_set():
            self.say(data)

    def hang(self) -> None:
        """Say nothing and keep the connection, until the server closes."""
        self._closing.wait()

    def greet(self) -> None:
        """Greet, and take the client's EHLO."""
        self.say(b"220 raw\r\n")
        self.hear()
        self.say(b"250 raw\r\n")

    def take_mail(self) -> None:
        """Greet, and accept a mail to one address."""
        self.greet()
        for _ in range(2):
            self.hear()
            self.say(b"250 ok\r\n")
        self.hear()
        self.say(b"354 go on\r\n")
        self.hear_mail()
        self.say(b"250 taken\r\n")


def endlessly(data: bytes) -> Iterable[int]:
    """The bytes of `data`, again and again."""
    return itertools.cycle(data)


class RawServer:
    """Runs `talk` for each connection, in a thread; use it in a `with` statement."""

    def __init__(self, talk: Callable[[Peer], None]) -> None:
        self.connected = threading.Event()
        self._talk = talk
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.connected.set()
            self._talk(Peer(connection, self._closing))
