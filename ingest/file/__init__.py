"""Files as a source: JSONL, CSV, Parquet."""
