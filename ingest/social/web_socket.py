"""A WebSocket that is read message by message, with errors in our own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import websockets.exceptions as failures
from websockets.sync.client import ClientConnection, reconnect
from websockets.typing import Subprotocol

from squall.core.net.outbound.errors import in_our_words, status_words

MOST_MESSAGE_BYTES: Final = 4_000_000
"""A longer message ends the connection: it is no post."""
_OPEN_SECONDS: Final = 15.0
_CLOSE_SECONDS: Final = 0.05
"""A server that does not answer the closing handshake delays a stop by this much."""
_PING_SECONDS: Final = 20.0
_BODY_CHARS: Final = 2_000


class ConnectionFailedError(Exception):
    """There is no connection, or it has ended; the message says why."""


class ConnectionRefusedByServerError(ConnectionFailedError):
    """The server answered the request for a WebSocket with another status.

    Args:
        message: why, for the log.
        status: of HTTP.
        body: the beginning of the answer: foreign text, not for a log.
        retry_after: the header as sent; empty if there is none.
    """

    def __init__(self, message: str, status: int, body: str, retry_after: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after = retry_after


class WebSocket:
    """An open connection; `open_web_socket` makes it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def header(self, name: str) -> str:
        """Return a header of the server's answer, empty if it is not there. Foreign text: not for a log."""
        response = self._connection.response
        return response.headers.get(name, "") if response is not None else ""

    def send(self, message: str) -> None:
        """Send a text message.

        Raises:
            ConnectionFailedError: the connection has ended.
        """
        try:
            self._connection.send(message)
        except (failures.ConnectionClosed, OSError) as error:
            raise _ended(error) from error

    def receive(self, seconds: float) -> bytes | None:
        """Return the next message, text as UTF-8; None if none arrives within `seconds`.

        While nobody receives, at most a few messages are read from the network, so the server is slowed down.

        Raises:
            ConnectionFailedError: the connection has ended.
        """
        try:
            message = self._connection.recv(seconds, decode=False)
        except TimeoutError:
            return None
        except (failures.ConnectionClosed, OSError) as error:
            raise _ended(error) from error
        return bytes(message)


class _Direct(reconnect):
    """Connects to the host that the operator wrote: a redirect could lead to any other, also on a private network."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


@contextmanager
def open_web_socket(
    url: str, user_agent: str, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] = (), *, compression: bool = True
) -> Iterator[WebSocket]:
    """Connect, and close at the end.

    Args:
        url: ws or wss, as the operator wrote it. Redirects are not followed.
        user_agent: the User-Agent header.
        headers: further ones.
        subprotocols: that are offered.
        compression: offer `permessage-deflate`.

    Raises:
        ConnectionRefusedByServerError: the server answered with another status.
        ConnectionFailedError: no connection, or it has ended.
    """
    try:
        opened = _Direct(
            url,
            additional_headers=dict(headers or {}),
            user_agent_header=user_agent,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            compression="deflate" if compression else None,
            open_timeout=_OPEN_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS * 2,
            close_timeout=_CLOSE_SECONDS,
            max_size=MOST_MESSAGE_BYTES,
        ).connect()
        opened.pending_legacy_warning = False
    except failures.InvalidStatus as error:
        response = error.response
        body = bytes(response.body or b"")[: _BODY_CHARS * 4].decode("utf-8", "replace")[:_BODY_CHARS]
        words = f"the server answered {status_words(response.status_code)} instead of a WebSocket"
        raise ConnectionRefusedByServerError(words, response.status_code, body, response.headers.get("Retry-After", "")) from error
    except (failures.WebSocketException, OSError, EOFError, TimeoutError, ValueError) as error:
        raise ConnectionFailedError(_why(error)) from error
    try:
        yield WebSocket(opened)
    finally:
        with contextlib.suppress(failures.WebSocketException, OSError):
            opened.close()


def _ended(error: Exception) -> ConnectionFailedError:
    received = error.rcvd if isinstance(error, failures.ConnectionClosed) else None
    return ConnectionFailedError(f"the server ended the connection with code {received.code}" if received else "the connection was lost")


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, failures.InvalidURI):
        return "the URL is not a ws or wss URL"
    if isinstance(error, failures.InvalidHandshake):
        return "the server does not speak WebSocket"
    return in_our_words(error)
