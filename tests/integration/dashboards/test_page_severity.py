"""Severity and events in the page's API: gravest first, what happened in words, null where no model said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.records import EntityKind, Event, Mention, ScoredDocument

pytestmark = pytest.mark.slow
HOUR = timedelta(hours=1)


def graded(row: ScoredDocument, severity: float | None, *events: str, towards: float | None = None) -> ScoredDocument:
    """Return `row` with this severity and these events; it names Acme if `towards` is given."""
    found = tuple(Event(name=name, probability=0.9) for name in events)
    row = row.model_copy(update={"severity": severity, "events": found, "catalogue_version": "c1"})
    if towards is None:
        return row
    place: dict[str, Any] = {"start": 0, "end": 4, "first": True, "relevance": 0.5, "p_negative": 0.8, "p_neutral": 0.1, "p_positive": 0.1}
    name: dict[str, Any] = {"entity": "company:acme", "kind": EntityKind.COMPANY, "name": "Acme"}
    return row.model_copy(update={"mentions": (Mention(**name, **place, severity=towards),)})


def test_documents_are_listed_gravest_first_with_words_for_what_happened(world: Any, scored: Any) -> None:
    world.insert(
        graded(scored("Acme plant burns", age=HOUR), 0.8, "accident", towards=0.9),
        graded(scored("Acme strike", age=2 * HOUR), 0.5, "strike", "own_event"),
        scored("Not read for severity"),
        graded(scored("Old disaster", age=30 * HOUR), 1.0, "accident"),
    )
    with world.serving() as url:
        answer = httpx.get(url + "/api/documents", params={"order": "gravest"}).json()
        assert answer["next"] is None
        fire, strike = answer["documents"]
        assert (fire["title"], round(fire["severity"], 3), fire["severity_word"]) == ("Acme plant burns", 0.8, "grave")
        assert [event["label"] for event in fire["events"]] == ["accident or disaster"]
        assert (fire["entities"][0]["severity_word"], strike["severity_word"]) == ("ruin", "serious")
        assert [(event["name"], event["label"]) for event in strike["events"]][1] == ("own_event", "own event")
        week = httpx.get(url + "/api/documents", params={"order": "gravest", "hours": 168, "event": "accident"}).json()
        assert [row["title"] for row in week["documents"]] == ["Old disaster", "Acme plant burns"]
        newest = httpx.get(url + "/api/documents").json()["documents"]
        assert (newest[0]["severity"], newest[0]["severity_word"], newest[0]["events"]) == (None, None, [])
        assert [row["title"] for row in httpx.get(url + "/api/documents", params={"event": "strike"}).json()["documents"]] == [
            "Acme strike"
        ]
        refused = httpx.get(url + "/api/documents", params={"order": "gravest", "before": "2026-03-02T14:04:00Z"})
        assert (refused.status_code, "one page" in refused.json()["detail"]) == (422, True)


def test_topics_and_companies_say_how_grave_they_are(world: Any, scored: Any) -> None:
    world.insert(
        graded(scored("Acme plant burns", age=HOUR), 0.8, "accident", towards=1.0),
        graded(scored("Acme misses", topic="Earnings"), 0.2, towards=0.3),
        scored("Not read for severity", topic="IPO"),
    )
    world.store.rollups.update()
    with world.serving() as url:
        mood = httpx.get(url + "/api/mood").json()
        assert {topic: each["gravest_word"] for topic, each in zip(mood["topics"], mood["gravest"], strict=True)} == {
            "Markets": "grave",
            "Earnings": "setback",
            "IPO": None,
        }
        topics = {row["topic"]: row for row in httpx.get(url + "/api/overview").json()["window"]["topics"]}
        assert (topics["Markets"]["grave"], topics["IPO"]["gravest"]) == (1, None)
        [acme] = httpx.get(url + "/api/entities", params={"order": "gravest"}).json()["entities"]
        assert (acme["gravest"], acme["gravest_word"], acme["grave"], acme["mean_severity"]) == (1.0, "ruin", 1, pytest.approx(0.65))
        documents = httpx.get(url + "/api/entities/company:acme/documents").json()["documents"]
        assert {row["severity_word"] for row in documents} == {"ruin", "setback"}
        assert httpx.get(url + "/api/filters").json()["events"] == [{"name": "accident", "label": "accident or disaster"}]
