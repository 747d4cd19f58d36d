"""A loopback proxy that treats connections badly: refuses, cuts or hangs them, or answers with an error, as its seed says."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import Counter
from random import Random

_LONGEST_HANG = 0.6
_LONGEST_LIFE = 4
"""How many times longer connections live that are passed on: streams are cut, too."""


class CuttingProxy:
    """Passes bytes on to `port` of this machine.

    Args:
        port: of the server.
        seed: of what happens.
        http: whether it may answer with 429 and 500.
    """

    def __init__(self, port: int, seed: int, *, http: bool) -> None:
        self.calm = False
        """Whether connections are left alone from now on."""
        self.done: Counter[str] = Counter()
        self._target, self._random, self._http = port, Random(seed), http
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                kinds = ["pass", "refuse", "cut", "hang", *(["429", "500"] if self._http else [])]
                kind = "pass" if self.calm else self._random.choices(kinds, [4, 1, 4, 2, 1, 1][: len(kinds)])[0]
                amount, seconds = int(self._random.expovariate(1 / 8_000)), self._random.expovariate(1 / 0.5)
                self.done[kind] += 1
            threading.Thread(target=self._serve, args=(client, kind, amount, seconds), daemon=True).start()

    def _serve(self, client: socket.socket, kind: str, amount: int, seconds: float) -> None:
        with client:
            if kind == "refuse":
                return
            if kind in {"429", "500"}:
                with contextlib.suppress(OSError):
                    client.recv(65_536)
                    wait = "Retry-After: 1\r\n" if kind == "429" and amount % 2 else ""
                    client.sendall(f"HTTP/1.1 {kind} No\r\n{wait}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
                self._pass_on(client, server, kind, amount, seconds)

    def _pass_on(self, client: socket.socket, server: socket.socket, kind: str, amount: int, seconds: float) -> None:
        began, passed = time.monotonic(), 0
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                age = time.monotonic() - began
                if not self.calm and (age > _LONGEST_LIFE * seconds if kind == "pass" else passed >= amount or age > seconds):
                    if kind == "hang":
                        time.sleep(min(seconds, _LONGEST_HANG))
                    return
                for key, _ in selector.select(0.05):
                    data = key.fileobj.recv(4_096)  # type: ignore[union-attr]
                    if not data:
                        return
                    key.data.sendall(data)
                    passed += len(data) if key.data is client else 0
