-- How far each partition of each stream has been stored; the newest version of a row wins.
CREATE TABLE IF NOT EXISTS progress
(
    stream     String,
    partition  UInt32,
    position   Int64,
    event_time DateTime64(3, 'UTC'),
    caught_up  Bool,
    updated_at DateTime64(3, 'UTC'),
    retired    Bool,
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (stream, partition);

-- What could not become a document. The same item rejected twice by the same stage is one row.
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic     String,
    partition UInt32,
    offset    Int64,
    stage     LowCardinality(String),
    reason    LowCardinality(String),
    detail    String,
    raw       String CODEC(ZSTD(3)),
    at        DateTime64(3, 'UTC'),
    version   UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (topic, partition, offset, stage)
TTL toDateTime(at) + INTERVAL 400 DAY;
