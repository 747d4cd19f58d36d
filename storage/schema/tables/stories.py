"""The table of the documents of stories."""

from __future__ import annotations

from squall.storage.backends.base import Cell
from squall.storage.rows.stories import StoryMemberRow
from squall.storage.schema.table import Column, Table

STORY_MEMBERS = Table(
    "story_members",
    StoryMemberRow,
    (
        Column("document_id", Cell.TEXT),
        Column("published_at", Cell.TIME),
        Column("headline", Cell.TEXT),
        Column("story_id", Cell.TEXT),
        Column("size", Cell.UINT32),
        Column("novelty", Cell.UINT32),
        Column("last_similar", Cell.TEXT),
        Column("seconds_since_last", Cell.FLOAT64),
        Column("distance", Cell.FLOAT64),
        Column("linked_12h", Cell.UINT32),
        Column("linked_24h", Cell.UINT32),
        Column("linked_3d", Cell.UINT32),
        Column("linked_5d", Cell.UINT32),
        Column("linked_7d", Cell.UINT32),
        Column("names", Cell.TEXTS),
        Column("linked_by_name", Cell.UINT32S),
        Column("weight", Cell.FLOAT64),
        Column("direction", Cell.INT64),
        Column("signs", Cell.TEXTS),
        Column("version", Cell.UINT64),
    ),
)
