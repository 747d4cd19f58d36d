"""Writing mentions."""

from __future__ import annotations

from collections.abc import Sequence

import xxhash

from squall.storage.backends.base import Backend
from squall.storage.rows.mentions import DocumentReading
from squall.storage.schema.tables.mentions import MENTIONS

_ROWS = 100_000
"""Rows of one insert: a long text can hold a hundred names."""


def insert_readings(backend: Backend, readings: Sequence[DocumentReading], token: str) -> None:
    """Insert the rows of `readings`, each reading in one piece, so that no reader finds a part of one.

    Raises:
        StoreUnavailableError: not acknowledged; some may be stored. Insert them again.
    """
    part: list[DocumentReading] = []
    size = 0
    for reading in readings:
        if part and size + len(reading.mentions) >= _ROWS:
            _insert(backend, part, token)
            part, size = [], 0
        part.append(reading)
        size += 1 + len(reading.mentions)
    if part:
        _insert(backend, part, token)


def _insert(backend: Backend, readings: Sequence[DocumentReading], token: str) -> None:
    rows = [row for reading in readings for row in reading.rows()]
    identity = [(row.document_id, row.model_version, row.catalogue_version, row.scored_at, row.entity, row.start) for row in rows]
    digest = xxhash.xxh3_128_hexdigest(repr(identity).encode("utf-8", "replace"))
    backend.insert(MENTIONS.block(rows, {}), f"{token}:{digest}:mentions")
