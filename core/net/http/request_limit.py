"""Keeps connections free for probes, and closes one whose request body the application leaves unread. Plain ASGI."""

from __future__ import annotations

import asyncio
from collections import deque
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
        crowded: whether new connections wait: then each response ends its connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        cap: int,
        probes: frozenset[str],
        events: ListenerEvents,
        make_room: Callable[[], bool],
        crowded: Callable[[], bool],
    ) -> None:
        reserve = max(_LEAST_RESERVE, cap // _RESERVE_SHARE)
        self._app = app
        self._limit = cap - reserve
        self._waiting: deque[object] = deque(maxlen=reserve // 2)
        self._probes = probes
        self._events = events
        self._make_room = make_room
        self._crowded = crowded
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return
        body = _Body(scope, receive, send, self._crowded)
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
        """Count the request as running when there is room; return whether there was. Of those that wait the newest have the places."""
        if self._room():
            return True
        place = object()
        self._waiting.append(place)  # the oldest may lose its own
        try:
            for _ in range(round(_WAIT_SECONDS / _CHECK_SECONDS)):
                await asyncio.sleep(_CHECK_SECONDS)
                if place not in self._waiting:
                    return False
                if self._room():
                    return True
            return False
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _room(self) -> bool:
        if self._running < self._limit or self._make_room():
            self._running += 1
            return True
        return False


class _Body:
    """Announces the end of the connection in the response if new ones wait, or the body was not read to its end and will not be."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, crowded: Callable[[], bool]) -> None:
        headers = Headers(scope=scope)
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._crowded = crowded
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and (self._unread or self._crowded()):
            MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)
