"""A real embedded store behind a real page server that can be stopped and started again, on the machine's clock."""

from __future__ import annotations

import asyncio
import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from squall.core.clock import SystemClock
from squall.core.config.settings import WebSettings
from squall.core.records import SENTIMENTS, Alert, AlertState, Document, EntityKind, Kind, Mention, ScoredDocument, SeriesKind, Severity
from squall.core.text import document_id, fingerprint
from squall.dashboards.page.server import PageServer
from squall.storage import Store
from squall.storage.rows.detector import DetectorRun, SeriesReading
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample

NEWEST = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
OIL = "Energy | Oil"
_SECONDS = 10


class ServedPage:
    """A store, methods that fill it, and the live page over it."""

    def __init__(self, store: Store, **settings: Any) -> None:
        self.store = store
        self.url = ""
        self._served: Any = store
        self._settings = settings
        self._port = 0
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._page: PageServer | None = None

    def start(self, store: Any = None) -> None:
        """Serve the page; after a stop on the same port, so that open pages find it again."""
        self._page = PageServer(store or self.store, WebSettings(**{"port": self._port, **self._settings}), SystemClock())
        self._run(self._page.start())
        self.url = self._page.url
        self._port = int(self.url.rstrip("/").rsplit(":", 1)[1])

    def stop(self) -> None:
        """Stop serving; open pages lose their connection."""
        if self._page:
            self._run(self._page.stop())
        self._page = None

    def close(self) -> None:
        """Stop everything but the store."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def scored(
        self, title: str, sentiment: str = "negative", topic: str = "Markets", age: timedelta = timedelta(), **fields: Any
    ) -> ScoredDocument:
        """Return a document of its own identity, published `age` before `NEWEST`."""
        published = NEWEST - age
        fields = {"kind": Kind.NEWS, "source": "wire", "url": "https://wire.example/1", "language": "en", "symbols": ("ABC",), **fields}
        document = Document(
            id=document_id("wire", f"{title} {next(self._numbers)}"), title=title, published_at=published, collected_at=published, **fields
        )
        return ScoredDocument(
            document=document,
            topic=topic,
            topic_probability=0.9,
            fingerprint=fingerprint(title),
            model_version="test-1",
            scored_at=published + timedelta(seconds=2),
            **{f"p_{name}": 0.8 if name == sentiment else 0.1 for name in SENTIMENTS},
        )

    def insert(self, *rows: ScoredDocument) -> None:
        """Store `rows` now."""
        self.store.documents.insert(rows, token=rows[0].document.id)

    def naming(self, title: str, *names: tuple[str, str, str], **fields: Any) -> ScoredDocument:
        """Return a document that names (entity, name, tone), in its title or text; an id may say of what kind it is."""
        row = self.scored(title, **fields)
        content = row.document.content
        mentions = []
        for entity, name, tone in names:
            kind = entity.partition(":")[0]
            mentions.append(
                Mention(
                    entity=entity,
                    kind=EntityKind(kind) if kind in set(EntityKind) else EntityKind.ORGANISATION,
                    name=name,
                    symbols=(name[:4].upper(),) if kind == EntityKind.COMPANY else (),
                    start=content.index(name),
                    end=content.index(name) + len(name),
                    first=True,
                    relevance=0.9 if name in title else 0.4,
                    **{f"p_{each}": 0.8 if each == tone else 0.1 for each in SENTIMENTS},
                )
            )
        return row.model_copy(update={"mentions": tuple(sorted(mentions, key=lambda mention: mention.start))})

    def count(self) -> None:
        """Count what is stored per name, as the detector's process does."""
        self.store.rollups.update()

    def companies(self) -> None:
        """Store a day of companies: Alpenbank (no ticker, not in any table) falls, Orlova rises and Ford is as always; and count them."""
        rows = [self.naming(f"Ford opens plant {n}", ("company:ford", "Ford", "neutral"), age=timedelta(hours=n)) for n in range(6)]
        rows += [
            self.naming(
                f"Alpenbank shares plunge, report {n}", ("found:alpenbank", "Alpenbank", "negative"), symbols=(), age=timedelta(minutes=n)
            )
            for n in range(1, 9)
        ]
        rows += [
            self.naming(
                f"Orlova gains on Alpenbank’s fall 😀 {n}",
                ("company:orlova", "Orlova", "positive"),
                ("found:alpenbank", "Alpenbank", "negative"),
                text=f"Orlova gains on Alpenbank’s fall 😀 {n}, and 日本 郵政 watches",
                age=timedelta(hours=2, minutes=n),
            )
            for n in range(3)
        ]
        self.insert(*rows)
        self.count()

    def fill(self) -> None:
        """Store a day of three topics: markets all along, good earnings in the morning, bad news of oil at the end."""
        hours = [timedelta(hours=hour, minutes=7) for hour in range(23)]
        rows = [self.scored(f"Markets drift in hour {number}", SENTIMENTS[number % 3], age=age) for number, age in enumerate(hours)]
        rows += [self.scored(f"Earnings beat number {number}", "positive", "Earnings", age) for number, age in enumerate(hours[12:])]
        rows += [
            self.scored(
                f"Oil falls, story {number}",
                "negative",
                OIL,
                timedelta(minutes=number),
                source="feed",
                symbols=("XOM",),
                kind=Kind.SOCIAL,
            )
            for number in range(1, 15)
        ]
        self.insert(*rows)

    def alert(self, number: int = 1, state: AlertState = AlertState.FIRING, **changes: Any) -> Alert:
        """Store and return an alert of oil."""
        fields: dict[str, Any] = {
            "id": f"{number:032x}",
            "topic": OIL,
            "state": state,
            "severity": Severity.CRITICAL,
            "window_start": NEWEST - timedelta(hours=1),
            "window_end": NEWEST,
            "observed": 14,
            "expected": 1.2,
            "expected_high": 3.0,
            "p_value": 1e-9,
            "negative_share": 0.9,
            "expected_share": 0.3,
            "method": "negative-binomial-seasonal",
            "opened_at": NEWEST - timedelta(minutes=10 + number),
            "fired_at": NEWEST - timedelta(minutes=10 + number),
            "resolved_at": NEWEST if state is AlertState.RESOLVED else None,
            "updated_at": NEWEST,
        }
        alert = Alert(**(fields | changes))
        self.store.alerts.write([alert])
        return alert

    def readings(self, series: str = OIL, observed: int = 14) -> None:
        """Store a day of detector readings of a series, one every five minutes, with `observed` in the last hour."""
        times = [NEWEST - timedelta(minutes=5 * step) for step in range(288)]
        self.store.detector.write_readings(
            [
                SeriesReading(
                    series=series,
                    kind=SeriesKind.TOPIC,
                    time=time,
                    window_minutes=60,
                    observed=observed if NEWEST - time < timedelta(hours=1) else 1,
                    total=20,
                    expected=1.2,
                    expected_low=0.0,
                    expected_high=3.0,
                    expected_share=0.3,
                    p_value=0.5,
                )
                for time in times
            ]
        )

    def report(self, age: timedelta = timedelta(), published: float = 1.2) -> None:
        """Store a report of a worker and of the detector, `age` old, about texts stored `published` seconds after publication."""
        at = datetime.now(UTC) - age
        sample = PipelineSample(
            at=at,
            worker="w1",
            seconds=10.0,
            stored=120,
            duplicates=3,
            rejected=1,
            reasons=("broken_json",),
            batches=4,
            largest_batch=64,
            retries=0,
            scoring_seconds=1.0,
            storing_seconds=0.3,
            published=Quantiles(published, published + 2.9, published + 3.8),
            collected=Quantiles(0.5, 1.0, 1.5),
            lag=7,
            model_version="test-1",
            device="cpu",
            device_memory=None,
        )
        self.store.pipeline.write_samples([sample])
        self.store.detector.write_run(
            DetectorRun(
                at=at, seconds=0.4, watermark=NEWEST, evaluated_until=NEWEST, ticks=1, fired=0, resolved=0, sent=0, waiting=0, error=""
            )
        )
