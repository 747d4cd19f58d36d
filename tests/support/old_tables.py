"""Tables as stores from before a migration have them."""

from __future__ import annotations

from dataclasses import replace

from squall.storage.schema.tables.documents import DOCUMENTS

_SINCE_SEVERITY = {"severity", "event_names", "event_probabilities", "undated", "revises", "revision"}
DOCUMENTS_BEFORE_SEVERITY = replace(DOCUMENTS, columns=tuple(column for column in DOCUMENTS.columns if column.name not in _SINCE_SEVERITY))
