"""The URL of a ClickHouse server: host, login and the TLS options in it. What the options do is in `server_tls`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote

from clickhouse_driver import Client

from squall.core.errors import ConfigurationError, StoreRefusedError
from squall.core.net.addresses import redact_url, split_url
from squall.core.net.tls import TlsFiles
from squall.storage.backends.server_tls import tls_context, tls_refusal

_PING_SECONDS: Final = 5.0
_OPTIONS: Final = {"ca_certs", "certfile", "keyfile", "verify"}
_PORT: Final = 9000
_TLS_PORT: Final = 9440
_HINT: Final = "write clickhouse://user:password@host:9000/database in SQUALL_STORE__URL"
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class ServerLink:
    """A server: its address, TLS files and credentials.

    Args:
        arguments: of a `Client`.
        files: certificates; None: plaintext.
        verify: whether the server's certificate is checked.
    """

    arguments: dict[str, Any]
    files: TlsFiles | None
    verify: bool

    def connect(self) -> Any:
        """Return a client; it connects at its first query."""
        client = Client(**self.arguments)
        context = self.context()
        if context is not None:
            # the driver's own context trusts certifi's list instead of this machine's, and explains no broken file
            client.connection._create_ssl_context = lambda _options: context
        return client

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS context of a new connection; None: plaintext.

        Raises:
            StoreRefusedError: as of `server_tls.tls_context`.
        """
        return None if self.files is None else tls_context(self.files, self.verify)

    def refusal(self) -> StoreRefusedError | None:
        """Return why the server refuses the connection, as of `server_tls.tls_refusal`."""
        return tls_refusal(self.arguments["host"], self.arguments["port"], self.context())


def link_to(url: str, timeout_seconds: float) -> ServerLink:
    """Take `url` apart.

    Raises:
        ConfigurationError: it has no host or an unknown option, or a file that it names is not there.
    """
    parts = split_url(url)
    if parts is None:
        raise ConfigurationError(f"store URL {redact_url(url)} can't be parsed", _HINT)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    secure = parts.scheme == "clickhouses"
    port = _port(parts)
    problem = _problem(parts, port, options, secure)
    if problem:
        raise ConfigurationError(f"store URL {redact_url(url)}: {problem}", _HINT)
    arguments = {
        "host": parts.hostname,
        "port": port or (_TLS_PORT if secure else _PORT),
        "database": unquote(parts.path.strip("/")) or "default",
        "user": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "client_name": "squall",
        "secure": secure,
        "connect_timeout": timeout_seconds,
        "send_receive_timeout": timeout_seconds,
        "sync_request_timeout": min(timeout_seconds, _PING_SECONDS),
        "settings": {"server_side_params": True},
    }
    ca, certificate, key = (Path(options[name]) if options.get(name) else None for name in ("ca_certs", "certfile", "keyfile"))
    link = ServerLink(arguments, TlsFiles(ca, certificate, key) if secure else None, options.get("verify", "1") not in {"0", "false"})
    link.context()
    return link


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return -1


def _problem(parts: SplitResult, port: int | None, options: dict[str, str], secure: bool) -> str:
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        return f"the option {unknown[0][:_LONGEST_NAME]!r} is not understood"
    if not parts.hostname or port == -1:
        return "it names no host or a port that is no number"
    if options and not secure:
        return f"the option {min(options)!r} is for TLS: the URL must begin with clickhouses://"
    if options.get("keyfile") and not options.get("certfile"):
        return "keyfile needs certfile"
    return ""
