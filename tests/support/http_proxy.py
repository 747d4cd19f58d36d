"""A real HTTP proxy on loopback: forwards requests and opens tunnels, to wherever a test says that a host is."""

from __future__ import annotations

import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class HttpProxy:
    """Sends everything for `hosts[name]` to that port of loopback; remembers what it was asked for, and the credentials for itself."""

    def __init__(self, hosts: dict[str, int], status: int = 0) -> None:
        self.asked: list[str] = []
        self.credentials: list[str | None] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.asked.append(self.path)
                proxy.credentials.append(self.headers["Proxy-Authorization"])
                if status:
                    self.send_error(status, "secret words of the proxy")
                    return
                parts = urlsplit(self.path)
                upstream = http.client.HTTPConnection("127.0.0.1", hosts[str(parts.hostname)], timeout=5)
                upstream.request("GET", parts.path, headers={"Host": self.headers["Host"]})
                answer = upstream.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"content-length", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                upstream.close()

            def do_CONNECT(self) -> None:
                proxy.asked.append(self.path)
                proxy.credentials.append(self.headers["Proxy-Authorization"])
                self.close_connection = True
                if status:
                    self.send_error(status, "secret words of the proxy")
                    return
                with socket.create_connection(("127.0.0.1", hosts[self.path.partition(":")[0]]), timeout=5) as upstream:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=_pump, args=(upstream, self.connection), daemon=True)
                    back.start()
                    _pump(self.connection, upstream)
                    back.join(5)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
