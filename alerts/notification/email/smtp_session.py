"""A conversation with a mail server under one deadline; whatever the server does, it ends in time and takes little memory."""

from __future__ import annotations

import contextlib
import io
import smtplib
import socket
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from squall.core.net.deadline import Deadline, connect, within

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MAX_LINE: Final = 4096
"""Longest line of a reply, in bytes; RFC 5321 allows 512."""
_MAX_REPLY: Final = 65_536
"""Most bytes of one reply, which may have many lines."""
_CHUNK: Final = 16_384
"""Bytes that are sent under one timeout of the socket."""
_LEAST_TIMEOUT: Final = 0.001
"""Of a socket whose time is over; 0 would mean that it does not block."""
_QUIT_SECONDS: Final = 2.0
"""For leaving politely. The mail is already accepted then."""
_NAME_SECONDS: Final = 2.0
"""For looking up this machine's own name, which the server is greeted with."""
_NO_NAME: Final = "[127.0.0.1]"
"""smtplib's own choice where the machine has no full name."""


class SmtpSession(smtplib.SMTP):
    """smtplib's client, connected. Every step takes the time that is left, and replies are bounded.

    As a context manager it says goodbye at the end, but a server that does not answer that has the mail nevertheless.

    Args:
        host: of the server.
        port: of the server.
        context: for TLS from the first byte; None: in plaintext, until `starttls`.
        deadline: of everything but the goodbye.
        greeting: deadline of the server's first reply.

    Raises:
        SMTPException: the server refuses the connection, or speaks something else.
        OSError: it can't be reached, or not within the time.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, deadline: Deadline, greeting: Deadline) -> None:
        self._context = context
        self._deadline = greeting
        super().__init__(host, port, local_hostname=_own_name(greeting), timeout=greeting.remaining())
        self._deadline = deadline

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply; see `smtplib.SMTP.getreply`."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        if self.file is None:
            self.file = _Replies(self.sock, self._deadline)
        self.file.begin(self._deadline)
        reply = super().getreply()
        if self.sock is not None:  # for a handshake that follows; a reply that is here counts, even at the last moment
            self.sock.settimeout(max(self._deadline.left, _LEAST_TIMEOUT))
        return reply

    def send(self, s: ReadableBuffer | str) -> None:
        """Send a command or a mail; see `smtplib.SMTP.send`."""
        data = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        for start in range(0, len(data), _CHUNK):
            if self.sock is not None:
                self.sock.settimeout(self._deadline.remaining())
            super().send(data[start : start + _CHUNK])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._deadline = Deadline(min(_QUIT_SECONDS, self._deadline.remaining()))
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    self.docmd("QUIT")
        except TimeoutError:
            pass
        finally:
            self.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002  smtplib's signature
        plain = connect(host, port, self._deadline)
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


class _Incoming(io.RawIOBase):
    """What a socket receives, until a deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self.deadline.remaining())
        return self._sock.recv_into(buffer)


class _Replies(io.BufferedReader):
    """Lines of replies, whose length and number are limited."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._incoming = _Incoming(sock, deadline)
        self._left = 0
        super().__init__(self._incoming)

    def begin(self, deadline: Deadline) -> None:
        """Expect another reply, until `deadline`."""
        self._incoming.deadline, self._left = deadline, _MAX_REPLY

    def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002  smtplib's limit is larger
        line = super().readline(_MAX_LINE + 1)
        self._left -= len(line)
        if len(line) > _MAX_LINE or self._left < 0:
            raise OSError(f"the reply is longer than {_MAX_LINE} bytes in a line, or {_MAX_REPLY} in all")
        return line


def _own_name(deadline: Deadline) -> str:
    """Return what smtplib greets servers with: a name lookup that may hang."""
    try:
        return within(deadline.sooner(min(_NAME_SECONDS, deadline.remaining() / 4)), lambda: smtplib.SMTP().local_hostname)
    except TimeoutError:
        return _NO_NAME
