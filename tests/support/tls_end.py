"""Ends TLS in front of a plaintext server on this machine, and sends the alerts that asyncio's own servers swallow."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading


class TlsEnd:
    """Listens on a free loopback port until it is closed.

    Args:
        context: of the server's side.
        upstream_port: of the plaintext server on 127.0.0.1.
    """

    def __init__(self, context: ssl.SSLContext, upstream_port: int) -> None:
        self._context = context
        self._upstream = upstream_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(10)
            try:
                secure = self._context.wrap_socket(client, server_side=True)
            except ssl.SSLError:
                client.shutdown(socket.SHUT_WR)  # the alert is out; what the client still says is read, or it would get a reset
                while client.recv(4096):
                    pass
                return
            with secure, socket.create_connection(("127.0.0.1", self._upstream)) as upstream:
                secure.settimeout(None)
                _pump(secure, upstream)


def _pump(secure: ssl.SSLSocket, plain: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:  # `select.select` stops at 1,024 files, of which an embedded store opens many
        for source in (secure, plain):
            selector.register(source, selectors.EVENT_READ)
        while True:
            ready = [secure] if secure.pending() else [key.fileobj for key, _ in selector.select()]
            for source, target in ((secure, plain), (plain, secure)):
                if source in ready:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    target.sendall(data)
