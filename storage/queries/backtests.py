"""Results of backtests, for the Backtest dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from squall.storage.queries.base import Queries
from squall.storage.rows.backtests import BacktestAlert, BacktestEvent, BacktestReading, BacktestRun
from squall.storage.schema.tables.backtests import BACKTEST_ALERTS, BACKTEST_EVENTS, BACKTEST_READINGS, BACKTESTS


class BacktestQueries(Queries):
    """Results of backtests; no decision depends on them."""

    def write(
        self, run: BacktestRun, alerts: Sequence[BacktestAlert], events: Sequence[BacktestEvent], readings: Sequence[BacktestReading]
    ) -> None:
        """Store the results of a backtest in place of those with its id; the run last, so that a listed run is complete."""
        self._write(BACKTEST_ALERTS, alerts, backtest_id=run.id)
        self._write(BACKTEST_EVENTS, events, backtest_id=run.id)
        self._write(BACKTEST_READINGS, readings, backtest_id=run.id)
        self._write(BACKTESTS, [run])
