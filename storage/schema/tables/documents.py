"""Tables of documents and of the counts made from them."""

from __future__ import annotations

from dataclasses import replace

from squall.core.records import Sentiment
from squall.storage.backends.base import Cell
from squall.storage.rows.documents import DeletionMark, RollupPosition, StoredDocument
from squall.storage.schema.table import VERSION, Column, Table

DOCUMENTS = Table(
    "documents",
    StoredDocument,
    (
        Column("id", Cell.TEXT, path="document.id"),
        Column("kind", Cell.TEXT, path="document.kind.value"),
        Column("source", Cell.TEXT, path="document.source"),
        Column("author", Cell.TEXT, path="document.author"),
        Column("url", Cell.TEXT, path="document.url"),
        Column("title", Cell.TEXT, path="document.title"),
        Column("text", Cell.TEXT, path="document.text"),
        Column("language", Cell.TEXT, path="document.language"),
        Column("symbols", Cell.TEXTS, path="document.symbols"),
        Column("published_at", Cell.TIME, path="document.published_at"),
        Column("collected_at", Cell.TIME, path="document.collected_at"),
        Column("undated", Cell.BOOL, path="document.undated"),
        Column("revises", Cell.TEXT, path="document.revises"),
        Column("revision", Cell.UINT64, given=True),
        Column("topic", Cell.TEXT),
        Column("topic_probability", Cell.FLOAT32),
        Column("p_negative", Cell.FLOAT32),
        Column("p_neutral", Cell.FLOAT32),
        Column("p_positive", Cell.FLOAT32),
        Column("sentiment", Cell.ENUM, Sentiment),
        Column("score", Cell.FLOAT32),
        Column("severity", Cell.FLOAT32),
        Column("event_names", Cell.TEXTS),
        Column("event_probabilities", Cell.FLOAT32S),
        Column("fingerprint", Cell.UINT64),
        Column("model_version", Cell.TEXT),
        Column("scored_at", Cell.TIME),
        Column("stored_at", Cell.TIME, filled=True),
    ),
)
"""Written from `squall.core.records.ScoredDocument`, read as `StoredDocument`."""
REWRITTEN_DOCUMENTS = Table(
    "documents",
    StoredDocument,
    (*(replace(column, path="", filled=False) for column in DOCUMENTS.columns), Column("written_at", Cell.TIME, given=True)),
)
"""Written from `StoredDocument`: a row that replaces the one of the same scoring, and stays stored since then."""
DELETIONS = Table("deletions", DeletionMark, (Column("id", Cell.TEXT), Column("done", Cell.BOOL), Column("hours", Cell.TEXTS), VERSION))
ROLLUP_POSITION = Table("rollup_position", RollupPosition, (Column("name", Cell.TEXT), Column("until", Cell.TIME), VERSION))
