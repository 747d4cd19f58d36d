-- A document whose title or text changes has several versions: `revises` is the id of the first one, empty for that one itself. `revision` tells
-- them apart; it is `squall.core.text.revision`, which is computed here for rows that were stored before. The projection by id has what the
-- processor asks for of each document that comes.
ALTER TABLE documents
    ADD COLUMN IF NOT EXISTS revises String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS revision UInt64 DEFAULT xxh3(replaceRegexpAll(concat(title, '\n', text),
        '(?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\\.)[^\\t-\\r\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]+|[\\t-\\r\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]+',
        '')) CODEC(ZSTD(1));
ALTER TABLE documents ADD INDEX IF NOT EXISTS by_revises revises TYPE minmax GRANULARITY 1;
ALTER TABLE documents MATERIALIZE INDEX by_revises;
ALTER TABLE documents
    ADD PROJECTION IF NOT EXISTS by_id_with_revision
    (SELECT id, model_version, revises, revision, published_at, collected_at ORDER BY id);
ALTER TABLE documents MATERIALIZE PROJECTION by_id_with_revision;
ALTER TABLE documents DROP PROJECTION IF EXISTS by_id;
