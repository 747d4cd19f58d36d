"""A small store with ten days of data in every table that the Grafana dashboards read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from squall.core.items import DeadLetter, Origin
from squall.core.records import TOPICS, Alert, AlertState, Document, EntityKind, Kind, Mention, ScoredDocument, SeriesKind, Severity, Trend
from squall.storage import Store
from squall.storage.rows.alerting import Acknowledgement, Notification, Silence
from squall.storage.rows.backtests import BacktestAlert, BacktestEvent, BacktestReading, BacktestRun
from squall.storage.rows.detector import DetectorRun, SeriesReading
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample
from tests.support.migrated_stores import open_migrated

DAYS = 10
DOCUMENTS = 4000
RUN_ID = "b" * 32
BURST = "Energy | Oil"
SYMBOLS = ("XOM", "AAPL", "MSFT", "BRK.B", "TSLA")
SOURCES = ("Reuters", "Bloomberg", "r/stocks", "O'Brien \\' \"Daily\"", "x.com/$__timeFilter(a)", "日経")
ENTITIES = (
    ("company:xom", "Exxon", ("XOM",)),
    ("found:o'brien \\' \"bank\"/ü", "O'Brien \\' <b>Bank</b>", ()),
    ("company:apple-inc", "Apple", ("AAPL", "AAPL.O")),
    ("found:alpenbank", "Alpenbank", ()),
)
FIRST_FOREIGN = 10**6
FOREIGN = ("de", "fr", "de") * 6
"""Languages of documents that are not scored at first."""
HOSTILE_TITLES = (
    "<script>alert('title')</script>",
    "Robert'); DROP TABLE documents; --",
    '=HYPERLINK("http://evil.example","x") ${__all_variables} $__fromTime',
    "שלום right to left",
)
HOSTILE_URLS = ("javascript:alert(1)", "data:text/html,<script>1</script>", "https://ok.example/a%20b?q='\"", "//no.scheme.example", "")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def open_filled(folder: Path, now: datetime) -> Store:
    """Open a new store in `folder` and fill it up to `now`, which must be close to the clock: old samples are dropped."""
    store = open_migrated(folder, max_threads=2)
    fill(store, now)
    return store


def fill(store: Store, now: datetime) -> None:
    """Put ten days of data into every table of a migrated store."""
    rng = random.Random(7)
    rows = list(_documents(rng, now))
    store.documents.insert(rows, token="first")
    store.documents.insert(rows[:300], token="delivered again")
    store.documents.insert([_rescored(row) for row in rows[100:200]], token="scored by the next model")
    store.documents.insert(list(_foreign(now)), token="not scored")
    read = _scored(random.Random(8), FIRST_FOREIGN, now - 15 * MINUTE, BURST, "Scored by now", 0.1)
    store.documents.insert([read.model_copy(update={"scored_at": now, "mentions": ()})], token="scored later")
    store.rollups.update()
    _alerting(store, now, [row.document.id for row in rows[-5:]])
    _detecting(store, rng, now)
    _pipeline(store, rng, now)
    _backtest(store, rng, now)


def _documents(rng: random.Random, now: datetime) -> Iterator[ScoredDocument]:
    span = DAYS * DAY - MINUTE
    for number in range(DOCUMENTS):
        age = span * (1 - number / DOCUMENTS)
        burst = age < 3 * HOUR
        topic = BURST if burst and rng.random() < 0.7 else rng.choice(TOPICS[:12])
        title = rng.choice(HOSTILE_TITLES) if number % 40 == 0 else f"Story {number} about {topic} that is new"
        negative = 0.9 if topic == BURST and burst else rng.choice((0.8, 0.1, 0.1, 0.2))
        yield _scored(rng, number, now - age, topic, title, negative)


def _foreign(now: datetime) -> Iterator[ScoredDocument]:
    """Documents that no model has read, each 15 minutes one; the first of them is scored later."""
    for number, language in enumerate(FOREIGN):
        at = now - (number + 1) * 15 * MINUTE
        document = Document(
            id=f"{FIRST_FOREIGN + number:032x}",
            kind=Kind.NEWS,
            source=SOURCES[number % len(SOURCES)],
            title=f"Meldung {number}",
            language=language,
            published_at=at,
            collected_at=at,
        )
        yield ScoredDocument.unscored(document, fingerprint=FIRST_FOREIGN + number, catalogue_version="", scored_at=at + MINUTE)


def _scored(rng: random.Random, number: int, at: datetime, topic: str, title: str, negative: float) -> ScoredDocument:
    kind = rng.choice((Kind.NEWS, Kind.SOCIAL))
    document = Document(
        id=f"{number:032x}",
        kind=kind,
        source=rng.choice(SOURCES),
        url=rng.choice(HOSTILE_URLS) if number % 20 == 0 else f"https://news.example/{number}",
        title=title,
        text=f"{title} – in full",
        language=rng.choice(("en", "en", "de")),
        symbols=tuple(rng.sample(SYMBOLS, rng.choice((0, 0, 1, 2)))),
        published_at=at,
        collected_at=at + timedelta(seconds=rng.uniform(0.5, 20)),
    )
    positive = (1 - negative) * rng.choice((0.2, 0.8))
    return ScoredDocument(
        document=document,
        topic=topic,
        topic_probability=0.9,
        p_negative=negative,
        p_neutral=1 - negative - positive,
        p_positive=positive,
        fingerprint=number - number % 3 if number % 11 == 0 else number,  # some repeat a neighbour's text
        model_version="model-1",
        mentions=_named(rng, number, title),
        scored_at=at + timedelta(seconds=30),
    )


def _named(rng: random.Random, number: int, title: str) -> tuple[Mention, ...]:
    """Two of three documents are about a company, some of them about one that has no ticker and a hostile name."""
    if number % 3 == 0:
        return ()
    entity, name, symbols = ENTITIES[number % len(ENTITIES)]
    negative = rng.choice((0.8, 0.1, 0.1))
    tone = {"p_negative": negative, "p_neutral": 0.1, "p_positive": 0.9 - negative}
    place = {"start": 0, "end": min(5, len(title)), "relevance": 0.7, "first": True}
    return (Mention(entity=entity, kind=EntityKind.COMPANY, name=name, symbols=symbols, **place, **tone),)


def _rescored(row: ScoredDocument) -> ScoredDocument:
    changes = {"model_version": "model-2", "p_negative": 0.05, "p_neutral": 0.05, "p_positive": 0.9, "scored_at": row.scored_at + HOUR}
    return row.model_copy(update=changes)


def alert(number: int, at: datetime, **changes: object) -> Alert:
    """Return an alert that fired five minutes after its first breach."""
    values = {
        "id": f"{number:032x}", "topic": BURST, "kind": SeriesKind.TOPIC, "test": "burst", "state": AlertState.RESOLVED,
        "severity": Severity.CRITICAL, "window_start": at - HOUR, "window_end": at, "observed": 40, "expected": 8.31, "expected_low": 4.0,
        "expected_high": 13.0, "p_value": 1e-9, "negative_share": 0.8, "expected_share": 0.3, "method": "negative binomial",
        "document_ids": (), "opened_at": at, "fired_at": at + 5 * MINUTE, "resolved_at": at + 2 * HOUR, "updated_at": at,
    }  # fmt: skip
    return Alert.model_validate(values | changes)


def _alerting(store: Store, now: datetime, documents: list[str]) -> None:
    firing = {"state": AlertState.FIRING, "resolved_at": None, "document_ids": tuple(documents)}
    told = {
        "current": 12, "current_total": 20, "current_minutes": 60, "trend": Trend.FALLING, "peak": 51, "peaked_at": now - 80 * MINUTE,
        "lead": "Harbor Union", "lead_documents": 41, "named_documents": 51, "events": ("fraud", "market_crash"), "gravest": 0.75,
    }  # fmt: skip
    store.alerts.write(
        [
            alert(1, now - 2 * HOUR, **firing, **told),
            alert(2, now - HOUR, topic="$XOM", kind=SeriesKind.SYMBOL, severity=Severity.WARNING, **firing),
            alert(3, now - 4 * HOUR, topic="All topics", kind=SeriesKind.MARKET, test="burn"),
            alert(4, now - 3 * DAY, topic="Sector: Energy 'n' <Gas>", kind=SeriesKind.SECTOR, severity=Severity.WARNING),
            alert(5, now - 5 * HOUR, fired_at=None),  # never fired: shown nowhere
            alert(6, now - 20 * MINUTE, state=AlertState.PENDING, topic="Macro", fired_at=None, resolved_at=None),
            alert(
                7, now - 30 * MINUTE, topic="Source: Reuters", kind=SeriesKind.SOURCE, test="no data", observed=0, p_value=1e-20, **firing
            ),
        ]
    )
    made = now - 110 * MINUTE
    names = ((1, "sent"), (2, "sent"), (4, "queued"))
    store.notifications.write(
        [
            Notification(
                f"n{number}", f"{number:032x}", "firing", status, number, "" if status == "sent" else "550 <b>no such box</b>",
                b"Subject: x\r\n\r\n\xff", made + number * MINUTE, made + number * MINUTE + 2 * SECOND, "desk", (f"{number:032x}",),
            )
            for number, status in names
        ]
    )  # fmt: skip
    store.silences.write(
        [
            Silence("s1", ("topic=Energy*", "severity=warning"), "ana", "known <outage>", now - HOUR, now + DAY),
            Silence("s2", ("kind=symbol",), "ben", "maintenance", now - 3 * DAY, now - 2 * DAY),
        ]
    )
    store.acknowledgements.write(Acknowledgement(f"{1:032x}", "ana", "looking into it", now - 100 * MINUTE))
    store.dead_letters.write(
        [
            DeadLetter(
                Origin("documents", 0, number), ("broken_json", "missing_field")[number % 2], "detail é", b"{\xff<b>", now - number * HOUR
            )
            for number in range(40)
        ]
    )


def _detecting(store: Store, rng: random.Random, now: datetime) -> None:
    names = {"All topics": SeriesKind.MARKET, "$XOM": SeriesKind.SYMBOL} | dict.fromkeys(TOPICS[:12], SeriesKind.TOPIC)
    readings = []
    for name, kind in names.items():
        for step in range(DAYS * 24 * 12):
            observed = rng.randint(0, 12)
            readings.append(
                SeriesReading(name, kind, now - step * 5 * MINUTE, 60, observed, observed + 9, 5.5, 2.0, 10.0, 0.3, rng.uniform(1e-9, 1))
            )
    store.detector.write_readings(readings)
    for step in range(0, 600, 5):
        at = now - step * MINUTE
        error = "StoreUnavailableError: no answer" if step == 50 else ""
        store.detector.write_run(DetectorRun(at, 0.4, at - 30 * SECOND, at - 2 * MINUTE, 1, step % 2, 0, 0, 0, error))


def _pipeline(store: Store, rng: random.Random, now: datetime) -> None:
    samples = []
    for step in range(3000):
        at = now - step * 10 * SECOND
        stored = 0 if step % 9 == 0 else rng.randint(1, 900)
        published = Quantiles(1.2, 4.5, 9.0) if stored else Quantiles(0, 0, 0)
        gpu = step % 2 == 0
        samples.append(
            PipelineSample(
                at, "worker-1" if gpu else "worker 'two'", 10.0, stored, 3, 1 if step % 50 == 0 else 0,
                ("broken_json",) if step % 50 == 0 else (), 2 if stored else 0, stored, 0, 6.5, 0.8, published, published,
                rng.randint(0, 5000) if gpu else None, "model-2", "cuda:0" if gpu else "cpu", 2_000_000_000 if gpu else None,
            )
        )  # fmt: skip
    store.pipeline.write_samples(samples)


def _backtest(store: Store, rng: random.Random, now: datetime) -> None:
    start = now - DAYS * DAY
    head = BacktestRun(
        RUN_ID, "ten days", now, "negative binomial", "model-2", start, now, DOCUMENTS, 2, True, 1, 1, 1, 120.0, 12.5, '{"a": 1}', 3.2
    )
    at = start + 2 * DAY
    kinds = {"kind": SeriesKind.TOPIC, "test": "burst", "severity": "critical"}
    alerts = [
        BacktestAlert("a1", BURST, opened_at=at, fired_at=at + MINUTE, resolved_at=at + HOUR, observed=30, expected=4.5, p_value=1e-8,
                  events=("Strike",), **kinds),
        BacktestAlert("a2", "Macro", opened_at=now - HOUR, fired_at=None, resolved_at=None, observed=9, expected=4.5, p_value=1e-4,
                  events=(), **kinds),
    ]  # fmt: skip
    events = [
        BacktestEvent("Strike", at - 10 * MINUTE, at + HOUR, (BURST,), 1, 12.5),
        BacktestEvent("Rate 'surprise'", now - 3 * HOUR, now - 2 * HOUR, ("Macro",), 0, None),
    ]
    readings = [
        BacktestReading(name, (start + hour * HOUR).replace(minute=0, second=0, microsecond=0), rng.randint(0, 9), 4.0, 1.0, 8.0)
        for name in (BURST, "Macro")
        for hour in range(DAYS * 24)
    ]
    store.backtests.write(head, alerts, events, readings)
