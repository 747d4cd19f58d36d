"""A store from before mentions, migrated and read by `squall entities backfill`, counts as one that was scored anew."""

from __future__ import annotations

import shutil
import threading
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from squall import storage
from squall.app.pipeline import open_pipeline
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.items import Fate, Item, Origin
from squall.core.records import Document, Kind
from squall.core.text import document_id
from squall.storage import Store
from squall.storage.schema import migrate as migrations
from squall.stream.document_scoring import DocumentScorer
from tests.support.old_tables import DOCUMENTS_BEFORE_SEVERITY
from tests.support.squall_process import SquallProcess

pytestmark = pytest.mark.slow

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
SPAN = (START - timedelta(hours=1), START + timedelta(days=1))
TITLES = (
    "Volkswagen shares plunge after emissions scandal",
    "Quiet day in the markets",
    "Apple beats estimates while Goldman Sachs cuts Valeant to sell",
    "UPDATE 1-Volkswagen shares plunge after emissions scandal",
    "Apple recalls laptops in Germany, says Apple",
    "Volkswagen and Apple rise",
)


def documents() -> list[Document]:
    """Return thirty documents, several of a minute, over six hours; each second title of Volkswagen is a copy."""
    return [
        Document(
            id=document_id("old", str(number)),
            kind=Kind.NEWS,
            source="old",
            title=f"{TITLES[number % len(TITLES)]}{'' if number < len(TITLES) else f' in week {number // len(TITLES)} of the year'}",
            published_at=START + timedelta(minutes=number // 3 * 40, seconds=number % 3),
            collected_at=START + timedelta(minutes=number // 3 * 40, seconds=number % 3 + 1),
        )
        for number in range(30)
    ]


def counted(store: Store) -> dict[str, list[Any]]:
    """Return by entity its minutes: time, documents by tone, mean tone, mean relevance."""
    names = [row.entity for row in store.entities.top(*SPAN, limit=100)]
    return {name: [astuple(row) for row in store.entities.series(name, *SPAN, step=timedelta(minutes=1))] for name in sorted(names)}


def test_an_old_store_that_is_migrated_and_filled_counts_by_the_minute_as_one_scored_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SQUALL_MODEL__THREADS", "1")
    monkeypatch.setenv("SQUALL_STORE__URL", f"chdb://{tmp_path / 'new'}?max_threads=1")
    found = documents()
    with open_pipeline(load_settings(), SystemClock(), threading.Event()) as pipeline:
        items = [Item(Origin("old", 0, number), document=document) for number, document in enumerate(found)]
        assert {outcome.fate for outcome in pipeline.processor.process(items)} == {Fate.STORED}
        pipeline.store.rollups.update()
        anew = counted(pipeline.store)
        nameless = DocumentScorer(pipeline.engine, SystemClock()).score(found).rows

    before = tmp_path / "migrations"
    before.mkdir()
    for file in sorted(migrations.FOLDER.glob("*.sql"))[:5]:
        shutil.copy(file, before)
    url = f"chdb://{tmp_path / 'old'}?max_threads=1"
    store = storage.open(url)
    try:
        migrations.migrate(store._backend, SystemClock(), before)
        store._backend.insert(DOCUMENTS_BEFORE_SEVERITY.block(nameless, {}), "old")
    finally:
        store.close()
    process = SquallProcess(tmp_path / "log", "entities", "backfill", STORE__URL=url, DATA_DIR=str(tmp_path), MODEL__THREADS="1")
    assert process.process.wait(300) == 0, process.output()

    store = storage.open(url)
    try:
        filled = counted(store)
    finally:
        store.close()
    assert {"company:volkswagen-ag", "company:apple-inc"} <= set(anew)
    assert filled.keys() == anew.keys()
    for entity, minutes in anew.items():
        assert [minute[:4] for minute in filled[entity]] == [minute[:4] for minute in minutes], entity
        for ours, theirs in zip(filled[entity], minutes, strict=True):
            assert ours[4:] == pytest.approx(theirs[4:], abs=1e-3)
