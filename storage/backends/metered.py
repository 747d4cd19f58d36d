"""A backend that tells how long each call took and whether the store answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from squall.core.errors import SquallError, UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import StoreOperation
from squall.storage.backends.base import Backend, Params, Result
from squall.storage.schema.tables import Table

T = TypeVar("T")


class MeteredBackend:
    """Hands everything on to `backend`; see `Backend`.

    Args:
        backend: does the work.
        health: told of each call; a call that was not answered makes the process not ready until one is.
    """

    def __init__(self, backend: Backend, health: Health) -> None:
        self._backend = backend
        self._health = health
        health.dependencies.expect("store")

    def select(self, sql: str, params: Params) -> Result:
        """Run a query that answers with rows."""
        return self._timed("select", lambda: self._backend.select(sql, params))

    def command(self, sql: str, params: Params) -> None:
        """Run a statement that answers with nothing."""
        self._timed("command", lambda: self._backend.command(sql, params))

    def insert(self, table: Table, columns: Sequence[Sequence[Any]], token: str) -> None:
        """Insert one block."""
        self._timed("insert", lambda: self._backend.insert(table, columns, token))

    def close(self) -> None:
        """Close every connection."""
        self._backend.close()

    def _timed(self, operation: StoreOperation, call: Callable[[], T]) -> T:
        clock, metrics = self._health.clock, self._health.metrics
        began = clock.monotonic()
        try:
            answer = call()
        except UnavailableError:
            self._health.dependencies.failed("store")
            metrics.store_call(operation, "unavailable", clock.monotonic() - began)
            raise
        except SquallError:
            metrics.store_call(operation, "error", clock.monotonic() - began)
            raise
        self._health.dependencies.answered("store")
        metrics.store_call(operation, "ok", clock.monotonic() - began)
        return answer
