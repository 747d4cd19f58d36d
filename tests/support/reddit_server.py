"""A loopback server that speaks the part of Reddit's API that PRAW needs for listings and posts."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT = ("app-id", "app-secret")


class RedditServer:
    """Has submissions and comments; `posts` is from old to new."""

    def __init__(self, now: float) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[str] = []
        self.agents: set[str] = set()
        self.remaining = 600.0
        self.reset = 300
        """Half of the window: PRAW spreads its requests over what is left of it, and is not ahead of that."""
        self.failures = 0
        """How many of the next requests are answered with 503."""
        self.refusals = 0
        """The same with 403."""
        self.too_many: list[str] = []
        """The next requests are answered with 429 and these `Retry-After`."""
        self.listed = 1_000
        """How many posts a listing has."""
        self._now = now
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
                if (asked[0], asked[2]) != CLIENT:
                    self._answer({"message": "Unauthorized", "error": 401}, 401)
                else:
                    self._answer({"access_token": "token", "token_type": "bearer", "expires_in": 86_400, "scope": "*"})

            def do_GET(self) -> None:
                server.requests.append(self.path)
                server.agents.add(self.headers["User-Agent"])
                if server.failures:
                    server.failures -= 1
                    self._answer({"error": 503}, 503)
                    return
                if server.refusals:
                    server.refusals -= 1
                    self._answer({"message": "Forbidden", "error": 403}, 403)
                    return
                if server.too_many:
                    self._answer({"message": "Too Many Requests", "error": 429}, 429, server.too_many.pop(0))
                    return
                split = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(split.query).items()}
                self._answer(server.answer(split.path, query))

            def _answer(self, body: Any, status: int = 200, retry_after: str = "") -> None:
                content = json.dumps(body).encode()
                server.remaining = max(0.0, server.remaining - 1)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if retry_after:
                    self.send_header("Retry-After", retry_after)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("x-ratelimit-remaining", f"{server.remaining:.1f}")
                self.send_header("x-ratelimit-used", "1")
                self.send_header("x-ratelimit-reset", str(server.reset))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def submit(self, title: str, selftext: str = "", age: float = 0.0) -> dict[str, Any]:
        return self._add("t3", {"title": title, "selftext": selftext}, age)

    def comment(self, body: str, age: float = 0.0) -> dict[str, Any]:
        return self._add("t1", {"body": body, "link_title": "The submission"}, age)

    def _add(self, kind: str, data: dict[str, Any], age: float) -> dict[str, Any]:
        number = f"{len(self.posts) + 46_656:x}"
        data |= {
            "id": number,
            "name": f"{kind}_{number}",
            "author": "ada",
            "subreddit": "stocks",
            "created_utc": self._now - age + len(self.posts) * 0.001,
            "edited": False,
            "permalink": f"/r/stocks/comments/{number}/",
        }
        self.posts.append((kind, data))
        self.posts.sort(key=lambda post: float(post[1]["created_utc"]))
        return data

    def remove(self, data: dict[str, Any]) -> None:
        self.posts = [post for post in self.posts if post[1] is not data]

    def answer(self, path: str, query: dict[str, str]) -> Any:
        if path.strip("/") == "api/info":
            wanted = query["id"].split(",")
            return _listing([post for post in self.posts if post[1]["name"] in wanted], None)
        kind = "t1" if "/comments" in path else "t3"
        listed = [post for post in reversed(self.posts) if post[0] == kind][: self.listed]
        names = [post[1]["name"] for post in listed]
        start = names.index(query["after"]) + 1 if query.get("after") in names else 0
        page = listed[start : start + min(100, int(query.get("limit", 25)))]
        return _listing(page, page[-1][1]["name"] if start + len(page) < len(listed) else None)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _listing(posts: list[tuple[str, dict[str, Any]]], after: str | None) -> Any:
    return {"kind": "Listing", "data": {"after": after, "before": None, "children": [{"kind": kind, "data": data} for kind, data in posts]}}
