"""Keeps connections free for probes, and closes one whose request body the application leaves unread. Plain ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from squall.core.net.http.events import ListenerEvents

_RESERVE_SHARE: Final = 16
_LEAST_RESERVE: Final = 4
_WAIT_SECONDS: Final = 1.5
"""Longer than a request may wait for its body before it is ended to make room."""
_CHECK_SECONDS: Final = 0.05


class RequestLimitMiddleware:
    """Keeps a sixteenth of the connections, at least four, free of requests, for probes, which are always answered.

    At the limit a request whose body does not arrive is ended; others wait a moment, or get 503.

    Args:
        app: answers the others.
        cap: connections that the listener accepts.
        probes: paths that are not counted.
        events: what is logged.
        make_room: ends a request whose body does not arrive; returns whether there was one.
    """

    def __init__(self, app: ASGIApp, cap: int, probes: frozenset[str], events: ListenerEvents, make_room: Callable[[], bool]) -> None:
        reserve = max(_LEAST_RESERVE, cap // _RESERVE_SHARE)
        self._app = app
        self._limit = cap - reserve
        self._most_waiting = reserve // 2
        self._probes = probes
        self._events = events
        self._make_room = make_room
        self._running = 0
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return
        body = _Body(scope, receive, send)
        if scope["path"] in self._probes:
            await self._app(scope, body.receive, body.send)
        elif not await self._admitted():
            self._events.note(f"{self._limit} requests are being answered; others get 503")
            busy = PlainTextResponse("Too many requests at a time; try again later.\n", 503, {"Retry-After": "1", "Connection": "close"})
            await busy(scope, body.receive, body.send)
        else:
            try:
                await self._app(scope, body.receive, body.send)
            finally:
                self._running -= 1

    async def _admitted(self) -> bool:
        """Count the request as running when there is room; return whether there was."""
        if self._room():
            return True
        if self._waiting >= self._most_waiting:
            return False
        self._waiting += 1
        try:
            for _ in range(round(_WAIT_SECONDS / _CHECK_SECONDS)):
                await asyncio.sleep(_CHECK_SECONDS)
                if self._room():
                    return True
        finally:
            self._waiting -= 1
        return False

    def _room(self) -> bool:
        if self._running < self._limit or self._make_room():
            self._running += 1
            return True
        return False


class _Body:
    """Announces the end of the connection in the response if the body was not read to its end: the server will not read it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._unread:
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)
