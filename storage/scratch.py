"""A database of its own on a ClickHouse server, for a measurement that must not touch what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlunsplit

from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url, split_url
from squall.storage.backends.server import ServerBackend


@contextmanager
def scratch_database(url: str, name: str, timeout_seconds: float = 30.0) -> Iterator[str]:
    """Create the database `name` on the server of `url`, yield its URL, and drop it at the end.

    Args:
        url: `clickhouse://…` or `clickhouses://…`; the database in it is only connected to.
        name: small letters, digits and `_`.
        timeout_seconds: for connecting, and for one answer.

    Raises:
        ConfigurationError: `url` is not that of a server.
        StoreError: the server refuses, for example because the user may not create databases.
        StoreUnavailableError: the server does not answer.
    """
    if re.fullmatch("[a-z0-9_]{1,60}", name) is None:
        raise ValueError(f"{name!r} is no name of a database")
    parts = split_url(url)
    if parts is None or parts.scheme not in {"clickhouse", "clickhouses"}:
        raise ConfigurationError(f"{redact_url(url)!r} is not the URL of a ClickHouse server", "write clickhouse://user:password@host:9000")
    server = ServerBackend(url, timeout_seconds)
    try:
        server.command(f"CREATE DATABASE {name}", {})
        try:
            yield urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))
        finally:
            server.command(f"DROP DATABASE {name}", {})
    finally:
        server.close()
