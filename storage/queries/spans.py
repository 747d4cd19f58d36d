"""SQL that every reader of a span of event time shares: which rows are current, which are copies, and which versions count.

Parameters of all of it: `read_from`, `start`, `end` (the span is [start, end), read from a day earlier so that copies of
an earlier document are seen), `copies` (1: copies count too), `model_version` (empty: whatever scored last), `known_until`
(versions that were published later are not known yet), `unscored` (1: also what no model has read, because of its language).

Written as sets that are usually small, not as one window over everything: at a million rows that is three times faster.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any

from squall.core.gravity.severities import GRAVE_FROM

COPY_HOURS = 24
"""A text published again within this time is a copy."""


def sql(text: str, **parts: str) -> str:
    """Put the constant SQL `parts` where `text` names them as `$part`; values are never put in, they are bound."""
    return Template(text).substitute(parts)


_KEY = "reinterpretAsUInt128(unhex(id))"

_READ = """
published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
AND ({model_version:String} = '' OR model_version = {model_version:String})
"""

# FINAL leaves one row per id, publication time and model; of several such rows of one id, all but the last scored.
_SUPERSEDED = sql(
    """
    SELECT $key, published_at, model_version
    FROM
    (
        SELECT
            id, published_at, model_version,
            row_number() OVER (PARTITION BY id ORDER BY max(scored_at) DESC, published_at DESC, model_version DESC) AS place
        FROM documents
        WHERE $read AND $key IN (SELECT $key AS key FROM documents WHERE $read GROUP BY key HAVING count() > 1)
        GROUP BY id, published_at, model_version
    )
    WHERE place > 1
    """,
    key=_KEY,
    read=_READ,
)

_CURRENT = sql(
    "$read AND ({unscored:UInt8} OR model_version != '') AND ($key, published_at, model_version) NOT IN ($superseded)",
    read=_READ,
    key=_KEY,
    superseded=_SUPERSEDED,
)

# Documents with several versions are rare: an index finds the later ones, and without any of them their first ones are not looked for.
_ROOT = "if(revises = '', id, revises)"
_HAS_VERSIONS = sql(
    """
(SELECT count() > 0 FROM documents WHERE revises != '' AND $read)
AND (revises != '' OR $key IN (SELECT reinterpretAsUInt128(unhex(revises)) FROM documents WHERE revises != '' AND $read))
""",
    key=_KEY,
    read=_READ,
)

# Of the day before the span only what the span has too: of ten million documents a day the others take most of the time.
_REPEATED = sql(
    """
    SELECT fingerprint FROM documents
    WHERE $read AND fingerprint IN
    (
        SELECT fingerprint FROM documents
        WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
    )
    GROUP BY fingerprint HAVING count() > 1
    """,
    read=_READ,
)

# Rows that don't count: copies and repeats. One scan for both, of the rows whose fingerprint is there twice and of the documents that have
# versions: a scan each, for copies, for titles that versions keep and for repeats, takes twice the time once there are versions.
# - A document that its source did not date was collected later than it was published: it makes none that has a date a copy.
# - A version is no copy where another of its document had the same fingerprint: it has kept its title.
# - Of several versions in one minute the last counts. One with the sentiment of another of the hours before it does not count again,
#   however its words have changed, unless it is grave and none of those was. Other documents are the only version in their partitions.
_UNCOUNTED = sql(
    """
    SELECT $key
    FROM
    (
        SELECT
            id, published_at, undated, grave, place,
            max(published_at) OVER earlier AS copied,
            max(if(undated, toDateTime64(0, 3, 'UTC'), published_at)) OVER earlier AS copied_dated,
            lagInFrame(published_at, 1, toDateTime64(0, 3, 'UTC'))
                OVER (PARTITION BY root, fingerprint ORDER BY published_at, id) AS titled,
            lagInFrame(published_at, 1, toDateTime64(0, 3, 'UTC'))
                OVER (PARTITION BY root, sentiment, place > 1 ORDER BY published_at, id) AS said,
            lagInFrame(published_at, 1, toDateTime64(0, 3, 'UTC'))
                OVER (PARTITION BY root, sentiment, grave, place > 1 ORDER BY published_at, id) AS said_grave
        FROM
        (
            SELECT
                id, published_at, sentiment, fingerprint, undated, $root AS root, ifNull(severity, 0) >= $grave_from AS grave,
                row_number() OVER (PARTITION BY root, toStartOfMinute(published_at) ORDER BY published_at DESC, id DESC) AS place
            FROM documents FINAL
            WHERE NOT {copies:UInt8} AND $current
              AND (fingerprint IN ($repeated) OR ($has_versions))
        )
        WINDOW earlier AS (PARTITION BY fingerprint ORDER BY published_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    WHERE place > 1
       OR if(grave, said_grave, said) >= published_at - INTERVAL $hours HOUR
       OR (if(undated, copied, copied_dated) >= published_at - INTERVAL $hours HOUR AND titled < published_at - INTERVAL $hours HOUR)
    """,
    key=_KEY,
    root=_ROOT,
    grave_from=str(GRAVE_FROM),
    has_versions=_HAS_VERSIONS,
    repeated=_REPEATED,
    current=_CURRENT,
    hours=str(COPY_HOURS),
)

IS_COPY = sql("($key IN ($uncounted))", key=_KEY, uncounted=_UNCOUNTED)
"""Whether a row of the span is a copy, or a version that says nothing new, where `copies` is 0."""

_OUTDATED = sql(
    """
    SELECT $key
    FROM
    (
        SELECT id, row_number() OVER (PARTITION BY root ORDER BY at DESC, id DESC) AS place
        FROM
        (
            SELECT id, revises AS root, max(published_at) AS at FROM documents
            WHERE revises != '' AND $known GROUP BY id, root
            UNION ALL
            SELECT id, id AS root, max(published_at) AS at FROM documents
            WHERE (SELECT count() > 0 FROM documents WHERE revises != '' AND $known) AND $read AND revises = ''
              AND $key IN (SELECT reinterpretAsUInt128(unhex(revises)) FROM documents WHERE revises != '' AND $known)
            GROUP BY id
        )
    )
    WHERE place > 1
    """,
    key=_KEY,
    read=_READ,
    known="""
published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {known_until:DateTime64(3, 'UTC')}
AND ({model_version:String} = '' OR model_version = {model_version:String})
""",
)

NEWEST_VERSION = sql("$key NOT IN ($outdated)", key=_KEY, outdated=_OUTDATED)
"""Whether no later version of a row's document is known, for lists. What is counted in a minute does not change by later versions."""

EVERYTHING = sql("documents FINAL WHERE $current AND published_at >= {start:DateTime64(3, 'UTC')}", current=_CURRENT)
"""What follows FROM: the rows of the span, every document id once, copies too; further conditions are joined with AND."""

SPAN = sql("$everything AND ({copies:UInt8} OR NOT ($is_copy))", everything=EVERYTHING, is_copy=IS_COPY)
"""As `EVERYTHING`, with copies only where `copies` is 1."""

EVER = (datetime(1971, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""A span that holds every document."""


def span(
    start: datetime,
    end: datetime,
    *,
    copies: bool,
    model_version: str | None = None,
    known_until: datetime | None = None,
    unscored: bool = False,
) -> dict[str, Any]:
    """Return the parameters of `SPAN`; `known_until` is `end` unless given: lists have what was known at the end of the span."""
    return {
        "read_from": start - timedelta(hours=COPY_HOURS),
        "start": start,
        "end": end,
        "copies": copies,
        "model_version": model_version or "",
        "known_until": known_until or end,
        "unscored": unscored,
    }
