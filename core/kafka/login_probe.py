"""Asks a Kafka broker what clients do not report: whether it accepts the login (they retry forever), and the id of its cluster."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kafka.errors import KafkaError
from kafka.net.sasl import get_sasl_mechanism

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.access_tokens import login_arguments
from squall.core.net.tls import PROBE_SECONDS

_METADATA: Final = 3
_API_VERSIONS: Final = 18
_HANDSHAKE: Final = 17
_AUTHENTICATE: Final = 36
_OK: Final = 0
_UNSUPPORTED_MECHANISM: Final = 33
_ILLEGAL_STATE: Final = 34
_NO_TOPICS: Final = struct.pack(">i?", 0, False)
"""Metadata of the cluster alone; no topic is created."""
_LONGEST: Final = 1 << 20
"""Bytes of an answer; what says it is longer is not Kafka."""


def refused_login(host: str, port: int, context: ssl.SSLContext | None, settings: KafkaSettings) -> str:
    """Return why the broker refuses the connection, empty if it does not or if the reason is unknown.

    Args:
        host: name or address.
        port: of the broker.
        context: TLS as the client has it; None: plaintext.
        settings: the login.
    """
    try:
        with _link(host, port, context) as link:
            code, names = _handshake(link, settings.sasl_mechanism)
            if settings.authenticates:
                return _refusal(link, code, names, settings)
        if code not in {_OK, _UNSUPPORTED_MECHANISM}:
            return ""
        with _link(host, port, context) as link:  # some answer a handshake that they do not need
            return "" if _serves(link) else "it requires a login, and none is set"
    except (OSError, ValueError, struct.error, KeyError, KafkaError):
        return ""


def speaks_plaintext(host: str, port: int) -> bool:
    """Return whether Kafka answers there without TLS."""
    try:
        with socket.create_connection((host, port), PROBE_SECONDS) as link:
            return len(_call(link, _API_VERSIONS, 0, b"")) > 0
    except (OSError, ValueError, struct.error):
        return False


def cluster_id(host: str, port: int) -> str | None:
    """Return the id of the cluster that answers there without TLS and without a login; None if none answers."""
    try:
        with _link(host, port, None) as link:
            answer = _call(link, _METADATA, 4, _NO_TOPICS)
        (brokers,) = struct.unpack_from(">i", answer, 4)
        at = 8
        for _ in range(brokers):
            at += 4 + _string_bytes(answer, at + 4) + 4  # node id, host, port
            at += _string_bytes(answer, at)  # rack
        (length,) = struct.unpack_from(">h", answer, at)
        return answer[at + 2 : at + 2 + length].decode() if length >= 0 else ""
    except (OSError, ValueError, struct.error):
        return None


@contextmanager
def _link(host: str, port: int, context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    with socket.create_connection((host, port), PROBE_SECONDS) as plain:
        if context is None:
            yield plain
            return
        with context.wrap_socket(plain, server_hostname=host) as secure:
            yield secure


def _serves(link: socket.socket) -> bool:
    """Return whether a request is answered without a login; a broker that requires one closes the connection (KIP-43)."""
    try:
        return len(_call(link, _METADATA, 4, _NO_TOPICS)) > 0
    except ConnectionError:
        return False


def _refusal(link: socket.socket, code: int, names: list[str], settings: KafkaSettings) -> str:
    if code == _ILLEGAL_STATE:
        return "it accepts no login at this port"
    if code == _UNSUPPORTED_MECHANISM:
        return f"it supports the mechanisms {', '.join(names) or '(none)'}, not {settings.sasl_mechanism}"
    return _authenticate(link, settings) if code == _OK else ""


def _handshake(link: socket.socket, mechanism: str) -> tuple[int, list[str]]:
    answer = _call(link, _HANDSHAKE, 1, _string(mechanism))
    code, count = struct.unpack_from(">hi", answer)
    names, at = [], 6
    for _ in range(min(count, 100)):
        (length,) = struct.unpack_from(">h", answer, at)
        names.append(answer[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return code, names


def _authenticate(link: socket.socket, settings: KafkaSettings) -> str:
    mechanism: Any = get_sasl_mechanism(settings.sasl_mechanism)(**login_arguments(settings))
    while not mechanism.is_done():
        token = mechanism.auth_bytes()
        answer = _call(link, _AUTHENTICATE, 0, struct.pack(">i", len(token)) + token)
        code, length = struct.unpack_from(">hh", answer)
        at = 4 + max(0, length)
        if code != _OK:
            return answer[4:at].decode("utf-8", "replace") or f"error {code}"
        (size,) = struct.unpack_from(">i", answer, at)
        mechanism.receive(answer[at + 4 : at + 4 + max(0, size)])
    return ""


def _call(link: socket.socket, api: int, version: int, body: bytes) -> bytes:
    """Send one request and return its answer without the header."""
    frame = struct.pack(">hhi", api, version, 1) + _string("squall") + body
    link.sendall(struct.pack(">i", len(frame)) + frame)
    (size,) = struct.unpack(">i", _read(link, 4))
    if not 4 <= size <= _LONGEST:
        raise ValueError("not Kafka")
    return _read(link, size)[4:]


def _read(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = link.recv(size - len(data))
        if not chunk:
            raise ConnectionResetError("closed")
        data += chunk
    return data


def _string_bytes(data: bytes, at: int) -> int:
    """Return the bytes that a nullable string at `at` takes."""
    (length,) = struct.unpack_from(">h", data, at)
    return 2 + max(0, int(length))


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()
