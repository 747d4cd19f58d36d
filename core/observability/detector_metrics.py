"""Metrics of the detector and its messages, of the store, and of the process itself."""

from __future__ import annotations

from squall.core.observability.metric_spec import (
    AlertEvent,
    CallOutcome,
    Dependency,
    Label,
    MessageOutcome,
    Metric,
    MetricType,
    RunOutcome,
    StoreOperation,
    label,
)

_CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RUNS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

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

DETECTOR_RUNS = Metric(
    "squall_detector_runs_total",
    MetricType.COUNTER,
    "runs",
    "Detector runs by outcome: ok, waiting (store or receivers did not answer), standby (another detector holds the lease), failed.",
    "failed: the log of the detector has the reason; it retries every interval.",
    (label("outcome", RunOutcome),),
)
DETECTOR_SECONDS = Metric(
    "squall_detector_run_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Duration of a detector run, including deliveries.",
    "Longer than SQUALL_DETECTOR__INTERVAL_SECONDS: the detector falls behind. A long run after an outage is normal.",
    buckets=_RUNS,
)
DETECTOR_LAST_RUN = Metric(
    "squall_detector_last_run_timestamp_seconds",
    MetricType.GAUGE,
    "seconds since 1970",
    "When the last detector run ended, successful or not.",
    "Old: the detector hangs; check its /livez.",
)
DETECTOR_LEADER = Metric(
    "squall_detector_leader",
    MetricType.GAUGE,
    "0 or 1",
    "Whether this detector holds the lease in its store.",
    "The sum over all detectors must be 1. At 0 no alerts are raised; at 2 for longer than the lease, clocks differ.",
)
EVALUATED_AGE = Metric(
    "squall_detector_evaluated_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Age of the end of the newest evaluated window at the time of the scrape.",
    "Grows by one second per second: the detector or the pipeline has stopped. After a replay it is the age of the history.",
)
WATERMARK_AGE = Metric(
    "squall_detector_watermark_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Age of the event time up to which all documents are stored, at the time of the scrape.",
    "Grows together with the evaluated age: a partition or a source has stopped; check the lag.",
)
ALERTS = Metric(
    "squall_alerts_total",
    MetricType.COUNTER,
    "alerts",
    "Sentiment alerts by event: fired, escalated to critical, resolved.",
    "Many at once: one story in many series, or a changed model; check `squall alerts list`.",
    (label("event", AlertEvent),),
)
OPEN_ALERTS = Metric(
    "squall_open_alerts",
    MetricType.GAUGE,
    "alerts",
    "Alerts that are firing, as of the last run of this detector.",
    "`squall alerts list --state firing` lists them.",
)
MESSAGES = Metric(
    "squall_messages_total",
    MetricType.COUNTER,
    "attempts",
    "Attempts to deliver e-mails and webhook calls by outcome: unavailable is retried soon, refused every hour.",
    "refused: correct the address. unavailable: check the mail server or the webhook; `squall alerts test` tests each receiver.",
    (label("outcome", MessageOutcome),),
)
MESSAGES_WAITING = Metric(
    "squall_messages_waiting",
    MetricType.GAUGE,
    "messages",
    "Messages about alerts that have not been delivered yet.",
    "Above 0 for minutes: people are not notified of alerts.",
)

DEPENDENCY_UP = Metric(
    "squall_dependency_up",
    MetricType.GAUGE,
    "0 or 1",
    "Whether a dependency answered the last request; /readyz reports the same.",
    "0: check that dependency. The process waits for it and continues by itself.",
    (label("dependency", Dependency),),
)
BUILD = Metric(
    "squall_build_info",
    MetricType.GAUGE,
    "always 1",
    "Versions of Squall and of the model that this process runs.",
    "Two model versions for a long time: a rollout stopped half-way. Their scores differ.",
    (Label("version"), Label("model_version")),
)
