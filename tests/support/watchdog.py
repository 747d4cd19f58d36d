"""A watchdog on loopback, as healthchecks.io and Opsgenie have one: it counts the signs of life that it gets."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TOKEN = "4f1d6a2e-hunter2"
KEY = "GenieKey hunter2"


class Watchdog:
    """Use it in a `with` statement. `status` is what it answers to a known path; while `wait` is not set it answers nothing."""

    def __init__(self) -> None:
        self.beats: list[str] = []
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()
        self.heard = threading.Semaphore(0)
        watchdog = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path == f"/{TOKEN}" or (self.path == "/v2/heartbeats/squall/ping" and self.headers.get("Authorization") == KEY)
                watchdog.wait.wait(30)
                if known:
                    watchdog.beats.append(self.path)
                    watchdog.heard.release()
                self.send_response(watchdog.status if known else 404)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wait.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"
