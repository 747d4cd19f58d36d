"""A real HTTP server that takes webhooks."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Answers every POST with `status` (and `location`), and remembers it."""

    def __init__(self):
        self.status, self.location, self.calls = 204, "", []
        self.answer = None
        """Called with the request handler instead of answering, if set."""
        self.wait = threading.Event()
        self.wait.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.calls.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                receiver.wait.wait(30)
                with contextlib.suppress(OSError):
                    if receiver.answer is not None:
                        receiver.answer(self)
                        return
                    self.send_response(receiver.status)
                    if receiver.location:
                        self.send_header("Location", receiver.location)
                    content = b"" if receiver.status == 204 else b"no\n such  alert"
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hook?token=hunter2"

    def close(self):
        self.wait.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
