-- One row per document and model version. Redelivered rows replace each other; rows of older models stay, so that a
-- backtest can ask what was known at the time. Ordered by event time, because every reader asks for a span of it.
CREATE TABLE IF NOT EXISTS documents
(
    id                String CODEC(ZSTD(1)),
    kind              LowCardinality(String),
    source            LowCardinality(String),
    author            String CODEC(ZSTD(3)),
    url               String CODEC(ZSTD(3)),
    title             String CODEC(ZSTD(3)),
    text              String CODEC(ZSTD(3)),
    language          LowCardinality(String),
    symbols           Array(LowCardinality(String)),
    published_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    collected_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    topic             LowCardinality(String),
    topic_probability Float32,
    p_negative        Float32,
    p_neutral         Float32,
    p_positive        Float32,
    sentiment         Enum8('negative' = -1, 'neutral' = 0, 'positive' = 1),
    score             Float32,
    fingerprint       UInt64,
    model_version     LowCardinality(String),
    scored_at         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    stored_at         DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    -- `known_ids` looks up single ids; the publication time of a feed without dates differs from fetch to fetch.
    PROJECTION by_id (SELECT id, model_version ORDER BY id)
)
ENGINE = ReplacingMergeTree(scored_at)
PARTITION BY toYYYYMM(scored_at)
ORDER BY (published_at, id, model_version)
TTL toDateTime(scored_at) + INTERVAL 400 DAY
SETTINGS index_granularity = 2048, non_replicated_deduplication_window = 1000, deduplicate_merge_projection_mode = 'rebuild';
