"""Writes the result of a backtest into the store, for the Backtest dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from squall.alerts.minutes import instant
from squall.backtest.history.result import Result
from squall.core.records import Alert
from squall.core.text import document_id
from squall.storage import Store
from squall.storage.rows.backtests import BacktestAlert, BacktestEvent, BacktestReading, BacktestRun

_MOST_BUCKETS: Final = 2000
"""Of a series; longer spans are drawn in buckets of several hours."""


def store_result(result: Result, name: str, run_at: datetime, store: Store) -> str:
    """Store `result` under `name` and return its id; a run of the same name at the same moment replaces it.

    Args:
        run_at: wall time of the run.
    """
    identity = document_id("backtest", f"{name} {run_at.isoformat()}")
    alerts = [_alert(alert, result) for alert in result.alerts]
    events = [
        BacktestEvent(
            name=found.event.name,
            starts_at=found.event.start,
            ends_at=found.event.end,
            topics=tuple(found.event.topics),
            alerts=len(found.alerts),
            delay_minutes=found.delay_minutes,
        )
        for found in result.card.found
    ]
    store.backtests.write(_head(result, identity, name, run_at), alerts, events, _readings(result))
    return identity


def _head(result: Result, identity: str, name: str, run_at: datetime) -> BacktestRun:
    card = result.card
    return BacktestRun(
        id=identity,
        name=name,
        run_at=run_at,
        method=result.settings.method,
        model_version=result.model.version,
        evaluated_from=instant(result.span.after),
        evaluated_to=instant(result.span.until),
        documents=result.model.documents,
        alerts=len(result.alerts),
        compared=result.compared,
        matched_events=len(card.matched) if result.compared else 0,
        missed_events=len(card.missed) if result.compared else 0,
        false_alarms=len(card.false) if result.compared else 0,
        topic_days=card.topic_days,
        median_delay_minutes=card.median_delay_minutes if result.compared else None,
        settings=result.settings.model_dump_json(),
        seconds=result.seconds,
    )


def _alert(alert: Alert, result: Result) -> BacktestAlert:
    return BacktestAlert(
        id=alert.id,
        series=alert.topic,
        kind=alert.kind,
        test=alert.test,
        severity=alert.severity.value,
        opened_at=alert.opened_at,
        fired_at=alert.fired_at,
        resolved_at=alert.resolved_at,
        observed=alert.observed,
        expected=alert.expected,
        p_value=alert.p_value,
        events=tuple(result.events_of(alert)),
    )


def _readings(result: Result) -> list[BacktestReading]:
    return [
        BacktestReading(line.name, instant(int(minute)), float(observed), float(expected), float(low), float(high))
        for line in result.charts.series(_MOST_BUCKETS)
        for minute, observed, expected, low, high in zip(line.minutes, line.observed, line.expected, line.low, line.high, strict=True)
    ]
