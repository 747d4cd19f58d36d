-- One row per occurrence of a name in a document, as one model and one catalogue of names read it; and per reading one row with the
-- empty entity, so that a document without names is known to have none. Of several readings of a document the last counts: its
-- mentions are the rows that share its `scored_at`, `model_version` and `catalogue_version`. Older ones stay, for backtests.
-- Ordered by event time, as the documents, because counting asks for a span of it; the projection serves questions about one entity.
CREATE TABLE IF NOT EXISTS mentions
(
    document_id        String CODEC(ZSTD(1)),
    published_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    model_version      LowCardinality(String),
    catalogue_version  LowCardinality(String),
    scored_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    document_scored_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    entity             String CODEC(ZSTD(1)),
    kind               LowCardinality(String),
    name               String CODEC(ZSTD(1)),
    symbols            Array(LowCardinality(String)),
    start              UInt32 CODEC(ZSTD(1)),
    end                UInt32 CODEC(ZSTD(1)),
    first              Bool,
    relevance          Float32 CODEC(ZSTD(1)),
    p_negative         Float32,
    p_neutral          Float32,
    p_positive         Float32,
    sentiment          Enum8('negative' = -1, 'neutral' = 0, 'positive' = 1),
    score              Float32,
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX by_stored_at stored_at TYPE minmax GRANULARITY 1,
    PROJECTION by_entity
    (
        SELECT entity, published_at, document_id, model_version, catalogue_version, scored_at, first, sentiment
        ORDER BY entity, published_at
    )
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(document_scored_at)
PRIMARY KEY (published_at, document_id)
ORDER BY (published_at, document_id, model_version, catalogue_version, scored_at, entity, start)
TTL toDateTime(document_scored_at) + INTERVAL 400 DAY
SETTINGS index_granularity = 2048, non_replicated_deduplication_window = 1000, deduplicate_merge_projection_mode = 'rebuild';

-- Documents per entity and minute (`step` 60) or hour (3600), by the tone towards the entity; only where there are any. Written by
-- `roll_up` as `sentiment_rollup` is. `bucket` is the hour of a minute and the day of an hour: it comes before the entity, so that the
-- entities of a short span are near each other, and still one entity's rows of a day or a year are few pieces.
CREATE TABLE IF NOT EXISTS entity_rollup
(
    step          UInt16,
    bucket        DateTime('UTC') CODEC(Delta, ZSTD(1)),
    entity        String CODEC(ZSTD(1)),
    time          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    kind          LowCardinality(String),
    negative      UInt32 CODEC(ZSTD(1)),
    neutral       UInt32 CODEC(ZSTD(1)),
    positive      UInt32 CODEC(ZSTD(1)),
    copies        UInt32 CODEC(ZSTD(1)),
    score_sum     Float64 CODEC(ZSTD(1)),
    relevance_sum Float64 CODEC(ZSTD(1)),
    version       UInt64 CODEC(ZSTD(1)),
    INDEX by_time time TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (step, toYear(time))
ORDER BY (step, bucket, entity, time)
TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay(400)
SETTINGS index_granularity = 2048;

-- The entities that occurred, as the last document that names each calls it.
CREATE TABLE IF NOT EXISTS entity_names
(
    entity            String,
    kind              LowCardinality(String),
    name              String,
    symbols           Array(String),
    last_published_at DateTime64(3, 'UTC'),
    version           UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY entity
TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay(400);
