-- How grave what a document reports is, from 0 to 1, and what happened, likeliest first. NULL: the model that scored it does not say.
-- A backfill adds both to a row and changes nothing else of it, so that its `stored_at` stays; `written_at` is when it was done, and of
-- several rows of one scoring the last written counts.
ALTER TABLE documents
    ADD COLUMN IF NOT EXISTS severity Nullable(Float32),
    ADD COLUMN IF NOT EXISTS event_names Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS event_probabilities Array(Float32),
    ADD COLUMN IF NOT EXISTS written_at DateTime64(3, 'UTC') DEFAULT stored_at CODEC(Delta, ZSTD(1));
ALTER TABLE documents ADD INDEX IF NOT EXISTS by_written_at written_at TYPE minmax GRANULARITY 1;
ALTER TABLE documents MATERIALIZE INDEX by_written_at;

-- How grave it is for the entity, and what happened to it, or by the document where the model says no more: counts per entity need no join.
ALTER TABLE mentions
    ADD COLUMN IF NOT EXISTS severity Nullable(Float32),
    ADD COLUMN IF NOT EXISTS event_names Array(LowCardinality(String));

-- Of the documents that a row counts: how many have a severity, how many one of 0.375 or more (serious), sum and maximum (0 without any), and how many
-- documents each event has. A document with two events counts for both.
ALTER TABLE sentiment_rollup
    ADD COLUMN IF NOT EXISTS severities UInt32,
    ADD COLUMN IF NOT EXISTS grave UInt32,
    ADD COLUMN IF NOT EXISTS severity_sum Float64,
    ADD COLUMN IF NOT EXISTS severity_max Float32,
    ADD COLUMN IF NOT EXISTS event_names Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS event_counts Array(UInt32);
ALTER TABLE entity_rollup
    ADD COLUMN IF NOT EXISTS severities UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS grave UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS severity_sum Float64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS severity_max Float32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS event_names Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS event_counts Array(UInt32);
