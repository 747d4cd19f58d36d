"""The server of every HTTP listener: uvicorn behind `Listener`, on the caller's event loop or on a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from squall.core.net.http.connection import Connection, Surroundings
from squall.core.net.http.events import ListenerEvents
from squall.core.net.http.limits import Timeouts
from squall.core.net.http.listener import Listener
from squall.core.net.http.request_limit import RequestLimitMiddleware

log = logging.getLogger("squall.http")


class HttpServer(uvicorn.Server):
    """Serves one application on one socket until `stop`.

    Args:
        app: plain ASGI.
        listening: from `squall.core.net.listen.listen`; closed at the end.
        name: what listens, for the log, as `the push endpoint`.
        cap: most connections; see `squall.core.net.http.limits.connection_cap`. A sixteenth of them, at least four, is kept for probes.
        probes: paths that are answered however many requests there are.
        timeouts: of each connection.
        grace_seconds: longest wait for running requests when it stops.
    """

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        *,
        name: str,
        cap: int,
        probes: Collection[str] = (),
        timeouts: Timeouts | None = None,
        grace_seconds: int = 1,
    ) -> None:
        self._name = name
        self._events = ListenerEvents(name, self._now)
        self._paths = frozenset(probes)
        self._timeouts = timeouts or Timeouts()
        limited = RequestLimitMiddleware(
            app,
            cap,
            self._paths,
            self._events,
            make_room=lambda: self._listener.end_incomplete_request(),
            crowded=lambda: self._listener.crowded,
        )
        super().__init__(
            uvicorn.Config(
                limited,
                loop="asyncio",
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,  # it would record ?token=
                server_header=False,
                timeout_graceful_shutdown=grace_seconds,
            )
        )
        self._listener = Listener(listening, cap, self._connection, self._events, self._now)
        self._thread: threading.Thread | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process that this server runs in."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - there is one, `listening`
        """Accept connections; called by uvicorn."""
        await self.lifespan.startup()
        self.servers = [self._listener]  # type: ignore[list-item]  # closed and awaited like asyncio's server
        self._listener.start()
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """Check all connections; called by uvicorn ten times a second."""
        self._listener.check()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, wait a moment for running requests, and close all connections; called by uvicorn."""
        try:
            await super().shutdown(sockets)
        finally:
            self._listener.abort_all()

    def start_thread(self, thread: str) -> None:
        """Serve on a daemon thread named `thread`."""
        self._thread = threading.Thread(target=self._serve_on_thread, name=thread, daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 0.0) -> None:
        """Stop; with `start_thread`, wait at most `seconds` for its end."""
        self.should_exit = True
        if self._thread is not None:
            self._thread.join(seconds)

    def _serve_on_thread(self) -> None:
        try:
            self.run()
        except Exception:
            log.exception("%s has stopped", self._name)

    def _connection(self, client: str) -> Connection:
        surroundings = Surroundings(self._timeouts, self._events, self._paths, self._now, self._listener.closed)
        return Connection(self.config, self.server_state, surroundings, client)

    @staticmethod
    def _now() -> Any:
        return asyncio.get_running_loop().time()
