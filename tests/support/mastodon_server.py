"""A loopback server that speaks Mastodon's streaming (WebSocket) and REST APIs, as its documentation says."""

from __future__ import annotations

import http
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

TOKEN = "t0ken-of-a-test"


class MastodonServer:
    """Has statuses with hashtags; streams each to the connections that subscribed, and returns pages of timelines."""

    def __init__(self, start: datetime, step_seconds: float = 1.0) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.remaining = 300
        self.cut: Callable[[], bool] = lambda: False
        """Asked before each message whether to lose the connection."""
        self.deaf = False
        """Whether the stream is silent, without an error."""
        self.streaming = ""
        """The streaming address that the server names; empty: its own."""
        self.refused = ""
        """Timelines that are refused with 404, by what their path begins with; `/` is also the stream, with 403."""
        self.failing = ""
        """Requests with this in their address are answered with 500."""
        self.kept = 1_000_000
        """How many statuses lists keep."""
        self._ms = int(start.timestamp() * 1000)
        self._step_ms = int(step_seconds * 1000)
        self._streams: dict[ServerConnection, list[list[str]]] = {}
        self._lock = threading.Lock()
        self._server = serve(self._stream, "127.0.0.1", 0, process_request=self._answer)
        self.port = self._server.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def subscribed(self) -> int:
        """How many timelines are streamed now."""
        with self._lock:
            return sum(len(streams) for streams in self._streams.values())

    def write(self, text: str, *tags: str, late_seconds: float = 0.0, stream: bool = True, **fields: Any) -> dict[str, Any]:
        """Publish a status, written `late_seconds` ago on another server; return it."""
        self._ms += self._step_ms
        written = self._ms - int(late_seconds * 1000)
        number = str((written << 16) + len(self.statuses))
        status = {
            "id": number,
            "created_at": _iso(written),
            "in_reply_to_id": None,
            "spoiler_text": "",
            "visibility": "public",
            "language": "en",
            "uri": f"{self.url}/users/ada/statuses/{number}",
            "url": f"{self.url}/@ada/{number}",
            "edited_at": None,
            "content": f"<p>{text}</p>",
            "reblog": None,
            "account": {"id": "1", "username": "ada", "acct": "ada"},
            "tags": [{"name": tag, "url": ""} for tag in tags],
            **fields,
        }
        self.statuses.append(status)
        if stream:
            self._send("update", json.dumps(status), tags)
        return status

    def edit(self, status: dict[str, Any], text: str) -> None:
        self._ms += self._step_ms
        status |= {"content": f"<p>{text}</p>", "edited_at": _iso(self._ms)}
        self._send("status.update", json.dumps(status), [tag["name"] for tag in status["tags"]])

    def delete(self, status: dict[str, Any]) -> None:
        self.statuses.remove(status)
        self._send("delete", status["id"], [tag["name"] for tag in status["tags"]])

    def drop(self) -> None:
        """Lose every connection."""
        with self._lock:
            connections, self._streams = list(self._streams), {}
        for connection in connections:
            connection.socket.close()

    def close(self) -> None:
        self._server.shutdown()

    def _send(self, event: str, payload: str, tags: Any) -> None:
        if self.deaf:
            return
        with self._lock:
            streams = [(connection, stream) for connection, subscribed in self._streams.items() for stream in subscribed]
        for connection, stream in streams:
            if stream[0] == "hashtag" and stream[1] not in tags:
                continue
            if self.cut():
                self._forget(connection)
                connection.socket.close()
                continue
            try:
                connection.send(json.dumps({"stream": stream, "event": event, "payload": payload}))
            except (ConnectionClosed, OSError):
                self._forget(connection)

    def _forget(self, connection: ServerConnection) -> None:
        with self._lock:
            self._streams.pop(connection, None)

    def _stream(self, connection: ServerConnection) -> None:
        with self._lock:
            self._streams[connection] = []
        try:
            for message in connection:
                asked = json.loads(message)
                value = asked.get("tag") or asked.get("list")
                with self._lock:
                    self._streams.get(connection, []).append([asked["stream"], value] if value else [asked["stream"]])
        except (ConnectionClosed, OSError):
            pass
        self._forget(connection)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        split = urlsplit(request.path)
        self.requests.append(request.path)
        if split.path == "/api/v2/instance":
            return self._json({"configuration": {"urls": {"streaming": self.streaming or self.url.replace("http", "ws")}}})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "The access token is invalid"}, http.HTTPStatus.UNAUTHORIZED)
        if split.path == "/api/v1/streaming":
            return self._json({"error": "Forbidden"}, http.HTTPStatus.FORBIDDEN) if self.refused == "/" else None
        if self.refused and split.path.startswith(self.refused):
            return self._json({"error": "Record not found"}, http.HTTPStatus.NOT_FOUND)
        if self.failing and self.failing in request.path:
            return self._json({"error": "Internal error"}, http.HTTPStatus.INTERNAL_SERVER_ERROR)
        self.remaining -= 1
        if self.remaining < 0:
            self.remaining = 300
            return self._json({"error": "Too many requests"}, http.HTTPStatus.TOO_MANY_REQUESTS)
        if split.path.startswith("/api/v1/statuses/"):
            return self._json(*self._status(split.path.rpartition("/")[2]))
        query = parse_qs(split.query)
        after, limit = int(query.get("min_id", ["0"])[0]), int(query["limit"][0])
        kind, _, value = split.path.removeprefix("/api/v1/timelines/").partition("/")
        found = [each for each in self.statuses if kind == "public" or kind == "list" or value in [tag["name"] for tag in each["tags"]]]
        before = int(query.get("max_id", [str(1 << 80)])[0])
        found = sorted(found, key=lambda each: int(each["id"]))[-self.kept if kind == "list" else 0 :]
        found = [each for each in found if after < int(each["id"]) < before]
        page = found[:limit] if "min_id" in query else found[-limit:]
        return self._json(page[::-1])

    def _status(self, number: str) -> tuple[Any, http.HTTPStatus]:
        found = [each for each in self.statuses if each["id"] == number]
        return (found[0], http.HTTPStatus.OK) if found else ({"error": "Record not found"}, http.HTTPStatus.NOT_FOUND)

    def _json(self, body: Any, status: http.HTTPStatus = http.HTTPStatus.OK) -> Response:
        content = json.dumps(body).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"})
        headers["X-RateLimit-Remaining"] = str(max(0, self.remaining))
        headers["X-RateLimit-Reset"] = _iso(int(datetime.now(UTC).timestamp() * 1000) + 300)
        return Response(status.value, status.phrase, headers, content)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
