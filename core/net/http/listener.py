"""Accepts connections up to a cap. At the cap the connection that has waited longest for its client makes room."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from squall.core.net.http.connection import Connection, Phase
from squall.core.net.http.events import ListenerEvents

_AT_A_TIME: Final = 16
"""Connections accepted per turn of the event loop: a flood of them must not hold up the others."""
_RETRY_SECONDS: Final = 0.05
_GRACE: Final = {Phase.IDLE: 0.1, Phase.HEAD: 0.1, Phase.CLOSING: 0.1, Phase.BODY: 1.0}
"""Seconds after which a connection in this phase may be closed to make room: time for a request on its way to arrive."""
_CROWDED_SECONDS: Final = 1.0
_LONG_GRACE: Final = 5.0
"""The same for a probe that is being answered, and for a client that is reading a response."""
_IPV6_CLIENT: Final = 64
"""A client of IPv6 usually has a whole /64: it counts as one address."""
_LAST: Final = frozenset({Phase.BODY, Phase.RESPONSE})
"""Connections in these phases make room only if there is no other."""


class Listener:
    """Accepts on one socket. Use it on one event loop.

    asyncio's own accept loop accepts without a limit, and when the process has no descriptors left it logs a traceback each time.

    Args:
        listening: the socket; it is closed with the listener.
        cap: most connections at a time. Beyond it new connections wait in the kernel's backlog until one ends or may be closed.
        make: makes a connection's protocol; takes the address of its client.
        events: what is logged.
        now: the event loop's clock.
    """

    def __init__(
        self, listening: socket.socket, cap: int, make: Callable[[str], Connection], events: ListenerEvents, now: Callable[[], float]
    ) -> None:
        self._listening = listening
        self._cap = cap
        self._make = make
        self._events = events
        self._now = now
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[object]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._crowded_until = float("-inf")

    @property
    def crowded(self) -> bool:
        """Whether new connections have had to wait: then clients do not keep theirs between requests."""
        return self._now() < self._crowded_until

    def start(self) -> None:
        """Accept on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._listening.setblocking(False)
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Accept no more; open connections stay open."""
        if self._loop is not None:
            self._loop.remove_reader(self._listening)
            self._loop = None
        if self._retry is not None:
            self._retry.cancel()
        self._listening.close()

    async def wait_closed(self) -> None:
        """Return at once: uvicorn waits for the connections itself."""

    def abort_all(self) -> None:
        """Close every connection at once."""
        for connection in list(self._connections):
            connection.abort()

    def check(self) -> None:
        """End what has taken too long, and log what was counted; call it several times a second."""
        for connection in list(self._connections):
            try:
                connection.check()
            except Exception as error:  # noqa: BLE001 - one connection must not end the server
                self._events.note(f"a connection failed: {type(error).__name__}", error)
                connection.abort()
        self._events.flush()

    def end_incomplete_request(self) -> bool:
        """Close a connection that waits for the rest of a body; return whether there was one that had time to send it."""
        return self._close_one([each for each in self._connections if each.phase is Phase.BODY])

    def closed(self, connection: Connection) -> None:
        """Free the slot of `connection`."""
        self._connections.discard(connection)

    def _accept(self) -> None:
        for _ in range(_AT_A_TIME):
            if len(self._connections) >= self._cap and not self._make_room():
                self._crowded_until = self._now() + _CROWDED_SECONDS
                self._pause()
                return
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors or memory left: an idle connection gives back its own
                self._events.note(f"a connection could not be accepted: {error.strerror}")
                self._make_room()
                self._pause()
                return
            self._open(accepted, _client(address[0]))

    def _open(self, accepted: socket.socket, client: str) -> None:
        assert self._loop is not None
        accepted.setblocking(False)
        connection = self._make(client)
        self._connections.add(connection)
        opening: asyncio.Task[object] = self._loop.create_task(self._connect(connection, accepted))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _connect(self, connection: Connection, accepted: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted)
        except OSError as error:
            self._events.note(f"a connection could not be opened: {error.strerror}")
            accepted.close()
            self.closed(connection)

    def _pause(self) -> None:
        """Look again in a moment: the socket stays readable."""
        if self._loop is not None:
            self._loop.remove_reader(self._listening)
            self._retry = self._loop.call_later(_RETRY_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._loop is not None:
            self._loop.add_reader(self._listening, self._accept)
            self._accept()

    def _make_room(self) -> bool:
        """Close a connection that waits for its client: of the address that has the most, the one that has waited longest.

        Behind a proxy all have its address, and the oldest goes.
        """
        self._events.note(f"all {self._cap} connections are in use; the oldest without a complete request are closed")
        bodies = [each for each in self._connections if each.phase in _LAST]
        return self._close_one(self._connections.difference(bodies)) or self._close_one(bodies)

    def _close_one(self, candidates: Collection[Connection]) -> bool:
        held = Counter(connection.client_address for connection in self._connections)
        waiting = [connection for connection in candidates if _grace(connection) is not None]
        most = max((held[connection.client_address] for connection in waiting), default=0)
        for victim in sorted(waiting, key=lambda each: each.since):
            if held[victim.client_address] == most and self._had_time(victim):
                self.closed(victim)
                victim.abort()
                return True
        return False

    def _had_time(self, connection: Connection) -> bool:
        grace = _grace(connection)
        if grace is None or not connection.open:
            return False
        # on a busy machine the grace can end before what has arrived is read
        return self._now() - connection.since >= grace and not connection.has_unread_input()


def _grace(connection: Connection) -> float | None:
    """Return how long a connection in this phase is safe; None: as long as it likes."""
    if connection.phase is Phase.RESPONSE:
        return _LONG_GRACE if connection.is_probe else None
    return _LONG_GRACE if connection.has_unsent_output else _GRACE[connection.phase]


def _client(host: str) -> str:
    """Return what counts as one client: an IPv4 address, a /64 of IPv6."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, _IPV6_CLIENT), strict=False))
    return str(address)
