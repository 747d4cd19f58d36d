"""From text to stored and printed names, through the real model and the shipped catalogue."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from squall.app.pipeline import open_pipeline
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.items import Fate, Item, Origin
from squall.core.records import Document, Kind
from squall.core.text import document_id

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
FIELDS = {"name", "entity", "symbols", "start", "end", "relevance", "p_negative", "p_neutral", "p_positive", "severity", "events"}


def items(titles: list[str]) -> list[Item]:
    return [
        Item(
            Origin("test", 0, number),
            document=Document(
                id=document_id("test", str(number)),
                kind=Kind.NEWS,
                source="test",
                title=title,
                published_at=NOW + timedelta(seconds=number),
                collected_at=NOW + timedelta(seconds=number + 1),
            ),
        )
        for number, title in enumerate(titles)
    ]


def test_the_pipeline_stores_and_counts_whom_documents_are_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_STORE__URL", f"chdb://{tmp_path / 'chdb'}?max_threads=1")
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path))
    batch = items(["Volkswagen shares plunge after emissions scandal", "Volkswagen recalls cars in Germany", "Quiet day in the markets"])
    with open_pipeline(load_settings(), SystemClock(), threading.Event()) as pipeline:
        assert [outcome.fate for outcome in pipeline.processor.process(batch)] == [Fate.STORED] * 3
        assert [outcome.fate for outcome in pipeline.processor.process(batch)] == [Fate.DUPLICATE] * 3
        pipeline.store.rollups.update()
        counts = {row.entity: row for row in pipeline.store.entities.top(NOW - timedelta(hours=1), NOW + timedelta(hours=1))}
        assert counts["company:volkswagen-ag"].documents == 2
        assert counts["company:volkswagen-ag"].name == "Volkswagen"
        found = pipeline.store.mentions.documents("company:volkswagen-ag", NOW - timedelta(hours=1), NOW + timedelta(hours=1))
        assert [each.document.id for each in found] == [batch[1].document.id, batch[0].document.id]  # type: ignore[union-attr]
        assert [each.document.content[each.mention.start : each.mention.end] for each in found] == ["Volkswagen"] * 2
        assert (
            pipeline.store.mentions.unread(
                NOW - timedelta(hours=1),
                NOW + timedelta(hours=1),
                model_version=pipeline.engine.model_version,
                catalogue_version=found[0].mention.catalogue_version,
                limit=10,
            )
            == []
        )


def test_model_score_prints_entities_and_the_tone_towards_names_that_come_with_a_line() -> None:
    lines = [
        "Apple beats estimates",
        json.dumps({"id": 2, "text": "Royal Mail shares plunge as VW rises", "entities": ["Royal Mail", "Nobody AG", "Volkswagen"]}),
        json.dumps({"id": 3, "text": "Apple beats estimates", "entities": "Apple"}),
        json.dumps({"id": 4, "text": "Apple beats estimates", "entities": ["?!"]}),
        json.dumps({"id": 5, "text": "Quiet day", "entities": []}),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "squall", "model", "score", "--json"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    apple, royal, wrong, nameless, none = map(json.loads, done.stdout.splitlines())
    [found] = apple["entities"]
    assert set(found) == FIELDS
    assert (found["name"], found["entity"], found["start"], found["end"]) == ("Apple", "company:apple-inc", 0, 5)
    assert "AAPL" in found["symbols"]
    assert found["p_negative"] + found["p_neutral"] + found["p_positive"] == pytest.approx(1, abs=1e-5)
    named, missing, alias = royal["entities"]
    assert [each["name"] for each in (named, missing, alias)] == ["Royal Mail", "Nobody AG", "Volkswagen"]
    assert (named["start"], named["end"], alias["start"], alias["end"]) == (0, 10, 28, 30)
    assert (missing["start"], missing["end"], missing["relevance"]) == (None, None, 0.0)
    assert missing["p_negative"] == pytest.approx(royal["p_negative"], abs=1e-5)
    assert (wrong["line"], wrong["error"]) == (3, "field entities is not a list of names")
    assert (nameless["id"], nameless["line"]) == (4, 4)
    assert "is no name" in nameless["error"]
    assert none["entities"] == []
