"""The Grafana server to push to: address and token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback

TOKEN_VARIABLE = "SQUALL_GRAFANA_TOKEN"  # noqa: S105 - the variable's name

_TOKEN = re.compile(r"[!-~]+")
"""Visible ASCII: the HTTP library refuses anything else, with an error that quotes the whole header."""


@dataclass(frozen=True)
class Target:
    """A Grafana server. Create it with `Target.parse`, which validates the address and the token.

    Args:
        scheme: `http` or `https`.
        host: name or address; an IPv6 address in brackets.
        port: None for the default of the scheme.
        path: `/` or a sub-path with slashes at both ends, such as `/grafana/`.
        token: of a service account; never shown.
        timeout_seconds: for connecting, and for each wait for data.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    token: SecretStr
    timeout_seconds: float = 10.0

    @property
    def url(self) -> str:
        """The server's address, without secrets."""
        return f"{self.scheme}://{self.host}{f':{self.port}' if self.port else ''}{self.path.rstrip('/')}"

    @property
    def loopback(self) -> bool:
        """Whether nothing leaves this machine."""
        return is_loopback(self.host)

    @classmethod
    def parse(cls, url: str, token: str, *, timeout_seconds: float = 10.0, insecure_http: bool = False) -> Target:
        """Parse an address such as `https://grafana.example.com/grafana`.

        Args:
            insecure_http: allow http to another machine, which exposes the token to the network.

        Raises:
            ConfigurationError: the address is not valid, contains a password or a query, or would expose the token; or the token is
                not valid.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise ConfigurationError("--url is not a valid address", "example: https://grafana.example.com:3000") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "--url is not an http or https address", "examples: https://grafana.example.com, http://localhost:3000"
            )
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(
                f"--url for {parts.hostname} contains a user or password",
                f"remove it, and set {TOKEN_VARIABLE} to a service account's token",
            )
        if parts.query or parts.fragment:
            raise ConfigurationError(
                f"--url for {parts.hostname} has a query or fragment", "use the address of Grafana's start page, up to its path"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        if parts.scheme == "http" and not insecure_http and not is_loopback(host):
            raise ConfigurationError(
                f"http://{host} would send the token unencrypted over the network",
                "use https, or --insecure-http if you trust that network",
            )
        path = "/" + "".join(f"{piece}/" for piece in parts.path.split("/") if piece)
        return cls(parts.scheme, host, port, path, SecretStr(_checked(token)), timeout_seconds)


def _checked(token: str) -> str:
    token = token.strip()
    if not token:
        raise ConfigurationError(
            "no Grafana token",
            f"set {TOKEN_VARIABLE} to a service account's token (Grafana: Administration → Users and access → Service accounts)",
        )
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError("the Grafana token contains spaces or invalid characters", "copy it again, on one line")
    return token
