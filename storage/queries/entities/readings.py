"""SQL that every reader of mentions over a span of event time shares: which mentions are current.

A document may have been read for names several times: delivered again, scored by a newer model, or read with another catalogue of
names. Its mentions are those of the last reading, none where that found none. They count only together with the document's current
row, so that what an interrupted worker left behind counts nothing until its document is stored.

Parameters: those of `squall.storage.queries.spans`; with `model_version` only that model's documents and readings exist.
"""

from __future__ import annotations

from squall.storage.queries.spans import EVERYTHING, IS_COPY, sql

_KEY = "reinterpretAsUInt128(unhex(document_id))"
_SPAN = """
published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
AND ({model_version:String} = '' OR model_version = {model_version:String})
"""

# A row with the empty entity is the mark of a reading. The set is small unless a whole store was read again.
_SUPERSEDED = sql(
    """
    SELECT $key, published_at, scored_at, model_version, catalogue_version
    FROM
    (
        SELECT
            document_id, published_at, scored_at, model_version, catalogue_version,
            row_number() OVER
                (PARTITION BY document_id, published_at ORDER BY scored_at DESC, model_version DESC, catalogue_version DESC) AS place
        FROM mentions
        WHERE entity = '' AND $span AND ($key, published_at) IN
        (
            SELECT $key AS key, published_at FROM mentions WHERE entity = '' AND $span GROUP BY key, published_at HAVING count() > 1
        )
        GROUP BY document_id, published_at, scored_at, model_version, catalogue_version
    )
    WHERE place > 1
    """,
    key=_KEY,
    span=_SPAN,
)

MENTIONED = sql(
    """
    (
        SELECT document_id AS id, published_at, entity, kind, name, symbols, relevance, p_negative, sentiment, score, severity, event_names
        FROM mentions FINAL
        WHERE first AND $span
          AND ($key, published_at, scored_at, model_version, catalogue_version) NOT IN ($superseded)
    )
    """,
    key=_KEY,
    span=_SPAN,
    superseded=_SUPERSEDED,
)
"""What follows FROM: one row for each entity that a document of the span names, by its last reading, whether or not it is stored."""

COUNTED = sql(
    """
    $mentioned
    WHERE (reinterpretAsUInt128(unhex(id)), published_at) IN (SELECT reinterpretAsUInt128(unhex(id)), published_at FROM $everything)
    """,
    mentioned=MENTIONED,
    everything=EVERYTHING,
)
"""What follows FROM: one row for each current document of the span and entity that it names, copies too; join conditions with AND."""

COUNTED_ONCE = sql("$counted AND ({copies:UInt8} OR NOT ($is_copy))", counted=COUNTED, is_copy=IS_COPY)
"""As `COUNTED`, with copies only where `copies` is 1."""

LATEST = """
SELECT * EXCEPT (reading, latest)
FROM
(
    SELECT *, (scored_at, model_version, catalogue_version) AS reading, max(reading) OVER (PARTITION BY document_id, published_at) AS latest
    FROM mentions
    WHERE (published_at, document_id) IN ($documents)
)
WHERE reading = latest AND entity != ''
LIMIT 1 BY document_id, published_at, entity, start
"""
"""The mentions of `$documents`, a query for publication times and ids: for a few documents, which the primary key finds."""
