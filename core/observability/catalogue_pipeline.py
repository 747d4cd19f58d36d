"""The metrics of documents on their way: sources, workers, the model."""

from __future__ import annotations

from squall.core.observability.metric_spec import (
    REASONS,
    Dependency,
    FateName,
    FetchOutcome,
    Label,
    Metric,
    MetricType,
    PushOutcome,
    SourceKind,
    Stage,
    TokenKind,
    label,
)

_AGES = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

DOCUMENTS = Metric(
    "squall_documents_total",
    MetricType.COUNTER,
    "documents",
    "Documents that a worker is done with, by what became of them.",
    "At 0 while the lag grows: the pipeline has stopped. Duplicates in bulk: something is delivered again, after a crash or a replay.",
    (label("fate", FateName),),
)
DEAD_LETTERS = Metric(
    "squall_dead_letters_total",
    MetricType.COUNTER,
    "documents",
    "Items put aside because they can't become a document, by what rejected them and why.",
    "Look at the newest dead letters: one reason in bulk is a sender that changed its format, `unknown_schema` a worker older than ingest.",
    (label("stage", Stage), Label("reason", REASONS)),
)
PUBLISHED_AGE = Metric(
    "squall_published_age_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Time from the publication of a document until it was stored.",
    "Compare with squall_collected_age_seconds: if only this one grows, sources deliver late; a replay shows the age of history.",
    buckets=_AGES,
)
PUBLISHED_AGE_MAX = Metric(
    "squall_published_age_max_seconds",
    MetricType.GAUGE,
    "seconds",
    "Largest time from publication to storage in the last micro-batch.",
    "A single old document is a late source; all of them old is a backlog.",
)
COLLECTED_AGE = Metric(
    "squall_collected_age_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Time from the moment a source delivered a document until it was stored: Squall's own share of the delay.",
    "Grows with the lag: add workers, up to one per partition, or look what slows them down, model or store.",
    buckets=_AGES,
)
KAFKA_LAG = Metric(
    "squall_kafka_lag_messages",
    MetricType.GAUGE,
    "messages",
    "Messages of this worker's partitions that are not stored yet.",
    "A hill after an outage is well; steady growth means too few workers, or one that stands still.",
)
BATCH_DOCUMENTS = Metric(
    "squall_batch_documents",
    MetricType.HISTOGRAM,
    "documents",
    "Items per micro-batch.",
    "Always at the limit means a backlog. Small ones are normal when little is published.",
    buckets=_SIZES,
)
BATCH_FILL = Metric(
    "squall_batch_fill_ratio",
    MetricType.HISTOGRAM,
    "share, 0 to 1",
    "Items per micro-batch as a share of SQUALL_PROCESSOR__BATCH_DOCUMENTS.",
    "Low while the lag grows: the token limit (SQUALL_PROCESSOR__BATCH_TOKENS) or the wait ends batches early.",
    buckets=_SHARES,
)
SCORING_SECONDS = Metric(
    "squall_scoring_seconds_total",
    MetricType.COUNTER,
    "seconds",
    "Time that micro-batches spent in the model, tokenising and waiting included.",
    "Near 1 per second: the model is the bottleneck. Add workers, a GPU, or lower SQUALL_MODEL__MAX_TOKENS.",
)
LAST_BATCH = Metric(
    "squall_last_batch_timestamp_seconds",
    MetricType.GAUGE,
    "seconds since 1970",
    "When the last micro-batch was safe.",
    "Old while messages wait: the worker stands still; look at its /livez and its log.",
)
RETRIES = Metric(
    "squall_retries_total",
    MetricType.COUNTER,
    "tries",
    "Failed tries of something that will be tried again, by the dependency that did not answer.",
    "Look at the dependency. Nothing is lost meanwhile: work waits.",
    (label("dependency", Dependency),),
)

MODEL_TEXTS = Metric(
    "squall_model_texts_total", MetricType.COUNTER, "texts", "Texts scored.", "Compare its rate with the documents published."
)
MODEL_TOKENS = Metric(
    "squall_model_tokens_total",
    MetricType.COUNTER,
    "tokens",
    "Tokens computed, of texts and of the padding beside them.",
    "The share of padding is waste; above a third, lower SQUALL_MODEL__BATCH_TOKENS or use the ragged backend.",
    (label("kind", TokenKind),),
)
MODEL_BATCHES = Metric(
    "squall_model_batches_total", MetricType.COUNTER, "batches", "Passes through the network.", "Texts per pass fall when callers are few."
)
MODEL_OFFERED = Metric(
    "squall_model_offered_tokens_total",
    MetricType.COUNTER,
    "tokens",
    "Token budgets of the passes together; text tokens over this is how full they were.",
    "Low fill at full device time: larger micro-batches would be faster.",
)
DEVICE_SECONDS = Metric(
    "squall_device_seconds_total",
    MetricType.COUNTER,
    "seconds",
    "Time the device ran the network.",
    "Near 1 per second: it is saturated. Far below while documents wait: the device is not what is slow.",
)
QUEUE_TOKENS = Metric(
    "squall_queue_tokens",
    MetricType.GAUGE,
    "tokens",
    "Tokens that wait for the network, padding included.",
    "At SQUALL_MODEL__QUEUE_TOKENS callers are held back: the model is the bottleneck.",
)
QUEUE_TEXTS = Metric("squall_queue_texts", MetricType.GAUGE, "texts", "Texts that wait for the network.", "As squall_queue_tokens.")
MODEL_SPLITS = Metric(
    "squall_model_splits_total",
    MetricType.COUNTER,
    "batches",
    "Batches halved because the device's memory ran out.",
    "Lower SQUALL_MODEL__BATCH_TOKENS, or see who else uses the device.",
)
MODEL_FALLBACKS = Metric(
    "squall_model_fallbacks_total",
    MetricType.COUNTER,
    "times",
    "Times that the CPU took over from a device that failed.",
    "Look at the GPU (nvidia-smi, dmesg), then start the worker again; until then it is slower.",
)
MODEL_FAILURES = Metric(
    "squall_model_failures_total",
    MetricType.COUNTER,
    "batches",
    "Batches that raised an error.",
    "The worker's log tells it; look at dead letters with scoring_failed.",
)

SOURCE_DOCUMENTS = Metric(
    "squall_source_documents_total",
    MetricType.COUNTER,
    "documents",
    "Documents that ingest put onto Kafka, by kind of source.",
    "At 0 in market hours: sources are down, or nobody pushes.",
    (label("source", SourceKind),),
)
FETCHES = Metric(
    "squall_source_fetches_total",
    MetricType.COUNTER,
    "fetches",
    "Polls of feeds: something new, nothing new, or failed.",
    "Failures: the log names the feed and why. A feed that fails is asked less and less often.",
    (label("outcome", FetchOutcome),),
)
PUSHES = Metric(
    "squall_push_requests_total",
    MetricType.COUNTER,
    "requests",
    "Requests to push documents, by answer: accepted (202), refused (other 4xx), unauthorised (401), busy (429), unavailable (503).",
    "busy or unavailable: Kafka does not keep up, see squall_dependency_up. refused: tell the sender.",
    (label("outcome", PushOutcome),),
)
