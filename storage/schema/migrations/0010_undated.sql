-- Whether the source gave no time that can be read: `published_at` is then when the document was collected, and the detector does not count it.
ALTER TABLE documents ADD COLUMN IF NOT EXISTS undated Bool DEFAULT false;
