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
from squall.core.net.outbound.policy import ForbiddenHostError
from squall.core.net.outbound.proxies import ProxySettingError, proxy_for
from squall.core.net.outbound.sockets import checked_socket, host_and_port
from squall.ingest.registry.http import SourceHttp

MOST_MESSAGE_BYTES: Final = 4_000_000
"""A longer message ends the connection: it is no post."""
_OPEN_SECONDS: Final = 15.0
_CLOSE_SECONDS: Final = 0.05
"""A server that does not answer the closing handshake delays a stop by this much."""
_PING_SECONDS: Final = 20.0
_BODY_CHARS: Final = 2_000
_LONGEST_ASKED: Final = 3_600.0


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
        self.pause_asked = min(float(retry_after), _LONGEST_ASKED) if retry_after.isascii() and retry_after.isdigit() else None
        """Seconds, at most an hour; None if the server asks for none."""


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
    """Connects to the address that was checked: a redirect could lead to any other, also on a private network."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


@contextmanager
def open_web_socket(
    url: str,
    http: SourceHttp,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    *,
    written: str = "",
    compression: bool = True,
) -> Iterator[WebSocket]:
    """Connect, and close at the end.

    The name of the host is resolved once, every address is checked as those of feeds are, and the connection goes to one of these.
    Behind a proxy the proxy resolves and decides; hosts that are written as addresses are still checked.

    Args:
        url: ws or wss. Redirects are not followed.
        http: gives the User-Agent header, and says which hosts may be reached.
        headers: further ones.
        subprotocols: that are offered.
        written: the URL that the operator wrote; empty: that is `url`. A server may name another one.
        compression: offer `permessage-deflate`.

    Raises:
        ConnectionRefusedByServerError: the server answered with another status.
        ConnectionFailedError: no connection, the host must not be reached, or the connection has ended.
    """
    try:
        host, port = host_and_port(url)
        policy = http.policy(written or url)
        policy.check_host(host, port)  # behind a proxy, too: an address needs no one to resolve it
        proxied = proxy_for("https" if url.startswith("wss") else "http", host, port) is not None
        reached = None if proxied else checked_socket(policy, host, port, _OPEN_SECONDS)
        opened = _Direct(
            url,
            additional_headers=dict(headers or {}),
            user_agent_header=http.user_agent,
            sock=reached,
            proxy=True if proxied else None,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            compression="deflate" if compression else None,
            open_timeout=_OPEN_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS * 2,
            close_timeout=_CLOSE_SECONDS,
            max_size=MOST_MESSAGE_BYTES,
        ).connect()
        opened.pending_legacy_warning = False
    except (ForbiddenHostError, ProxySettingError) as error:
        raise ConnectionFailedError(str(error)) from error
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
