"""The metrics of what watches and carries: the detector, its messages, the store, the process."""

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
    "Time of a call of the store, answered or not, with the wait for a free connection.",
    "Inserts that become slow: too many parts, merges or memory in ClickHouse. Selects: look at system.query_log.",
    (label("operation", StoreOperation),),
    _CALLS,
)
STORE_CALLS = Metric(
    "squall_store_calls_total",
    MetricType.COUNTER,
    "calls",
    "Calls of the store by outcome: unavailable is tried again, error is not.",
    "unavailable: is ClickHouse up and reachable? error: the log has its words; after an upgrade run `squall store migrate`.",
    (label("operation", StoreOperation), label("outcome", CallOutcome)),
)

DETECTOR_RUNS = Metric(
    "squall_detector_runs_total",
    MetricType.COUNTER,
    "runs",
    "Runs of the detector: ok, waiting (store or receivers did not answer), standby (another one works), failed.",
    "failed: its log has the reason; it tries again every interval.",
    (label("outcome", RunOutcome),),
)
DETECTOR_SECONDS = Metric(
    "squall_detector_run_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Time of one run of the detector, deliveries included.",
    "Longer than SQUALL_DETECTOR__INTERVAL_SECONDS: it falls behind. A long run after an outage is well.",
    buckets=_RUNS,
)
DETECTOR_LAST_RUN = Metric(
    "squall_detector_last_run_timestamp_seconds",
    MetricType.GAUGE,
    "seconds since 1970",
    "When the last run of the detector ended, well or not.",
    "Old: the process hangs; see its /livez.",
)
DETECTOR_LEADER = Metric(
    "squall_detector_leader",
    MetricType.GAUGE,
    "0 or 1",
    "Whether this detector holds the lease of its store.",
    "The sum over all detectors must be 1. At 0 nobody warns; at 2 longer than the lease, clocks differ.",
)
EVALUATED_AGE = Metric(
    "squall_detector_evaluated_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Age of the end of the newest evaluated window, at the moment of the scrape.",
    "Grows by a second per second when the detector or the pipeline before it stops. After a replay of history it is the age of history.",
)
WATERMARK_AGE = Metric(
    "squall_detector_watermark_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Age of the event time up to which everything is stored, at the moment of the scrape.",
    "Grows while the evaluated age grows with it: a partition or a source stands still; see the lag.",
)
ALERTS = Metric(
    "squall_alerts_total",
    MetricType.COUNTER,
    "alerts",
    "Alerts about sentiment: fired, became critical, resolved.",
    "Many at once: one story in many series, or a model that changed; `squall alerts list` tells.",
    (label("event", AlertEvent),),
)
OPEN_ALERTS = Metric(
    "squall_open_alerts",
    MetricType.GAUGE,
    "alerts",
    "Alerts that are firing, as this detector knows.",
    "`squall alerts list --state firing` names them.",
)
MESSAGES = Metric(
    "squall_messages_total",
    MetricType.COUNTER,
    "tries",
    "Tries to deliver e-mails and webhook calls, by outcome: unavailable is tried again soon, refused seldom.",
    "refused: correct the address; unavailable: look at the SMTP server or the webhook. `squall alerts test` tries each receiver.",
    (label("outcome", MessageOutcome),),
)
MESSAGES_WAITING = Metric(
    "squall_messages_waiting",
    MetricType.GAUGE,
    "messages",
    "Messages about alerts that are not delivered yet.",
    "More than 0 for minutes: people are not warned.",
)

DEPENDENCY_UP = Metric(
    "squall_dependency_up",
    MetricType.GAUGE,
    "0 or 1",
    "Whether a dependency answered when it was last asked; what /readyz says.",
    "0: look at that dependency; this process waits for it and goes on by itself.",
    (label("dependency", Dependency),),
)
BUILD = Metric(
    "squall_build_info",
    MetricType.GAUGE,
    "always 1",
    "Which version of Squall and of the model this process runs.",
    "Two model versions for long: a rollout stopped half-way; their scores differ.",
    (Label("version"), Label("model_version")),
)
