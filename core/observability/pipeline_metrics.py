"""Metrics of the pipeline: sources, workers, the model."""

from __future__ import annotations

from squall.core.observability.metric_spec import (
    LANGUAGES,
    REASONS,
    ArticleOutcome,
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
    VersionFate,
    label,
)

_AGES = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

DOCUMENTS = Metric(
    "squall_documents_total",
    MetricType.COUNTER,
    "documents",
    "Documents that a worker has processed, by result.",
    "At 0 while the lag grows: the pipeline has stopped. Many duplicates: documents are delivered again, after a crash or a replay.",
    (label("fate", FateName),),
)
VERSIONS = Metric(
    "squall_document_versions_total",
    MetricType.COUNTER,
    "documents",
    "Later versions of documents, whose title or text has changed: stored, or left out, as too many of one document came in a day.",
    "left_out: the log names a document that changes all the time, as by a counter in its text. These count as duplicates as well.",
    (label("fate", VersionFate),),
)
UNSCORED = Metric(
    "squall_documents_unscored_total",
    MetricType.COUNTER,
    "documents",
    "Documents that were stored without a score, by language: the model does not know it.",
    "Growing: a source delivers texts in other languages. They count nowhere else. Leave the source out, or use a model that knows them.",
    (Label("language", LANGUAGES),),
)
DELETED = Metric(
    "squall_documents_deleted_total",
    MetricType.COUNTER,
    "documents",
    "Stored documents that their authors or sources took back; the detector's process deletes them within about ten minutes.",
    "A jump: a source says that much of what it published is gone; look at it there before you believe it.",
)
DEAD_LETTERS = Metric(
    "squall_dead_letters_total",
    MetricType.COUNTER,
    "documents",
    "Items that are not valid documents, by the stage that rejected them and the reason.",
    "Inspect the newest dead letters. One common reason: a sender changed its format; `unknown_schema`: workers are older than ingest.",
    (label("stage", Stage), Label("reason", REASONS)),
)
PUBLISHED_AGE = Metric(
    "squall_published_age_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Time from the publication of a document until it is stored.",
    "Compare with squall_collected_age_seconds: if only this one grows, sources deliver late, or history is replayed.",
    buckets=_AGES,
)
PUBLISHED_AGE_MAX = Metric(
    "squall_published_age_max_seconds",
    MetricType.GAUGE,
    "seconds",
    "Longest time from publication to storage in the last micro-batch.",
    "A single old document is a late source; if all are old, there is a backlog.",
)
COLLECTED_AGE = Metric(
    "squall_collected_age_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "Time from the collection of a document from its source until it is stored: Squall's own share of the delay.",
    "Grows with the lag: add workers, up to one per partition, or find out whether the model or the store slows them down.",
    buckets=_AGES,
)
KAFKA_LAG = Metric(
    "squall_kafka_lag_messages",
    MetricType.GAUGE,
    "messages",
    "Messages in this worker's partitions that are not stored yet.",
    "A temporary peak after an outage is normal. Steady growth: too few workers, or one that has stopped.",
)
BATCH_DOCUMENTS = Metric(
    "squall_batch_documents",
    MetricType.HISTOGRAM,
    "documents",
    "Items per micro-batch.",
    "Always at the limit: there is a backlog. Small batches are normal when little is published.",
    buckets=_SIZES,
)
BATCH_FILL = Metric(
    "squall_batch_fill_ratio",
    MetricType.HISTOGRAM,
    "share, 0 to 1",
    "Items per micro-batch as a share of SQUALL_PROCESSOR__BATCH_DOCUMENTS.",
    "Low while the lag grows: scoring or storing is slow, so that 512 are enough, or SQUALL_PROCESSOR__BATCH_TOKENS ends batches early.",
    buckets=_SHARES,
)
SCORING_SECONDS = Metric(
    "squall_scoring_seconds_total",
    MetricType.COUNTER,
    "seconds",
    "Time that micro-batches spent in the model, including tokenisation and waiting.",
    "Near 1 per second: the model is the bottleneck. Add workers, a GPU, or lower SQUALL_MODEL__MAX_TOKENS.",
)
LAST_BATCH = Metric(
    "squall_last_batch_timestamp_seconds",
    MetricType.GAUGE,
    "seconds since 1970",
    "When the last micro-batch was stored.",
    "Old while messages wait: the worker has stopped; check its /livez and its log.",
)
RETRIES = Metric(
    "squall_retries_total",
    MetricType.COUNTER,
    "retries",
    "Failed attempts that are retried, by the dependency that did not answer.",
    "Check the dependency. Nothing is lost in the meantime: work waits.",
    (label("dependency", Dependency),),
)

