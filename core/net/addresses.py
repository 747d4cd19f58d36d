"""Hosts, ports and URLs: how they are written, and which of them stay on this machine."""

from __future__ import annotations

import ipaddress
import re

_PASSWORD = re.compile(r"(://[^/:@]*:).*@", re.DOTALL)
"""Up to the last @: a password that contains / or # ends the URL early for its parser, but must not be shown either."""


def is_loopback(host: str) -> bool:
    """Return whether `host` is reachable from this machine only.

    Args:
        host: a name or an address without a port; case, IPv6 brackets and the final dot of a name do not matter.

    True for `localhost` and the names below it (RFC 6761), 127.0.0.0/8, `::1`, and both in an IPv4-mapped IPv6 address.
    False for everything else; the empty host means all interfaces.
    """
    name = host.strip().lower().rstrip(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def split_server(server: str, default_port: int) -> tuple[str, int]:
    """Return host and port of `host`, `host:port` or `[address]:port`.

    Raises:
        ValueError: the port is not a number.
    """
    server = server.strip()
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest.lstrip(":") or default_port)
    if server.count(":") > 1:
        return server, default_port
    host, _, port = server.partition(":")
    return host, int(port or default_port)


def host_port(host: str, port: int) -> str:
    """Write an address for a URL: `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def redact_url(url: str) -> str:
    """Return `url` with its password replaced by `***`."""
    return _PASSWORD.sub(r"\1***@", url)
