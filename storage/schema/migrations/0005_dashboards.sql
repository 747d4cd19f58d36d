-- Counts that dashboards read where the range is long. Two resolutions in one table: `step` is the bucket's length in seconds,
-- 60 or 3600. Rows with the empty symbol count every document once, the others those that name the symbol. Written by
-- `roll_up`, whole hours at a time: a later version of a row replaces it, and a group that emptied is written as zero.
CREATE TABLE IF NOT EXISTS sentiment_rollup
(
    step      UInt16,
    symbol    LowCardinality(String),
    time      DateTime('UTC') CODEC(Delta, ZSTD(1)),
    topic     LowCardinality(String),
    kind      LowCardinality(String),
    source    LowCardinality(String),
    language  LowCardinality(String),
    negative  UInt32,
    neutral   UInt32,
    positive  UInt32,
    copies    UInt32,
    score_sum Float64,
    version   UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (step, toYear(time))
ORDER BY (step, symbol, time, topic, kind, source, language)
TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay(400)
SETTINGS index_granularity = 4096;

-- How far `roll_up` has come, in time of storing.
CREATE TABLE IF NOT EXISTS rollup_position
(
    name    String,
    until   DateTime64(3, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name;

-- `roll_up` and the live page ask for what was stored lately.
ALTER TABLE documents ADD INDEX IF NOT EXISTS by_stored_at stored_at TYPE minmax GRANULARITY 1;
ALTER TABLE documents MATERIALIZE INDEX by_stored_at;

-- What the detector saw: negative documents in the window that ends at `time`, and what history let it expect.
CREATE TABLE IF NOT EXISTS readings
(
    series         LowCardinality(String),
    kind           LowCardinality(String),
    time           DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_minutes UInt16,
    observed       UInt32,
    total          UInt32,
    expected       Float32,
    expected_low   Float32,
    expected_high  Float32,
    expected_share Float32,
    p_value        Float64,
    written_at     DateTime('UTC'),
    version        UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (series, time)
TTL written_at + toIntervalDay(400);

-- One row per process and about ten seconds: what the pipeline did meanwhile.
CREATE TABLE IF NOT EXISTS pipeline_samples
(
    at                DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    worker            LowCardinality(String),
    seconds           Float32,
    stored            UInt32,
    duplicates        UInt32,
    rejected          UInt32,
    reasons           Array(LowCardinality(String)),
    batches           UInt32,
    largest_batch     UInt32,
    retries           UInt32,
    scoring_seconds   Float32,
    storing_seconds   Float32,
    published_p50     Float32,
    published_p99     Float32,
    published_max     Float32,
    collected_p50     Float32,
    collected_p99     Float32,
    collected_max     Float32,
    lag               Nullable(UInt64),
    model_version     LowCardinality(String),
    device            LowCardinality(String),
    device_memory     Nullable(UInt64),
    written_at        DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (at, worker)
TTL written_at + toIntervalDay(90);

-- One row per run of the detector.
CREATE TABLE IF NOT EXISTS detector_runs
(
    at              DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    seconds         Float32,
    watermark       Nullable(DateTime64(3, 'UTC')),
    evaluated_until Nullable(DateTime64(3, 'UTC')),
    ticks           UInt32,
    fired           UInt32,
    resolved        UInt32,
    sent            UInt32,
    waiting         UInt32,
    error           String,
    written_at      DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY at
TTL written_at + toIntervalDay(90);

-- Results of `squall backtest … --keep`.
CREATE TABLE IF NOT EXISTS backtests
(
    id                         String,
    name                       String,
    run_at                     DateTime64(3, 'UTC'),
    method                     LowCardinality(String),
    model_version              LowCardinality(String),
    evaluated_from             DateTime64(3, 'UTC'),
    evaluated_to               DateTime64(3, 'UTC'),
    documents                  UInt64,
    alerts                     UInt32,
    compared                   Bool,
    matched_events             UInt32,
    missed_events              UInt32,
    false_alarms               UInt32,
    topic_days                 Float64,
    median_delay_minutes       Nullable(Float64),
    settings                   String CODEC(ZSTD(3)),
    seconds                    Float64,
    version                    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS backtest_alerts
(
    backtest_id String,
    id          String,
    series      LowCardinality(String),
    kind        LowCardinality(String),
    test        LowCardinality(String),
    severity    LowCardinality(String),
    opened_at   DateTime64(3, 'UTC'),
    fired_at    Nullable(DateTime64(3, 'UTC')),
    resolved_at Nullable(DateTime64(3, 'UTC')),
    observed    UInt64,
    expected    Float64,
    p_value     Float64,
    events      Array(String),
    version     UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (backtest_id, id);

CREATE TABLE IF NOT EXISTS backtest_events
(
    backtest_id   String,
    name          String,
    starts_at     DateTime64(3, 'UTC'),
    ends_at       DateTime64(3, 'UTC'),
    topics        Array(String),
    alerts        UInt32,
    delay_minutes Nullable(Float64),
    version       UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (backtest_id, starts_at, name);

-- Per series and hour: negative documents, and what 90% of such hours hold given the history before them.
CREATE TABLE IF NOT EXISTS backtest_readings
(
    backtest_id   String,
    series        LowCardinality(String),
    time          DateTime('UTC') CODEC(Delta, ZSTD(1)),
    observed      Float32,
    expected      Float32,
    expected_low  Float32,
    expected_high Float32,
    version       UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (backtest_id, series, time);
