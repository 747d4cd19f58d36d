-- Of the documents that a row counts, those without a time of their own: the detector leaves them out, and reads its history from these counts.
ALTER TABLE sentiment_rollup
    ADD COLUMN IF NOT EXISTS undated_negative UInt32,
    ADD COLUMN IF NOT EXISTS undated_neutral UInt32,
    ADD COLUMN IF NOT EXISTS undated_positive UInt32;
-- Documents with a time of their own, copies once: all, adverse ones, and those past each limit of severity, as the detector of names counts them.
ALTER TABLE entity_rollup ADD COLUMN IF NOT EXISTS dated_levels Array(UInt32) CODEC(ZSTD(1));
-- The hours of documents that were deleted: nothing else tells that they are to be recounted.
ALTER TABLE deletions
    ADD COLUMN IF NOT EXISTS hours Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta, ZSTD(1));
