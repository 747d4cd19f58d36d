"""A token endpoint of OAuth 2.0 on loopback: gives tokens without a signature, which Kafka takes in development, to one client."""

from __future__ import annotations

import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs

CLIENT, SECRET = "squall", "open sesame"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


class TokenServer:
    """Use it as a context manager; `asked` has the forms that came, `status` and `body` replace the answer."""

    def __init__(self) -> None:
        outer = self
        self.asked: list[dict[str, list[str]]] = []
        self.status, self.body = 200, b""
        self.lifetime = 300

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
                status, body = outer.status, outer.body
                if status == 200 and self.headers["Authorization"] != f"Basic {login}":
                    status, body = 401, b'{"error": "invalid_client", "error_description": "unknown client"}'
                body = body or outer.answer()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def answer(self) -> bytes:
        """Return what a client gets that is let in."""
        now = time.time()
        token = f"{_part({'alg': 'none'})}.{_part({'sub': CLIENT, 'iat': now - 1, 'exp': now + self.lifetime})}."
        return json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}).encode()

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
