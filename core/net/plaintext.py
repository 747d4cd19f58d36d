"""The rule about unencrypted connections: none to another machine unless the operator allows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback

ALLOW_PLAINTEXT: Final = "SQUALL_ALLOW_PLAINTEXT"


def refuse_plaintext(link: str, hosts: Iterable[str], instead: str, *, allowed: bool) -> None:
    """Refuse an unencrypted connection to another machine unless it is allowed. Call it where a connection is opened.

    Args:
        link: what is reached, for the message.
        hosts: names or addresses without ports, or Unix sockets; an empty host is this machine, as clients understand it.
        instead: what to set for an encrypted connection.
        allowed: the setting `allow_plaintext`.

    Raises:
        ConfigurationError: names both settings.
    """
    remote = [host for host in hosts if not _stays_here(host)]
    if remote and not allowed:
        raise ConfigurationError(
            f"{link} at {', '.join(remote)} would be reached in plaintext", f"{instead}; in a network you trust set {ALLOW_PLAINTEXT}=true"
        )


def _stays_here(host: str) -> bool:
    host = host.strip().lower()
    return not host.strip("[].") or host.startswith(("/", "unix:")) or is_loopback(host)
