-- Documents that their authors or sources took back, by the id of the first version: first marked, then deleted from the other tables (`done`).
CREATE TABLE IF NOT EXISTS deletions
(
    id      String CODEC(ZSTD(1)),
    done    Bool,
    version UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay(30);
