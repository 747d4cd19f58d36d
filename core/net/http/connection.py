"""One connection: uvicorn's h11 protocol with a deadline for every phase."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from squall.core.net.http.events import ListenerEvents, ServerLog
from squall.core.net.http.limits import Timeouts
from squall.core.net.http.metered_h11 import MeteredH11Connection

_LONGEST_HEAD: Final = 16_384
"""Bytes of request line and headers."""
LEAST_READ: Final = 65_536
"""Bytes of a waiting response that a client must read within `Timeouts.write`: about 2 KB a second."""
_INT: Final = struct.Struct("i")


class Phase(Enum):
    """What a connection is waiting for."""

    IDLE = "the first byte of a request"
    HEAD = "the rest of request line and headers"
    BODY = "the rest of the body"
    RESPONSE = "the application"
    CLOSING = "the client to read the response and to close"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connection needs of its listener."""

    timeouts: Timeouts
    events: ListenerEvents
    probes: frozenset[str]
    now: Callable[[], float]
    closed: Callable[[Connection], None]


class Connection(H11Protocol):
    """Ends when its client is too slow in any phase; see `Timeouts`."""

    def __init__(self, config: uvicorn.Config, state: ServerState, surroundings: Surroundings, client: str) -> None:
        super().__init__(config, state, {})
        self.conn = MeteredH11Connection(config.h11_max_incomplete_event_size or _LONGEST_HEAD)
        self.logger = ServerLog(surroundings.events)  # type: ignore[assignment]  # it calls only these methods
        self.access_log = False
        self._surroundings = surroundings
        self._socket: asyncio.Transport | None = None
        self._request: object = None
        self._outlet: _Outlet | None = None
        self._slow_since: float | None = None
        self._read_then = 0
        self.phase = Phase.IDLE
        self.since = surroundings.now()
        self.client_address = client

    # from the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        self._socket = transport
        self._outlet = _Outlet(transport, self.finish)
        super().connection_made(self._outlet)

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the slot."""
        self._socket = None
        super().connection_lost(exc)
        self._surroundings.closed(self)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; what arrives after the response to an incomplete one is dropped."""
        if self.phase is not Phase.CLOSING:
            super().data_received(data)
            self._find_phase()

    # from uvicorn's protocol

    def on_response_complete(self) -> None:
        """Wait for the next request, or close if this one is not complete: its body is not read."""
        incomplete = self.conn.their_state is h11.SEND_BODY
        super().on_response_complete()
        self._unset_keepalive_if_required()  # `check` does this for every phase
        if incomplete:
            self.finish()
        self._find_phase()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._surroundings.events.note("a client sent an invalid request")
        self._refuse(HTTPStatus.BAD_REQUEST, f"{msg}\n")

    def shutdown(self) -> None:
        """Close, after the running request is answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self.finish()

    # from the listener

    @property
    def is_probe(self) -> bool:
        """Whether it carries a request for a probe."""
        return self.cycle is not None and self.cycle.scope["path"] in self._surroundings.probes

    @property
    def open(self) -> bool:
        """Whether the transport is connected and not being aborted."""
        return self._socket is not None

    @property
    def has_unsent_output(self) -> bool:
        """Whether a response waits for the client to read it."""
        return self._socket is not None and self._socket.get_write_buffer_size() > 0

    def has_unread_input(self) -> bool:
        """Return whether the client has sent something that was not read yet."""
        if self._socket is None or self.phase is Phase.CLOSING:
            return False
        count = fcntl.ioctl(self._socket.get_extra_info("socket").fileno(), termios.FIONREAD, bytes(_INT.size))
        return bool(_INT.unpack(count)[0])

    def check(self) -> None:
        """End the connection if its phase has taken too long."""
        if self._socket is None:
            return
        now, timeouts = self._surroundings.now(), self._surroundings.timeouts
        if self._reads_too_little(now):
            self._surroundings.events.note(f"a client did not read a response within {timeouts.write:g} s")
            self.abort()
            return
        waited = now - self.since
        if self.phase is Phase.IDLE and waited > (timeouts.idle if self.cycle else timeouts.head):
            self.finish()
        elif self.phase is Phase.HEAD and waited > timeouts.head:
            self._surroundings.events.note(f"a client did not complete the headers within {timeouts.head:g} s")
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"The headers did not arrive within {timeouts.head:g} s.\n")
        elif self.phase is Phase.BODY and waited > timeouts.body:
            self._surroundings.events.note(f"a client did not complete the body within {timeouts.body:g} s")
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {timeouts.body:g} s.\n")
        elif self.phase is Phase.CLOSING and waited > timeouts.linger and not self._socket.get_write_buffer_size():
            self.abort()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            self.phase = Phase.CLOSING
            socket.abort()

    def finish(self) -> None:
        """Close after everything is sent, and, where the request is incomplete, after the client had time to read it."""
        if self._socket is None or self.phase is Phase.CLOSING:
            return
        more_to_come = self.conn.their_state in {h11.SEND_BODY, h11.ERROR}
        self._enter(Phase.CLOSING)
        if not more_to_come:
            self._socket.close()
            return
        try:
            self._socket.resume_reading()
            self._socket.write_eof()  # with unread input, close() would send a reset, which can overtake the response
        except OSError:  # the client has reset the connection
            self.abort()

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer `text` if no response has begun, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = text.encode()
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), ("Connection", "close")]
            for event in (h11.Response(status_code=status, headers=headers, reason=status.phrase), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.finish()

    def _reads_too_little(self, now: float) -> bool:
        """Return whether the client has read less than `LEAST_READ` of what is waiting for it for too long."""
        waiting = self._socket.get_write_buffer_size() if self._socket is not None else 0
        read = self._outlet.written - waiting if self._outlet is not None else 0
        if not waiting or self._slow_since is None or read - self._read_then >= LEAST_READ:
            self._slow_since, self._read_then = now if waiting else None, read
        return self._slow_since is not None and now - self._slow_since > self._surroundings.timeouts.write

    def _find_phase(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._enter(Phase.BODY if self.cycle.more_body else Phase.RESPONSE)
        else:
            self._enter(Phase.HEAD if self.conn.trailing_data[0] else Phase.IDLE)

    def _enter(self, phase: Phase) -> None:
        if self.phase is not Phase.CLOSING and (self.phase is not phase or self._request is not self.cycle):
            self.phase, self._request, self.since = phase, self.cycle, self._surroundings.now()


class _Outlet(asyncio.Transport):
    """The transport as uvicorn's protocol sees it: `close` is the connection's `finish`, and what is written is counted."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._close = close
        self._closed = False
        self.written = 0

    def close(self) -> None:
        self._closed = True
        self._close()

    def is_closing(self) -> bool:
        return self._closed or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += len(data)
        self._transport.write(data)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
