"""Millions of plausible documents made by ClickHouse itself: for measuring, where what they say does not matter."""

from __future__ import annotations

from datetime import datetime, timedelta

from squall.core.records import TOPICS
from squall.storage import Store

SOURCES = 20
SYMBOLS = 500
_PART = 500_000
_INSERT = """
INSERT INTO documents
    (id, kind, source, author, url, title, text, language, symbols, published_at, collected_at, topic, topic_probability,
     p_negative, p_neutral, p_positive, sentiment, score, fingerprint, model_version, scored_at, stored_at)
SELECT
    lower(hex(sipHash128(number))),
    if(h % 3 = 0, 'social', 'news'),
    concat('source-', toString(h % {sources:UInt32})),
    '',
    concat('https://news.example/', toString(number)),
    concat('Company ', toString(h % 5000), ' moves on word ', toString(number % 10007)),
    concat('Body number ', toString(h), ' of the market ', toString(h % 977)),
    ['en', 'en', 'en', 'de', 'fr'][1 + h % 5],
    if(h % 4 = 0, [], [concat('S', toString(toUInt32(pow(h % 1000 / 1000., 3) * {symbols:UInt32})))]),
    at,
    at + toIntervalMillisecond(500 + h % 3000),
    arrayElement({topics:Array(String)}, 1 + toUInt8(pow(h % 997 / 997., 1.5) * length({topics:Array(String)}))),
    0.9,
    if(mood = 'negative', 0.8, 0.1), if(mood = 'neutral', 0.8, 0.1), if(mood = 'positive', 0.8, 0.1),
    mood,
    if(mood = 'negative', -0.7, if(mood = 'positive', 0.7, 0)),
    if(h % 12 = 0, intDiv(number, 12) * 12, sipHash64(number)),  -- every twelfth may repeat a text
    'measured-1',
    at + toIntervalSecond(2),
    at + toIntervalSecond(2 + h % 4)
FROM
(
    SELECT
        number,
        sipHash64(number, 7) AS h,
        if(h % 7 < 2, 'negative', if(h % 7 < 5, 'neutral', 'positive')) AS mood,
        toDateTime64({start:DateTime64(3, 'UTC')}, 3, 'UTC') + toIntervalMillisecond(toInt64(number * {gap:Float64})) AS at
    FROM numbers({first:UInt64}, {count:UInt64})
)
"""


def insert_documents(store: Store, count: int, start: datetime, length: timedelta) -> None:
    """Store `count` documents published evenly over [start, start + length): 20 topics and sources, 500 symbols, two in seven negative."""
    gap = length.total_seconds() * 1000 / count
    for first in range(0, count, _PART):
        store._backend.command(
            _INSERT,
            {
                "first": first,
                "count": min(_PART, count - first),
                "gap": gap,
                "start": start,
                "topics": list(TOPICS),
                "sources": SOURCES,
                "symbols": SYMBOLS,
            },
        )


_READINGS = """
INSERT INTO readings
SELECT
    arrayElement({series:Array(String)}, 1 + number % length({series:Array(String)})), 'topic',
    toDateTime({start:DateTime64(3, 'UTC')}, 'UTC') + toIntervalSecond(300 * intDiv(number, length({series:Array(String)}))),
    60, h % 30, 60 + h % 60, 12, 5, 20, 0.25, 0.5, now(), 1
FROM (SELECT number, sipHash64(number) AS h FROM numbers({count:UInt64}))
"""
_SAMPLES = """
INSERT INTO pipeline_samples
    (at, worker, seconds, stored, duplicates, rejected, reasons, batches, largest_batch, retries, scoring_seconds, storing_seconds,
     published_p50, published_p99, published_max, collected_p50, collected_p99, collected_max, lag, model_version, device, device_memory)
SELECT
    toDateTime64({start:DateTime64(3, 'UTC')}, 3, 'UTC') + toIntervalSecond(10 * intDiv(number, 2)),
    concat('host-', toString(number % 2)), 10,
    h % 60, h % 3, h % 50 = 0, if(h % 50 = 0, ['broken_json'], []), 5, h % 500, 0, 1.5, 0.25,
    2, 4, 5, 1, 2, 3, h % 100, 'measured-1', 'cpu', NULL
FROM (SELECT number, sipHash64(number) AS h FROM numbers({count:UInt64}))
"""


def insert_telemetry(store: Store, start: datetime, length: timedelta) -> None:
    """Store what the detector and two workers would have written over [start, start + length) beside those documents."""
    series = [*TOPICS, "All topics"]
    store._backend.command(_READINGS, {"start": start, "series": series, "count": int(length / timedelta(minutes=5)) * len(series)})
    store._backend.command(_SAMPLES, {"start": start, "count": int(length / timedelta(seconds=10)) * 2})
