-- One row per document that was put into a story, as it was when it came; written by the detector's process, documents in the order of event
-- time, late ones when they are seen. `version` is the order of adding: with `headline`, `names`, `weight`, `direction` and `signs` (the last two:
-- which way things move in the story by then) the rows of the last days are all that an index of stories needs to go on after a restart.
-- `linked_…` count the documents of the story before this one, `linked_by_name` those with each of `names`: five numbers a name.
CREATE TABLE IF NOT EXISTS story_members
(
    document_id        String CODEC(ZSTD(1)),
    published_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    headline           String CODEC(ZSTD(3)),
    story_id           String CODEC(ZSTD(1)),
    size               UInt32 CODEC(ZSTD(1)),
    novelty            UInt8 CODEC(ZSTD(1)),
    last_similar       String CODEC(ZSTD(1)),
    seconds_since_last Nullable(Float64) CODEC(ZSTD(1)),
    distance           Nullable(Float64) CODEC(ZSTD(1)),
    linked_12h         UInt32 CODEC(ZSTD(1)),
    linked_24h         UInt32 CODEC(ZSTD(1)),
    linked_3d          UInt32 CODEC(ZSTD(1)),
    linked_5d          UInt32 CODEC(ZSTD(1)),
    linked_7d          UInt32 CODEC(ZSTD(1)),
    names              Array(String) CODEC(ZSTD(1)),
    linked_by_name     Array(UInt32) CODEC(ZSTD(1)),
    weight             Float64 CODEC(ZSTD(1)),
    direction          Int8 CODEC(ZSTD(1)),
    signs              Array(String) CODEC(ZSTD(1)),
    version            UInt64 CODEC(Delta, ZSTD(1)),
    -- A story's documents, and how many it has.
    PROJECTION by_story (SELECT story_id, published_at, document_id, size ORDER BY story_id, published_at)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(toDateTime(intDiv(version, 1000000), 'UTC'))
ORDER BY (published_at, document_id)
TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay(400)
SETTINGS index_granularity = 2048, deduplicate_merge_projection_mode = 'rebuild';
