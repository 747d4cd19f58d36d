"""Metrics of the calls to the store."""

from __future__ import annotations

from squall.core.observability.metric_spec import CallOutcome, Metric, MetricType, StoreOperation, label

_CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STORE_SECONDS = Metric(
    "squall_store_call_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Duration of a store call, successful or not, including the wait for a free connection.",
    "Slow inserts: check parts, merges and memory in ClickHouse. Slow selects: check system.query_log.",
    (label("operation", StoreOperation),),
    _CALLS,
)
STORE_CALLS = Metric(
    "squall_store_calls_total",
    MetricType.COUNTER,
    "calls",
    "Store calls by outcome: unavailable is retried, error is not.",
    "unavailable: check that ClickHouse is up and reachable. error: the log has its message; after an upgrade run `squall store migrate`.",
    (label("operation", StoreOperation), label("outcome", CallOutcome)),
)
