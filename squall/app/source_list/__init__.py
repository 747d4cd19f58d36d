"""The sources of the list `ingest.sources`: opened with what they need, and asked."""
