-- Every state an alert was written in replaces the one before it.
CREATE TABLE IF NOT EXISTS alerts
(
    id             String,
    topic          LowCardinality(String),
    state          LowCardinality(String),
    severity       LowCardinality(String),
    window_start   DateTime64(3, 'UTC'),
    window_end     DateTime64(3, 'UTC'),
    observed       UInt64,
    expected       Float64,
    p_value        Float64,
    negative_share Float64,
    expected_share Float64,
    method         LowCardinality(String),
    document_ids   Array(String),
    opened_at      DateTime64(3, 'UTC'),
    fired_at       Nullable(DateTime64(3, 'UTC')),
    resolved_at    Nullable(DateTime64(3, 'UTC')),
    updated_at     DateTime64(3, 'UTC'),
    version        UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

-- E-mails to send and sent; `message` is the finished RFC 822 text, so that a retry sends the same bytes.
CREATE TABLE IF NOT EXISTS notifications
(
    id         String,
    alert_id   String,
    event      LowCardinality(String),
    status     LowCardinality(String),
    attempts   UInt32,
    last_error String,
    message    String CODEC(ZSTD(3)),
    created_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC'),
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

-- Where the detector stopped and what it remembers.
CREATE TABLE IF NOT EXISTS detector_positions
(
    name            String,
    evaluated_until DateTime64(3, 'UTC'),
    state           String CODEC(ZSTD(3)),
    version         UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name;
