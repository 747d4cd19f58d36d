"""Keeps slots free for probes, and closes a connection whose request body the application leaves unread. Plain ASGI."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from squall.core.net.http.events import ListenerEvents


class RequestLimitMiddleware:
    """Answers 503 to requests beyond `limit` at a time, unless one of them waits for its body; probes are always answered.

    Args:
        app: answers the others.
        limit: fewer than the connections that the listener accepts, so that a probe finds a slot.
        probes: paths that are not counted.
        events: what is logged.
        make_room: ends a request whose body does not arrive; returns whether there was one.
    """

    def __init__(self, app: ASGIApp, limit: int, probes: frozenset[str], events: ListenerEvents, make_room: Callable[[], bool]) -> None:
        self._app = app
        self._limit = limit
        self._probes = probes
        self._events = events
        self._make_room = make_room
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return
        body = _Body(scope, receive, send)
        if scope["path"] in self._probes:
            await self._app(scope, body.receive, body.send)
        elif self._running >= self._limit and not self._make_room():
            self._events.note(f"{self._limit} requests are being answered; others get 503")
            busy = PlainTextResponse("Too many requests at a time; try again later.\n", 503, {"Retry-After": "1", "Connection": "close"})
            await busy(scope, body.receive, body.send)
        else:
            self._running += 1
            try:
                await self._app(scope, body.receive, body.send)
            finally:
                self._running -= 1


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
