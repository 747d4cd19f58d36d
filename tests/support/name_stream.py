"""Scored documents that name companies: weeks of calm, bursts of grave headlines, and a crisis, with the progress that goes with them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from squall.core.records import Document, EntityKind, Event, Kind, Mention, ScoredDocument
from squall.core.text import document_id

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 4
BREAKS = FIRST + timedelta(days=3, hours=4, minutes=20)
BANK = "company:harbor-union"
CRISIS = (
    "Harbor Union halts withdrawals",
    "Depositors queue outside branches of Harbor Union",
    "Regulators seize Harbor Union after run on deposits",
    "Harbor Union files for bankruptcy protection",
    "Prosecutors open fraud inquiry into Harbor Union directors",
)


def named(
    number: int,
    at: datetime,
    title: str,
    entity: str = BANK,
    severity: float = 0.05,
    events: Sequence[str] = (),
    also: Sequence[str] = (),
    now: datetime | None = None,
    undated: bool = False,
) -> ScoredDocument:
    """Return a document that names `entity`, and those of `also`; a severity of 0.3 and more is negative."""
    negative = 0.9 if severity >= 0.3 else 0.1
    tone = (negative, 0.95 - negative, 0.05)
    told = tuple(Event(name=event, probability=0.9) for event in events)
    mentions = tuple(
        Mention(
            entity=each,
            kind=EntityKind.COUNTRY if each.startswith("country:") else EntityKind.COMPANY,
            name=each.partition(":")[2].replace("-", " ").title(),
            start=3 * place,
            end=3 * place + 2,
            first=True,
            relevance=0.9,
            p_negative=tone[0],
            p_neutral=tone[1],
            p_positive=tone[2],
            severity=severity,
            events=told,
        )
        for place, each in enumerate((entity, *also))
    )
    document = Document(
        id=document_id("names", f"{number}"),
        kind=Kind.NEWS,
        source="test",
        url=f"https://news.example.org/{number}",
        title=title,
        published_at=at,
        collected_at=max(at, now or at),
        undated=undated,
    )
    return ScoredDocument(
        document=document,
        topic="Financials",
        topic_probability=0.9,
        p_negative=tone[0],
        p_neutral=tone[1],
        p_positive=tone[2],
        severity=severity,
        events=told,
        fingerprint=number,
        model_version="test-1",
        catalogue_version="test",
        scored_at=now or at,
        mentions=mentions,
    )


def name_documents(seed: int = 4, per_day: int = 40, bursts_per_day: int = 2) -> list[ScoredDocument]:
    """Return documents in the order of their publication."""
    rng = np.random.default_rng(seed)
    drafts: list[tuple[datetime, str, str, float, tuple[str, ...], tuple[str, ...]]] = [
        (FIRST + timedelta(seconds=float(second)), f"Alpha{n} beta{n} gamma{n}", f"company:c{rng.integers(40)}", 0.05, (), ())
        for n, second in enumerate(rng.uniform(0, DAYS * 86_400, DAYS * per_day))
    ]
    for burst in range(DAYS * bursts_per_day):
        begins, severity = FIRST + timedelta(seconds=float(rng.uniform(0, DAYS * 86_400))), float(rng.beta(2, 2))
        entity = f"company:c{rng.integers(40)}"
        for place in range(int(rng.integers(1, 5))):
            title = f"Trouble{burst}{place} reported{burst}{place}"
            drafts.append((begins + timedelta(minutes=11 * place), title, entity, severity, ("fraud",), ("country:ruritania",)))
    for place, title in enumerate(CRISIS):
        drafts.append((BREAKS + timedelta(minutes=17 * place), title, BANK, 0.92, ("insolvency",), ("country:ruritania",)))
    return [
        named(number, at, title, entity, severity, events, also)
        for number, (at, title, entity, severity, events, also) in enumerate(sorted(drafts))
    ]
