"""A backend that measures each call and reports whether the store answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from squall.core.errors import SquallError, UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import StoreOperation
from squall.storage.backends.base import Backend, Block, Params, Result

T = TypeVar("T")


class MeteredBackend:
    """Passes every call on to `backend`; see `Backend`.

    Args:
        backend: runs the SQL.
        health: gets the outcome of each call; a call without an answer makes the process not ready until one is answered.
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

    def insert(self, block: Block, token: str) -> None:
        """Insert one block."""
        self._timed("insert", lambda: self._backend.insert(block, token))

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
