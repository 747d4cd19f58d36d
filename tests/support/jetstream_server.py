"""A loopback server that speaks Jetstream, versions 1 and 2, as its lexicon and README say."""

from __future__ import annotations

import http
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import zstandard
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

NSID = "network.bsky.jetstream.subscribeEvents"
POSTS = "app.bsky.feed.post"
TIMESTAMP = 10**15
"""From here on a cursor is a time in microseconds."""


class JetstreamServer:
    """Streams `events`; each is (seq, microseconds, did, commit). A cursor replays those from it on, inclusively."""

    def __init__(self, start_us: int, step_us: int = 1_000_000) -> None:
        self.events: list[tuple[int, int, str, dict[str, Any]]] = []
        self.floor = 0
        """Events with a lower number are no longer kept."""
        self.boot = "boot-1"
        self.has_v2 = True
        self.dictionary: zstandard.ZstdCompressionDict | None = None
        self.accepts_dictionary = True
        self.cut: Callable[[], bool] = lambda: False
        """Asked before each message whether to lose the connection."""
        self.refuses_old_times = False
        """Whether a time before what is kept is refused, instead of beginning with the oldest."""
        self.refusals = 0
        """How many of the next requests are answered with 403."""
        self.requests: list[dict[str, list[str]]] = []
        self.sent = 0
        self._clock_us, self._step_us = start_us, step_us
        self._changed = threading.Condition()
        self._closing = False
        self._server = serve(
            self._stream,
            "127.0.0.1",
            0,
            process_request=self._answer,
            process_response=self._name_boot,
            select_subprotocol=lambda _, offered: offered[0] if offered else None,
        )
        self.port = self._server.socket.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def post(self, text: str, did: str = "did:plc:ada", rkey: str = "", operation: str = "create", **record: Any) -> str:
        """Append a post (or its deletion) to the stream; return its rkey."""
        with self._changed:
            seq = len(self.events) + 1
            self._clock_us += self._step_us
            rkey = rkey or f"3m{seq:011d}"
            commit: dict[str, Any] = {"rev": f"3r{seq:011d}", "operation": operation, "collection": POSTS, "rkey": rkey}
            if operation != "delete":
                body = {"$type": POSTS, "createdAt": _iso(self._clock_us - 500_000), "langs": ["en"], "text": text, **record}
                commit |= {"record": body, "cid": f"bafyrei{seq}"}
            self.events.append((seq, self._clock_us, did, commit))
            self._changed.notify_all()
            return rkey

    def skip(self, seconds: float) -> None:
        """Let time pass without events."""
        self._clock_us += int(seconds * 1_000_000)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._server.shutdown()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        split = urlsplit(request.path)
        query = parse_qs(split.query)
        if split.path.endswith("getZstdDictionary"):
            body = self.dictionary.as_bytes() if self.dictionary else b""
            status = http.HTTPStatus.OK if self.dictionary else http.HTTPStatus.NOT_FOUND
            return Response(status.value, status.phrase, Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)
        self.requests.append(query)
        if split.path not in {"/subscribe", f"/xrpc/{NSID}" if self.has_v2 else ""}:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no such endpoint")
        v2 = split.path != "/subscribe"
        cursor = int(query.get("cursor", ["0"])[0])
        if v2 and 0 < cursor < min(self.floor, TIMESTAMP):
            return _error(connection, "CursorTooOld", f"cursor below retention floor {self.floor}")
        oldest = next((time_us for seq, time_us, _, _ in self.events if seq >= self.floor), 0)
        if v2 and self.refuses_old_times and TIMESTAMP <= cursor < oldest:
            return _error(connection, "CursorTooOld", "the cursor is before what is kept")
        if self.refusals:
            self.refusals -= 1
            return connection.respond(http.HTTPStatus.FORBIDDEN, "not now")
        asked = query.get("zstdDictionary")
        if asked and not (self.dictionary and self.accepts_dictionary and int(asked[0]) == self.dictionary.dict_id()):
            return _error(connection, "UnknownZstdDictionary", "unknown zstd dictionary id")
        return None

    def _name_boot(self, connection: ServerConnection, request: Request, response: Response) -> None:
        response.headers["Jetstream-Boot-Id"] = self.boot

    def _stream(self, connection: ServerConnection) -> None:
        split = urlsplit(connection.request.path)  # type: ignore[union-attr]
        query, v2 = parse_qs(split.query), split.path != "/subscribe"
        wanted = set(query.get("dids" if v2 else "wantedDids", []))
        packed = zstandard.ZstdCompressor(dict_data=self.dictionary) if "zstdDictionary" in query and self.dictionary else None

        def send(message: dict[str, Any]) -> None:
            text = json.dumps(message)
            connection.send(packed.compress(text.encode()) if packed else text)

        try:
            at, notice = self._begin(int(query.get("cursor", ["0"])[0]))
            if notice and v2:
                send({"$type": "message", "payload": {"$type": f"{NSID}#info", "name": notice, "message": f"starting at seq {at + 1}"}})
            while (event := self._next(at)) is not None:
                at += 1
                if self.cut():
                    connection.socket.close()
                    return
                seq, time_us, did, commit = event
                if not wanted or did in wanted:
                    send(
                        jetstream_message(seq, time_us, did, commit)
                        if v2
                        else {"did": did, "time_us": time_us, "kind": "commit", "commit": commit}
                    )
                    self.sent += 1
        except (ConnectionClosed, OSError):
            return

    def _begin(self, cursor: int) -> tuple[int, str]:
        """Return the index of the first event to send, and the notice about the cursor."""
        with self._changed:
            if cursor == 0:
                return len(self.events), ""
            if cursor < TIMESTAMP:
                ahead = cursor > len(self.events) + 1
                return (len(self.events) if ahead else max(cursor, self.floor) - 1), "FutureCursor" if ahead else ""
            kept = [event for event in self.events if event[0] >= self.floor]
            first = next((seq for seq, time_us, _, _ in kept if time_us >= cursor), len(self.events) + 1)
            return first - 1, "OutdatedCursor" if kept and self.floor > 1 and cursor < kept[0][1] else ""

    def _next(self, at: int) -> tuple[int, int, str, dict[str, Any]] | None:
        with self._changed:
            while at >= len(self.events) and not self._closing:
                self._changed.wait()
            return None if self._closing else self.events[at]


def train_dictionary() -> zstandard.ZstdCompressionDict:
    """Return a dictionary as the server's `train-subscribe-dict` makes them: of messages."""
    samples = []
    for n in range(600):
        commit = {"collection": POSTS, "rkey": f"3m{n:x}", "operation": "create", "record": {"text": f"message {n * 31} of {n % 97}"}}
        samples.append(json.dumps(jetstream_message(n, 1_790_000_000_000_000 + n * 977, f"did:plc:{n * 7919:x}", commit)).encode())
    return zstandard.train_dictionary(4_096, samples)


def jetstream_message(seq: int, time_us: int, did: str, commit: dict[str, Any]) -> dict[str, Any]:
    """An event as version 2 sends it."""
    payload = {"$type": f"{NSID}#commit", "seq": seq, "did": did, "time": _iso(time_us), "witnessedAt": _iso(time_us), **commit}
    return {"$type": "message", "payload": payload}


def _iso(time_us: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_us // 1_000_000)) + f".{time_us % 1_000_000:06d}Z"


def _error(connection: ServerConnection, name: str, message: str) -> Response:
    return connection.respond(http.HTTPStatus.BAD_REQUEST, json.dumps({"error": name, "message": message}))
