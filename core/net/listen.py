"""How every server of Squall opens its listening socket."""

from __future__ import annotations

import errno
import socket

from squall.core.errors import ConfigurationError
from squall.core.net.addresses import host_port

_BACKLOG = 128


def listen(host: str, port: int, *, server: str, settings: str) -> socket.socket:
    """Return a TCP socket that listens on `host` and `port`.

    Args:
        host: a name or an IPv4 or IPv6 address, which may be in brackets; empty: all IPv4 interfaces.
        port: 0 for any free one; see the socket's `getsockname`.
        server: what listens, for the message, as `the live page`.
        settings: the variables' common part, as `SQUALL_WEB` of `SQUALL_WEB__HOST` and `SQUALL_WEB__PORT`.

    Raises:
        ConfigurationError: the address is in use, is not an address of this machine, or needs a permission; names the setting.
    """
    host = host.strip()
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    what = f"{server} can't listen on {host_port(host, port)}"
    try:
        address = socket.getaddrinfo(host or None, port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][4]
    except (socket.gaierror, UnicodeError) as error:  # UnicodeError: what can't be a host name at all
        raise ConfigurationError(f"{what}: no such host", f"correct {settings}__HOST") from error
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise _refused(error, what, settings) from error


def _refused(error: OSError, what: str, settings: str) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(f"{what}: another process uses this port", f"set {settings}__PORT to a free port")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigurationError(f"{what}: this user may not use this port", f"set {settings}__PORT to a port above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return ConfigurationError(f"{what}: not an address of this machine", f"correct {settings}__HOST")
    return ConfigurationError(f"{what}: {error.strerror or error}", f"correct {settings}__HOST and {settings}__PORT")
