"""Sockets for libraries that connect by themselves: to exactly the addresses that were checked."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

from squall.core.net.outbound.connections import Resolve, system_resolver
from squall.core.net.outbound.policy import HostPolicy

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def host_and_port(url: str) -> tuple[str, int]:
    """Return host and port of an http, https, ws or wss URL; an IPv6 address without brackets.

    Raises:
        ValueError: it is none.
    """
    split = urlsplit(url)
    if not split.hostname or split.scheme not in _PORTS:
        raise ValueError("the URL names no host")
    return split.hostname, split.port or _PORTS[split.scheme]


def checked_socket(policy: HostPolicy, host: str, port: int, timeout_seconds: float, resolve: Resolve = system_resolver) -> socket.socket:
    """Resolve `host` once, have every address checked, and connect to the first of them that answers.

    Args:
        policy: decides.
        host: name or address, an IPv6 address without brackets.
        port: of the server.
        timeout_seconds: for each address; the socket has no timeout afterwards.
        resolve: looks names up.

    Raises:
        ForbiddenHostError: the host must not be reached.
        OSError: no such host, or no address answers.
    """
    written = policy.check_host(host, port)
    addresses = [written] if written is not None else list(dict.fromkeys(ipaddress.ip_address(text) for text in resolve(host, port)))
    policy.check_addresses(host, port, addresses)
    failure: OSError = OSError("no address")
    for address in addresses:
        with contextlib.ExitStack() as stack:
            try:
                connected = stack.enter_context(socket.create_connection((str(address), port), timeout_seconds))
            except OSError as error:
                failure = error
                continue
            connected.settimeout(None)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stack.pop_all()
            return connected
    raise failure
