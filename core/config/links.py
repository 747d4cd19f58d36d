"""Links to other machines: which are encrypted, and the one rule about those that are not."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, PrivateAttr

from squall.core.config.sections import Section
from squall.core.errors import ConfigurationError

ALLOW_PLAINTEXT: Final = "SQUALL_ALLOW_PLAINTEXT"


def _readable(path: Path | None) -> Path | None:
    if path is None:
        return None
    path = path.expanduser()
    if not path.is_file():
        raise ValueError(f"{path} is not a file")
    if not os.access(path, os.R_OK):
        raise ValueError(f"{path} can't be read by this user")
    return path


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


ReadableFile = Annotated[Path | None, AfterValidator(_readable), BeforeValidator(_none_if_empty)]
"""A file that is there and may be read when the settings are; empty text is none."""


class LinkSection(Section):
    """A branch of the settings about a link, which knows whether it may be in plaintext."""

    _plaintext_allowed: bool = PrivateAttr(default=False)

    @property
    def plaintext_allowed(self) -> bool:
        """The value of the setting `allow_plaintext`, which is about all links."""
        return self._plaintext_allowed

    def allow_plaintext(self, allowed: bool) -> None:
        """Take over the setting; for the root of the tree only."""
        self._plaintext_allowed = allowed


def is_local(host: str) -> bool:
    """Say whether `host` can't leave this machine: a loopback address, `localhost`, or a Unix socket."""
    name = host.strip().strip("[]").rstrip(".").lower()
    if name in {"", "localhost"} or name.startswith(("/", "unix:")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_server(server: str, default_port: int) -> tuple[str, int]:
    """Return host and port of `host`, `host:port` or `[address]:port`.

    Raises:
        ValueError: the port is no number.
    """
    server = server.strip()
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest.lstrip(":") or default_port)
    if server.count(":") > 1:
        return server, default_port
    host, _, port = server.partition(":")
    return host, int(port or default_port)


def refuse_plaintext(link: str, hosts: Iterable[str], allowed: bool, instead: str) -> None:
    """Refuse a link in plaintext to another machine, unless somebody said that it is meant.

    Args:
        link: what is reached, for the message.
        hosts: names or addresses without ports.
        allowed: the setting `allow_plaintext`.
        instead: what to set for an encrypted link.

    Raises:
        ConfigurationError: names both settings.
    """
    away = [host for host in hosts if not is_local(host)]
    if away and not allowed:
        raise ConfigurationError(
            f"{link} at {', '.join(away)} would be reached in plaintext", f"{instead}; in a network you trust set {ALLOW_PLAINTEXT}=true"
        )