MODEL_TEXTS = Metric(
    "squall_model_texts_total", MetricType.COUNTER, "texts", "Texts scored.", "Compare its rate with that of the documents published."
)
MODEL_TOKENS = Metric(
    "squall_model_tokens_total",
    MetricType.COUNTER,
    "tokens",
    "Tokens computed, by kind: text or padding.",
    "Padding is wasted work. Above a third: lower SQUALL_MODEL__BATCH_TOKENS or use the onnx backend.",
    (label("kind", TokenKind),),
)
MODEL_BATCHES = Metric(
    "squall_model_batches_total", MetricType.COUNTER, "batches", "Passes through the network.", "Few texts per pass: few callers."
)
MODEL_OFFERED = Metric(
    "squall_model_offered_tokens_total",
    MetricType.COUNTER,
    "tokens",
    "Sum of the token budgets of all passes; text tokens divided by this is the fill ratio.",
    "Low fill ratio on a saturated device: larger micro-batches are faster.",
)
DEVICE_SECONDS = Metric(
    "squall_device_seconds_total",
    MetricType.COUNTER,
    "seconds",
    "Time that the device spent running the network.",
    "Near 1 per second: the device is saturated. Far below while documents wait: the bottleneck is elsewhere.",
)
QUEUE_TOKENS = Metric(
    "squall_queue_tokens",
    MetricType.GAUGE,
    "tokens",
    "Tokens waiting for the network, including padding.",
    "At SQUALL_MODEL__QUEUE_TOKENS callers block: the model is the bottleneck.",
)
QUEUE_TEXTS = Metric("squall_queue_texts", MetricType.GAUGE, "texts", "Texts waiting for the network.", "See squall_queue_tokens.")
MODEL_SPLITS = Metric(
    "squall_model_splits_total",
    MetricType.COUNTER,
    "batches",
    "Batches that were halved because the device ran out of memory.",
    "Lower SQUALL_MODEL__BATCH_TOKENS, or find out what else uses the device.",
)
MODEL_FALLBACKS = Metric(
    "squall_model_fallbacks_total",
    MetricType.COUNTER,
    "fallbacks",
    "Fallbacks from a failed device to the CPU.",
    "Check the GPU (nvidia-smi, dmesg), then restart the worker; until then it is slower.",
)
MODEL_FAILURES = Metric(
    "squall_model_failures_total",
    MetricType.COUNTER,
    "batches",
    "Batches that raised an error.",
    "Check the log of the worker, and dead letters with the reason scoring_failed.",
)

SOURCE_DOCUMENTS = Metric(
    "squall_source_documents_total",
    MetricType.COUNTER,
    "documents",
    "Documents that ingest published to Kafka, by kind of source.",
    "At 0 during market hours: sources are down, or no documents are pushed.",
    (label("source", SourceKind),),
)
FETCHES = Metric(
    "squall_source_fetches_total",
    MetricType.COUNTER,
    "fetches",
    "Feed polls by outcome: news, unchanged, failed; paused counts feeds with too many rejected entries in a row.",
    "failed, paused: the log names the feed and the reason. Such a feed is polled less and less often.",
    (label("outcome", FetchOutcome),),
)
ARTICLES = Metric(
    "squall_articles_total",
    MetricType.COUNTER,
    "articles",
    "Articles behind entries of feeds that list `article = true`: read; known (another feed links to it too); no_text (no article on the "
    "page, as behind a paywall); robots (robots.txt forbids it or can't be had); refused (HTTP 4xx); not_html; failed (no answer, HTTP "
    "5xx, a limit); left_out (too many of one poll, or no time). All but the first two are delivered as the feed has them.",
    "Mostly others than read and known: the log names feed and reason. Remove `article` from a feed whose publisher does not allow it.",
    (label("outcome", ArticleOutcome),),
)
UNDATED = Metric(
    "squall_source_undated_total",
    MetricType.COUNTER,
    "documents",
    "Entries of feeds whose date can't be read, is before 1990 or more than a day ahead: they count as published when they were collected, "
    "and not for the detector.",
    "Above 0: the log names the feed and what is wrong with the date; set its timezone, time_format or language.",
)
_SOURCE = Label("source", one_for="`rss`, `push` and each source that `ingest.sources` lists")
DOCUMENT_AGE = Metric(
    "squall_source_document_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Time since a source delivered its last document, or since its start if there was none; not for files, which end.",
    "Longer than that source is ever silent: nothing is published there, or it is cut off; compare squall_source_contact_age_seconds.",
    (_SOURCE,),
)
CONTACT_AGE = Metric(
    "squall_source_contact_age_seconds",
    MetricType.GAUGE,
    "seconds",
    "Time since a source last reached what it reads, with news or without; for `push`, to which senders come, since the last document.",
    "Longer than a few of its intervals: it is cut off. The log names the source and the reason; `squall ingest check` asks it.",
    (_SOURCE,),
)
SOURCE_FAILING = Metric(
    "squall_source_failing",
    MetricType.GAUGE,
    "0 or 1",
    "1 while a source has failed, or was refused, since it last reached what it reads; it goes on trying, at least every 15 minutes.",
    "1 for longer than a few minutes: the log names the source, the reason and the remedy; `squall ingest check` asks it.",
    (_SOURCE,),
)
GAPS = Metric(
    "squall_source_gaps_total",
    MetricType.COUNTER,
    "gaps",
    "How often what a source reads no longer had all that was published since the source read last: documents are missing.",
    "Above 0: the log names the source and from when to when. Keep it running, poll it more often, or divide it.",
    (_SOURCE,),
)
PUSHES = Metric(
    "squall_push_requests_total",
    MetricType.COUNTER,
    "requests",
    "Push requests by response: accepted (202), refused (other 4xx), unauthorised (401), forbidden (403), busy (429), unavailable (503).",
    "busy or unavailable: Kafka does not keep up; check squall_dependency_up. refused: the sender must correct its requests. "
    "forbidden: its token may not name the source.",
    (label("outcome", PushOutcome),),
)
