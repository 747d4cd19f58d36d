"""Which Grafana, and with which token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback

TOKEN_VARIABLE = "SQUALL_GRAFANA_TOKEN"  # noqa: S105 - the variable's name

_TOKEN = re.compile(r"[!-~]+")
"""Visible ASCII: anything else is refused by the HTTP library, in an error that quotes the whole header."""


@dataclass(frozen=True)
class Target:
    """A Grafana server; made by `Target.parse`, which checks what it is given.

    Args:
        scheme: `http` or `https`.
        host: name or address; an IPv6 address in brackets.
        port: None for the scheme's own.
        path: `/` or a sub path with slashes on both ends, like `/grafana/`.
        token: of a service account; never shown.
        timeout_seconds: for connecting and for each wait for an answer.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    token: SecretStr
    timeout_seconds: float = 10.0

    @property
    def url(self) -> str:
        """The server's address, as it may be shown."""
        return f"{self.scheme}://{self.host}{f':{self.port}' if self.port else ''}{self.path.rstrip('/')}"

    @property
    def loopback(self) -> bool:
        """Whether nothing leaves this machine."""
        return is_loopback(self.host)

    @classmethod
    def parse(cls, url: str, token: str, *, timeout_seconds: float = 10.0, insecure_http: bool = False) -> Target:
        """Read an address such as `https://grafana.example.com/grafana`.

        Args:
            insecure_http: allow http to another machine, where the token can be read on the way.

        Raises:
            ConfigurationError: the address is none, carries a password or a query, or would send the token in the clear; no token.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise ConfigurationError("--url is not an address", "write it like https://grafana.example.com:3000") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "--url is not an http or https address", "write it like https://grafana.example.com or http://localhost:3000"
            )
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(
                f"--url for {parts.hostname} carries a user or password",
                f"take it out and put a service account's token into {TOKEN_VARIABLE}",
            )
        if parts.query or parts.fragment:
            raise ConfigurationError(
                f"--url for {parts.hostname} has a query or fragment", "give the address of Grafana's start page, up to its path"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        if parts.scheme == "http" and not insecure_http and not is_loopback(host):
            raise ConfigurationError(
                f"http://{host} would send the token unencrypted over the network",
                "use https, or say --insecure-http if that network is yours",
            )
        path = "/" + "".join(f"{piece}/" for piece in parts.path.split("/") if piece)
        return cls(parts.scheme, host, port, path, SecretStr(_checked(token)), timeout_seconds)


def _checked(token: str) -> str:
    token = token.strip()
    if not token:
        raise ConfigurationError(
            "no Grafana token",
            f"put a service account's token into {TOKEN_VARIABLE} (Grafana: Administration → Users and access → Service accounts)",
        )
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError("the Grafana token has spaces or characters that no token has", "copy it again, on one line")
    return token
