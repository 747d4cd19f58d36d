"""The table of mentions."""

from __future__ import annotations

from squall.core.records import EntityKind, Sentiment
from squall.storage.backends.base import Cell
from squall.storage.rows.mentions import StoredMention
from squall.storage.schema.table import Column, Table

MENTIONS = Table(
    "mentions",
    StoredMention,
    (
        Column("document_id", Cell.TEXT),
        Column("published_at", Cell.TIME),
        Column("model_version", Cell.TEXT),
        Column("catalogue_version", Cell.TEXT),
        Column("scored_at", Cell.TIME),
        Column("document_scored_at", Cell.TIME),
        Column("entity", Cell.TEXT),
        Column("kind", Cell.TEXT, EntityKind),
        Column("name", Cell.TEXT),
        Column("symbols", Cell.TEXTS),
        Column("start", Cell.UINT32),
        Column("end", Cell.UINT32),
        Column("first", Cell.BOOL),
        Column("relevance", Cell.FLOAT32),
        Column("p_negative", Cell.FLOAT32),
        Column("p_neutral", Cell.FLOAT32),
        Column("p_positive", Cell.FLOAT32),
        Column("sentiment", Cell.ENUM, Sentiment),
        Column("score", Cell.FLOAT32),
        Column("severity", Cell.FLOAT32),
        Column("event_names", Cell.TEXTS),
    ),
)
"""Written from the rows of a `DocumentReading`; a row with the empty entity says only that the document was read."""
