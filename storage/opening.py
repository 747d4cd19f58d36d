"""Opens a store by its URL."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlunsplit

from squall.core.clock import Clock, SystemClock
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url, split_url
from squall.core.observability.health import Health
from squall.storage.backends.base import Backend
from squall.storage.backends.metered import MeteredBackend
from squall.storage.schema.cluster import SERVER_SETTINGS, ClusterBackend, quoted
from squall.storage.store import Store

_HINT = "write chdb:///absolute/folder or clickhouse://user:password@host:9000/database in SQUALL_STORE__URL"


def open(
    url: str,
    *,
    timeout_seconds: float = 30.0,
    retention_days: int = 400,
    cluster: str = "",
    create: bool = True,
    clock: Clock | None = None,
    health: Health | None = None,
) -> Store:
    """Open the store at `url`; a server is reached at the first query, an embedded folder is opened at once.

    Args:
        url: `chdb:///folder?max_threads=1` or `clickhouse://user:password@host:9000/database` (`clickhouses://` for TLS).
        timeout_seconds: for connecting, for one answer of a server, and for a free connection.
        retention_days: applied by `store.schema.migrate`.
        cluster: of a server: the cluster over which the tables are distributed; empty: none.
        create: whether an embedded store that does not exist is created. A server's database is never created.
        clock: gives rows their versions and stamps migrations; None: the machine's.
        health: gets the outcome of each call.

    Raises:
        ConfigurationError: the URL is not one of these, or a cluster is named and the URL is not that of a server.
        StoreLockedError: another process owns the embedded folder.
        StoreMissingError: the folder holds no store and `create` is False.
        StoreError: the folder cannot be used.
    """
    parts = split_url(url)
    if parts is None:
        raise ConfigurationError(f"{redact_url(url)!r} is not the URL of a store", _HINT)
    backend: Backend
    if cluster and parts.scheme == "chdb":
        raise ConfigurationError("SQUALL_STORE__CLUSTER is set, and the store is embedded", "a cluster needs a server in SQUALL_STORE__URL")
    if parts.scheme == "chdb":
        from squall.storage.backends.embedded import EmbeddedBackend

        backend = EmbeddedBackend(_folder(url, parts), _max_threads(url, parts), timeout_seconds, create=create)
    elif parts.scheme in {"clickhouse", "clickhouses"}:
        from squall.storage.backends.server import ServerBackend

        backend = ServerBackend(url, timeout_seconds, SERVER_SETTINGS if cluster else None)
        if cluster:
            backend = ClusterBackend(backend, cluster)
    else:
        raise ConfigurationError(f"{redact_url(url)!r} is not the URL of a store", _HINT)
    return Store(MeteredBackend(backend, health) if health else backend, clock or SystemClock(), retention_days, cluster)


def create_database(url: str, timeout_seconds: float = 30.0, cluster: str = "") -> None:
    """Create the database of a server's URL if it is missing; of an embedded store there is nothing to create.

    Args:
        url: of the store.
        timeout_seconds: for connecting, and for one answer.
        cluster: on whose servers; empty: on this one.

    Raises:
        ConfigurationError: the URL is not that of a server, or names no database.
        StoreRefusedError: the user may not create it.
        StoreUnavailableError: the server does not answer.
    """
    parts = split_url(url)
    if parts is None or parts.scheme not in {"clickhouse", "clickhouses"}:
        if parts is not None and parts.scheme == "chdb":
            return
        raise ConfigurationError(f"{redact_url(url)!r} is not the URL of a store", _HINT)
    from squall.storage.backends.server import ServerBackend

    name = unquote(parts.path.strip("/"))
    if re.fullmatch("[A-Za-z_][A-Za-z0-9_]{0,200}", name) is None:
        raise ConfigurationError(f"{redact_url(url)!r} names no database of letters, digits and _", _HINT)
    server = ServerBackend(urlunsplit((parts.scheme, parts.netloc, "/default", parts.query, "")), timeout_seconds)  # the one that always is
    try:
        server.command(f"CREATE DATABASE IF NOT EXISTS {name}" + (f" ON CLUSTER {quoted(cluster)}" if cluster else ""), {})
    finally:
        server.close()


def _folder(url: str, parts: SplitResult) -> Path:
    if parts.netloc or not parts.path.strip("/"):
        raise ConfigurationError(f"{redact_url(url)!r} names no absolute folder", _HINT)
    return Path(unquote(parts.path))


def _max_threads(url: str, parts: SplitResult) -> int:
    options = parse_qs(parts.query)
    value = options.pop("max_threads", ["0"])[-1]
    if options or not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ConfigurationError(f"{redact_url(url)!r} has an option that is not understood", "the only one is ?max_threads=N")
    return int(value)
