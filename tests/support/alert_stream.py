"""Scored documents with a calm history and a crisis, and the progress rows that go with them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from squall.core.items import Progress
from squall.core.records import Document, Kind, ScoredDocument
from squall.core.text import document_id

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
CRISIS = MIDNIGHT + timedelta(days=2, hours=14)
END = MIDNIGHT + timedelta(days=3)


def scored(at, number, topic="Financials", negative=True, now=None):
    title = f"{'Bad' if negative else 'Plain'} story number {number} about {topic}"
    document = Document(
        id=document_id("test", f"{number}"),
        kind=Kind.NEWS,
        source="test",
        url=f"https://news.example.org/{number}",
        title=title,
        published_at=at,
        collected_at=max(at, now or at),
    )
    return ScoredDocument(
        document=document,
        topic=topic,
        topic_probability=0.9,
        p_negative=0.9 if negative else 0.1,
        p_neutral=0.05 if negative else 0.85,
        p_positive=0.05,
        fingerprint=number,
        model_version="test-1",
        scored_at=now or datetime.now(UTC),
    )


def documents(start=MIDNIGHT, days=3, crisis=CRISIS, crisis_documents=70, seed=5, first=0):
    """Return documents in order: 3 negative and 12 neutral an hour in each of two topics, and a crisis of two hours in one."""
    rng = np.random.default_rng(seed)
    drafts = []
    for topic in ("Financials", "Macro"):
        for negative, rate in ((True, 3.0), (False, 12.0)):
            seconds = rng.uniform(0, days * 86_400, rng.poisson(rate * 24 * days))
            drafts += [(start + timedelta(seconds=float(second)), topic, negative) for second in seconds]
    if crisis is not None:
        drafts += [(crisis + timedelta(seconds=float(second)), "Financials", True) for second in rng.uniform(0, 7200, crisis_documents)]
    return [scored(at, first + number, topic, negative) for number, (at, topic, negative) in enumerate(sorted(drafts))]


def progress(event_time, caught_up=True, updated_at=None):
    """Return the row of one partition that has been stored up to `event_time`."""
    return Progress("documents", 0, 0, event_time, caught_up, updated_at or datetime.now(UTC))
