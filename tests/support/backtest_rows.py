"""Scored rows made by the store itself, a million in seconds: calm, with one burst of negative text."""

from __future__ import annotations

from datetime import datetime

from squall.core.records import TOPICS
from squall.storage import Store

_ROWS = """
INSERT INTO documents (id, kind, source, author, url, title, text, language, symbols, published_at, collected_at, topic,
    topic_probability, p_negative, p_neutral, p_positive, sentiment, score, fingerprint, model_version, scored_at)
SELECT
    lower(hex(sipHash128(number, {start:String}))), 'news', 'made', '', '', concat('Story ', toString(number), ' of ', topic), '', 'en', [],
    if(burst, toDateTime64({burst:String}, 3, 'UTC') + (cityHash64(number) % 3600), toDateTime64({start:String}, 3, 'UTC')
        + toInt64(number / {count:UInt64} * {seconds:UInt64})) AS published,
    published, if(burst, 'Markets', {topics:Array(String)}[1 + cityHash64(number, 1) % {topic_count:UInt32}]) AS topic,
    0.9, if(negative, 0.9, 0.1), if(negative, 0.05, 0.85), 0.05, if(negative, 'negative', 'neutral'), if(negative, -0.85, -0.05),
    number, {model:String}, published
FROM (SELECT number, number >= {count:UInt64} AS burst, burst OR cityHash64(number, 2) % 5 = 0 AS negative
      FROM numbers({all:UInt64}))
"""


def insert_made(store: Store, start: datetime, days: int, count: int, burst: datetime, extra: int, model: str = "made-1") -> None:
    """Insert `count` documents spread evenly over `days`, a fifth of them negative, and `extra` negative ones about Markets in an hour."""
    store._backend.command(
        _ROWS,
        {
            "start": f"{start:%Y-%m-%d %H:%M:%S}",
            "burst": f"{burst:%Y-%m-%d %H:%M:%S}",
            "count": count,
            "all": count + extra,
            "seconds": days * 86_400,
            "topics": list(TOPICS),
            "topic_count": len(TOPICS),
            "model": model,
        },
    )
