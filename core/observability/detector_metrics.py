"""Metrics of the detector, its alerts, and their e-mails and webhook calls."""

from __future__ import annotations

from squall.core.observability.metric_spec import AlertEvent, MessageOutcome, Metric, MetricType, RunOutcome, label

_RUNS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

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
    "Duration of a detector run, without the deliveries, which the delivery loop makes.",
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
STORY_DOCUMENTS = Metric(
    "squall_story_documents_total",
    MetricType.COUNTER,
    "documents",
    "Documents that were put into stories.",
    "Stands still while documents are stored: the detector does not run, or its log says why stories are not up to date.",
)
STORIES_AGE = Metric(
    "squall_stories_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Age of the event time up to which documents are put into stories, at the time of the scrape.",
    "Far above the watermark's age: a backlog is worked off beside the detector, oldest documents first; alerts do not wait for it.",
)
