"""TLS and SASL in front of the development broker, which has neither: a proxy that ends both as a real broker does.

It answers SaslHandshake and SaslAuthenticate itself (PLAIN, and SCRAM after RFC 5802), lets nothing else pass before a login, and hands
all other frames on. In answers the broker's advertised port becomes the gate's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import ssl
import struct
import threading
from typing import Self

from tests.support.tls_end import TlsEnd

API_VERSIONS, HANDSHAKE, AUTHENTICATE = 18, 17, 36
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
AUTHENTICATION_FAILED, UNSUPPORTED_MECHANISM = 58, 33
ITERATIONS = 4096


class Scram:
    """The server's side of one login."""

    def __init__(self, mechanism: str, users: dict[str, str]) -> None:
        self._hash = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
        self._users = users
        self._first = self._nonce = ""
        self._salt = os.urandom(16)
        self._salted = b""

    def step(self, message: bytes) -> tuple[bytes, bool]:
        """Return the answer, and whether the client is in; raises ValueError when it may not."""
        return self._challenge(message.decode()) if not self._first else self._verify(message.decode())

    def _challenge(self, message: str) -> tuple[bytes, bool]:
        header, _, bare = message.partition(",,")
        fields = dict(part.split("=", 1) for part in bare.split(","))
        if header != "n" or (user := fields["n"].replace("=2C", ",").replace("=3D", "=")) not in self._users:
            raise ValueError("unknown user")
        self._nonce = fields["r"] + base64.b64encode(os.urandom(12)).decode()
        self._salted = hashlib.pbkdf2_hmac(self._hash, self._users[user].encode(), self._salt, ITERATIONS)
        answer = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={ITERATIONS}"
        self._first = f"{bare},{answer}"
        return answer.encode(), False

    def _verify(self, message: str) -> tuple[bytes, bool]:
        without_proof, _, proof = message.rpartition(",p=")
        fields = dict(part.split("=", 1) for part in without_proof.split(","))
        signed = f"{self._first},{without_proof}".encode()
        client_key = self._mac(self._salted, b"Client Key")
        signature = self._mac(hashlib.new(self._hash, client_key).digest(), signed)
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        if fields != {"c": "biws", "r": self._nonce} or not hmac.compare_digest(expected, base64.b64decode(proof)):
            raise ValueError("wrong password")
        return b"v=" + base64.b64encode(self._mac(self._mac(self._salted, b"Server Key"), signed)), True

    def _mac(self, key: bytes, text: bytes) -> bytes:
        return hmac.new(key, text, self._hash).digest()


class Plain:
    """PLAIN: name and password as they are."""

    def __init__(self, users: dict[str, str]) -> None:
        self._users = users

    def step(self, message: bytes) -> tuple[bytes, bool]:
        """Let in or raise ValueError."""
        _, user, password = message.decode().split("\0")
        if self._users.get(user) != password:
            raise ValueError("wrong user or password")
        return b"", True


class KafkaGate:
    """Listens on a free loopback port; use it as a context manager.

    Args:
        upstream_port: of the development broker on 127.0.0.1.
        context: of the server's side of TLS; None: plaintext.
        users: name to password; None: no login is asked for. May be changed while it runs.
    """

    def __init__(self, upstream_port: int, context: ssl.SSLContext | None = None, users: dict[str, str] | None = None) -> None:
        self._upstream = upstream_port
        self._context = context
        self.users = users
        self.port = 0
        self.logins: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up and listen no more; idempotent."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def hang_up(self) -> None:
        """Close every client's connection, as a broker that is restarted does."""
        self._loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self._clients])

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)  # clients that break off are the point of many tests
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        inner = server.sockets[0].getsockname()[1]
        end = TlsEnd(self._context, inner) if self._context else None
        self.port = end.port if end else inner
        self._up.set()
        self._loop.run_forever()
        server.close()
        if end:
            end.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        versions: dict[int, int] = {}
        answers = asyncio.create_task(self._answers(up_reader, writer, versions))
        try:
            await self._requests(reader, writer, up_writer, versions)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            answers.cancel()
            self._clients.discard(writer)
            up_writer.close()
            writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: asyncio.StreamWriter, versions: dict[int, int]
    ) -> None:
        login: Plain | Scram | None = None
        inside = self.users is None
        while True:
            frame = await _frame(reader)
            api, version, correlation, client = struct.unpack_from(">hhih", frame)
            body = frame[10 + max(0, client) :]
            if api == HANDSHAKE:
                mechanism = body[2:].decode()
                known = mechanism in MECHANISMS
                login = None if not known else Plain(self.users or {}) if mechanism == "PLAIN" else Scram(mechanism, self.users or {})
                names = b"".join(_text(name) for name in MECHANISMS)
                _write(writer, struct.pack(">ihi", correlation, 0 if known else UNSUPPORTED_MECHANISM, len(MECHANISMS)) + names)
            elif api == AUTHENTICATE and login:
                try:
                    token, inside = login.step(body[4:])
                    answer = struct.pack(">hhi", 0, -1, len(token)) + token
                except ValueError as error:
                    answer = struct.pack(">h", AUTHENTICATION_FAILED) + _text(f"Authentication failed: {error}") + struct.pack(">i", 0)
                if inside:
                    self.logins.append(type(login).__name__)
                _write(writer, struct.pack(">i", correlation) + answer + (struct.pack(">q", 0) if version else b""))
            elif inside or api == API_VERSIONS:
                if api == API_VERSIONS:
                    versions[correlation] = version
                _write(upstream, frame)
            else:
                return
            await writer.drain()

    async def _answers(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, versions: dict[int, int]) -> None:
        ours, theirs = (b"127.0.0.1" + struct.pack(">i", port) for port in (self.port, self._upstream))
        try:
            while True:
                frame = (await _frame(upstream)).replace(theirs, ours)
                version = versions.pop(struct.unpack_from(">i", frame)[0], None)
                _write(writer, frame if version is None or self.users is None else _with_sasl(frame, version))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()


def _with_sasl(frame: bytes, version: int) -> bytes:
    """Add the two SASL requests to the broker's list of what it understands."""
    if struct.unpack_from(">h", frame, 4)[0]:
        return frame
    compact = version >= 3
    count = frame[6] - 1 if compact else struct.unpack_from(">i", frame, 6)[0]
    start, size = (7, 7) if compact else (10, 6)
    entries = [frame[start + size * number : start + size * (number + 1)] for number in range(count)]
    kept = [entry for entry in entries if struct.unpack_from(">h", entry)[0] not in (HANDSHAKE, AUTHENTICATE)]
    kept += [struct.pack(">hhh", api, 0, 1) + b"\0" * compact for api in (HANDSHAKE, AUTHENTICATE)]
    length = bytes([len(kept) + 1]) if compact else struct.pack(">i", len(kept))
    return frame[:6] + length + b"".join(kept) + frame[start + size * count :]


async def _frame(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(struct.unpack(">i", await reader.readexactly(4))[0])


def _write(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
