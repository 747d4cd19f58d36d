"""A real embedded store, and a real page over it on a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings, WebSettings
from squall.core.records import SENTIMENTS, Alert, AlertState, Document, Kind, ScoredDocument, Severity
from squall.core.text import document_id, fingerprint
from squall.dashboards.page.server import PageServer
from squall.storage import Store
from tests.support.migrated_stores import open_migrated

NEWEST = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
POLL_SECONDS = 0.05


class World:
    """A store, a clock, methods that fill the store, and a page server over both."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NEWEST)

    def insert(self, *rows: ScoredDocument) -> None:
        """Store `rows` and let every shared answer grow old."""
        self.store.documents.insert(rows, token=rows[0].document.id)
        self.later()

    def later(self) -> None:
        self.clock.advance(3600)

    @contextmanager
    def serving(self, store: Any = None, detector: DetectorSettings | None = None, **settings: Any) -> Iterator[str]:
        """Serve the page on a free port; yields its address without the last slash."""
        web = WebSettings(**{"port": 0, **settings})
        page = PageServer(store or self.store, web, self.clock, detector, poll_seconds=POLL_SECONDS)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()

        def run(work: Any) -> None:
            asyncio.run_coroutine_threadsafe(work, loop).result(10)

        try:
            run(page.start())
            yield page.url.rstrip("/")
        finally:
            run(page.stop())
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_migrated(tmp_path / "chdb")
    yield World(store)
    store.close()


@pytest.fixture
def scored() -> Callable[..., ScoredDocument]:
    def make(
        title: str, sentiment: str = "negative", topic: str = "Markets", age: timedelta = timedelta(), **fields: Any
    ) -> ScoredDocument:
        fields = {"kind": Kind.NEWS, "source": "wire", "url": "https://wire.example/1", "symbols": ("ABC",), **fields}
        published = NEWEST - age
        document = Document(
            id=document_id("wire", f"{title} {published}"),
            title=title,
            published_at=published,
            collected_at=published + timedelta(seconds=1),
            **fields,
        )
        probabilities = {f"p_{name}": 0.8 if name == sentiment else 0.1 for name in SENTIMENTS}
        return ScoredDocument(
            document=document,
            topic=topic,
            topic_probability=0.9,
            fingerprint=fingerprint(title),
            model_version="test-1",
            scored_at=published + timedelta(seconds=2),
            **probabilities,
        )

    return make


@pytest.fixture
def alert() -> Callable[..., Alert]:
    def make(number: int, state: AlertState, document_ids: tuple[str, ...] = ()) -> Alert:
        return Alert(
            id=f"{number:032x}",
            topic="Markets",
            state=state,
            severity=Severity.CRITICAL,
            window_start=NEWEST - timedelta(hours=1),
            window_end=NEWEST,
            observed=42,
            expected=6.1,
            p_value=1e-12,
            negative_share=0.8,
            expected_share=0.3,
            method="count",
            document_ids=document_ids,
            opened_at=NEWEST - timedelta(minutes=number),
            fired_at=NEWEST - timedelta(minutes=number),
            resolved_at=NEWEST if state is AlertState.RESOLVED else None,
            updated_at=NEWEST,
        )

    return make
