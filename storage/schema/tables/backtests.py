"""Tables of the results of `squall backtest … --keep`."""

from __future__ import annotations

from squall.core.records import SeriesKind
from squall.storage.backends.base import Cell
from squall.storage.rows.backtests import BacktestAlert, BacktestEvent, BacktestReading, BacktestRun
from squall.storage.schema.table import VERSION, Column, Table

_BACKTEST_ID = Column("backtest_id", Cell.TEXT, given=True)

BACKTESTS = Table(
    "backtests",
    BacktestRun,
    (
        Column("id", Cell.TEXT),
        Column("name", Cell.TEXT),
        Column("run_at", Cell.TIME),
        Column("method", Cell.TEXT),
        Column("model_version", Cell.TEXT),
        Column("evaluated_from", Cell.TIME),
        Column("evaluated_to", Cell.TIME),
        Column("documents", Cell.UINT64),
        Column("alerts", Cell.UINT32),
        Column("compared", Cell.BOOL),
        Column("matched_events", Cell.UINT32),
        Column("missed_events", Cell.UINT32),
        Column("false_alarms", Cell.UINT32),
        Column("topic_days", Cell.FLOAT64),
        Column("median_delay_minutes", Cell.FLOAT64),
        Column("settings", Cell.TEXT),
        Column("seconds", Cell.FLOAT64),
        VERSION,
    ),
)
BACKTEST_ALERTS = Table(
    "backtest_alerts",
    BacktestAlert,
    (
        _BACKTEST_ID,
        Column("id", Cell.TEXT),
        Column("series", Cell.TEXT),
        Column("kind", Cell.TEXT, SeriesKind),
        Column("test", Cell.TEXT),
        Column("severity", Cell.TEXT),
        Column("opened_at", Cell.TIME),
        Column("fired_at", Cell.TIME),
        Column("resolved_at", Cell.TIME),
        Column("observed", Cell.UINT64),
        Column("expected", Cell.FLOAT64),
        Column("p_value", Cell.FLOAT64),
        Column("events", Cell.TEXTS),
        VERSION,
    ),
)
BACKTEST_EVENTS = Table(
    "backtest_events",
    BacktestEvent,
    (
        _BACKTEST_ID,
        Column("name", Cell.TEXT),
        Column("starts_at", Cell.TIME),
        Column("ends_at", Cell.TIME),
        Column("topics", Cell.TEXTS),
        Column("alerts", Cell.UINT32),
        Column("delay_minutes", Cell.FLOAT64),
        VERSION,
    ),
)
BACKTEST_READINGS = Table(
    "backtest_readings",
    BacktestReading,
    (
        _BACKTEST_ID,
        Column("series", Cell.TEXT),
        Column("time", Cell.SECOND),
        Column("observed", Cell.FLOAT32),
        Column("expected", Cell.FLOAT32),
        Column("expected_low", Cell.FLOAT32),
        Column("expected_high", Cell.FLOAT32),
        VERSION,
    ),
)
