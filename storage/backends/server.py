"""A ClickHouse server over the native protocol: clickhouse-driver, one client per thread at a time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from clickhouse_driver import errors
from clickhouse_driver.defines import DBMS_MIN_PROTOCOL_VERSION_WITH_PARAMETERS

from squall.core.errors import StoreError, StoreUnavailableError
from squall.core.net.addresses import redact_url
from squall.storage.backends.base import Block, Params, Result, plain, server_error
from squall.storage.backends.pool import Pool
from squall.storage.backends.server_url import link_to

_CONNECTIONS = 8
_LOST = (OSError, EOFError)
_UNWRITABLE = (ValueError, TypeError, AttributeError, OverflowError, struct.error, errors.TypeMismatchError, errors.UnknownTypeError)


class ServerBackend:
    """A database on a ClickHouse server; connects at the first query and again after a failure.

    Args:
        url: `clickhouse://user:password@host:9000/database`, `clickhouses://` for TLS (port 9440) with the options
            `?ca_certs=/path.pem`, `certfile=/path.pem` with `keyfile=/path.pem`, and `verify=0`.
        timeout_seconds: for connecting, for one answer, and for a free client.
        settings: of every query and insert.

    Raises:
        ConfigurationError: the URL has no host or an unknown option, or a file in it can't be used.
    """

    def __init__(self, url: str, timeout_seconds: float, settings: Mapping[str, object] | None = None) -> None:
        self._settings = dict(settings or {})
        self.label = redact_url(url)
        self._link = link_to(url, timeout_seconds)
        self._timeout = timeout_seconds
        self._pool: Pool[Any] = Pool(self._link.connect, _disconnect, _CONNECTIONS, timeout_seconds)

    def select(self, sql: str, params: Params) -> Result:
        """Run a query and return its columns."""
        columns, types = self._execute(sql, params, "a query", columnar=True, with_column_types=True, settings=self._settings)
        return Result([name for name, _ in types], columns or [()] * len(types), len(columns[0]) if columns else 0)

    def command(self, sql: str, params: Params) -> None:
        """Run a statement."""
        self._execute(sql, params, "a statement", settings=self._settings)

    def insert(self, block: Block, token: str) -> None:
        """Insert one block, column by column; returns when the server has acknowledged it."""
        settings: dict[str, Any] = {**self._settings, "async_insert": 0, "insert_deduplicate": int(bool(token))}
        if token:
            settings["insert_deduplication_token"] = token
        sql = f"INSERT INTO {block.table} ({block.names}) VALUES"
        data = [list(column) for column in block.values]  # the driver converts values in place
        self._execute(sql, data, f"an insert into {block.table}", columnar=True, settings=settings)

    def _execute(self, sql: str, data: Params | list[list[Any]], doing: str, **options: Any) -> Any:
        if isinstance(data, list):
            arguments: Any = data
        else:
            arguments = {name: plain(value) for name, value in data.items()} or None
        with self._pool.connection() as client:
            was_in = client.connection.connected
            try:
                if isinstance(arguments, dict):
                    self._require_parameters(client)
                return client.execute(sql, arguments, **options)
            except errors.ServerException as error:
                raise server_error(self.label, error.code, error.message, doing) from error
            except _UNWRITABLE as error:
                raise StoreError(
                    f"store {self.label}: {doing} failed: {type(error).__name__}: {error}"[:800], "a value does not fit"
                ) from error
            except (errors.Error, *_LOST) as error:
                # an accepted connection was lost, not refused: the next try shows why
                raise (None if was_in else self._link.refusal()) or self._lost(error, doing) from error

    def _require_parameters(self, client: Any) -> None:
        """Refuse servers that drop `{name:Type}` parameters silently."""
        if not client.connection.connected:
            client.connection.connect()  # not force_connect: that marks a query as running
        info = client.connection.server_info
        if info.used_revision < DBMS_MIN_PROTOCOL_VERSION_WITH_PARAMETERS:
            version = ".".join(map(str, info.version_tuple()))
            raise StoreError(f"store {self.label} runs ClickHouse {version}, which is too old", "use ClickHouse 24.8 or newer")

    def _lost(self, error: BaseException, doing: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"store {self.label}: {doing} got no answer within {self._timeout:g} s or lost the connection: {type(error).__name__}: {error}"[
                :800
            ],
            f"check that ClickHouse runs and that SQUALL_STORE__URL names it{' with its port for TLS' if self._link.files else ''}",
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _disconnect(client: Any) -> None:
    try:
        client.disconnect()
    except (errors.Error, *_LOST):
        return  # it was lost already
