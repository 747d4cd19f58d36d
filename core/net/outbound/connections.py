"""Connections that go to exactly the addresses that were checked."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import httpcore
from httpcore import AsyncNetworkBackend, AsyncNetworkStream

from squall.core.net.outbound.addresses import Address
from squall.core.net.outbound.errors import UNRESOLVED
from squall.core.net.outbound.policy import HostPolicy

T = TypeVar("T")
Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a name, at least one; raises `OSError`."""

_CONNECT_SECONDS: Final = 4.0
"""Longest wait for one of several addresses: an IPv6 route that drops packets must not use up the time of the request."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` in the order in which they should be tried."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class PinnedBackend(AsyncNetworkBackend):
    """Resolves a host once, has every address checked, and connects to those addresses and no other.

    TLS and the Host header keep the name: httpcore takes them from the URL.

    Args:
        policy: decides.
        resolve: looks names up.
    """

    def __init__(self, policy: HostPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            ForbiddenHostError: the host must not be reached.
            httpcore.ConnectError: no such host, or no address answers.
        """
        addresses = await self._addresses(host, port)
        for number, address in enumerate(addresses, 1):
            patience = timeout if number == len(addresses) else _CONNECT_SECONDS
            try:
                return await self._network.connect_tcp(str(address), port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        address = self._policy.check_host(host, port)
        if address is not None:
            return [address]
        try:
            found = await in_daemon_thread(lambda: self._resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(UNRESOLVED) from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(text) for text in found))
        self._policy.check_addresses(host, port, addresses)
        return addresses


def in_daemon_thread(call: Callable[[], T]) -> Awaitable[T]:
    """Run `call` in a thread that nobody waits for once the result is no longer wanted.

    The loop's own executor joins its threads at the end: a name server that does not answer would hold the request beyond its deadline.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: Exception | None) -> None:
        if result.done():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, failed = None, None
        try:
            value = call()
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, failed)

    threading.Thread(target=run, name="resolver", daemon=True).start()
    return result
