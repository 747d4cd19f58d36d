"""Severity and events in the page's API: gravest first, what happened in words, null where no model said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.records import EntityKind, Event, Mention, ScoredDocument

pytestmark = pytest.mark.slow
HOUR = timedelta(hours=1)


def graded(
    row: ScoredDocument, severity: float | None, *events: str, towards: float | None = None, happened: tuple[str, ...] | None = None
) -> ScoredDocument:
    """Return `row` with this severity and these events; it names Acme if `towards` is given, to which `happened`, if the model says so."""
    found = tuple(Event(name=name, probability=0.9) for name in events)
    row = row.model_copy(update={"severity": severity, "events": found, "catalogue_version": "c1"})
    if towards is None:
        return row
    place: dict[str, Any] = {"start": 0, "end": 4, "first": True, "relevance": 0.5, "p_negative": 0.8, "p_neutral": 0.1, "p_positive": 0.1}
    name: dict[str, Any] = {"entity": "company:acme", "kind": EntityKind.COMPANY, "name": "Acme"}
    to_it = None if happened is None else tuple(Event(name=name, probability=0.6) for name in happened)
    return row.model_copy(update={"mentions": (Mention(**name, **place, severity=towards, events=to_it),)})


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
        assert fire["entities"][0]["events"] == [{"name": "accident", "label": "accident or disaster"}]
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


def test_documents_of_a_company_are_listed_gravest_for_it_first_with_what_happened_to_it(world: Any, scored: Any) -> None:
    world.insert(
        graded(scored("Acme plant burns", age=2 * HOUR), 0.3, "accident", "strike", towards=0.9, happened=("accident", "own_event")),
        graded(scored("Acme plant burns", age=HOUR), 0.3, "accident", towards=0.8),
        graded(scored("Rival burns, Acme gains"), 0.9, "accident", towards=0.0, happened=()),
        graded(scored("Acme misses", age=3 * HOUR), 0.4, "results", towards=0.2),
        graded(scored("Acme collapses", age=30 * HOUR), 1.0, "insolvency", towards=1.0),
        scored("Somebody else fails"),
    )
    world.store.rollups.update()
    with world.serving() as url:
        path = url + "/api/entities/company:acme/documents"

        def gravest(**query: Any) -> dict[str, Any]:
            answer: dict[str, Any] = httpx.get(path, params={"order": "gravest", **query}).json()
            return answer

        day = gravest()
        assert day["next"] is None
        assert [(row["document"]["title"], row["severity_word"], row["document"]["copies"]) for row in day["documents"]] == [
            ("Acme plant burns", "ruin", 1),
            ("Acme misses", "setback", 0),
            ("Rival burns, Acme gains", "nothing adverse", 0),
        ]
        assert [row["events"] for row in day["documents"]] == [
            [{"name": "accident", "label": "accident or disaster"}, {"name": "own_event", "label": "own event"}],
            [{"name": "results", "label": "profit warning or bad results"}],
            [],
        ]
        assert [event["name"] for event in day["documents"][0]["document"]["events"]] == ["accident", "strike"]
        assert gravest(hours=168, limit=1)["documents"][0]["document"]["title"] == "Acme collapses"
        assert gravest(sentiment="positive")["documents"] == []
        newest = httpx.get(path, params={"hours": 1}).json()["documents"]
        assert [row["document"]["title"] for row in newest[:2]] == ["Rival burns, Acme gains", "Acme plant burns"]
        assert (len(newest), [event["name"] for event in newest[1]["events"]]) == (5, ["accident"])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"order": "gravest", "before": "2026-03-02T14:04:00Z"}, "before: the gravest documents come in one page"),
        ({"order": "gravest", "hours": 745}, "hours"),
        ({"order": "gravest", "hours": 0}, "hours"),
        ({"order": "saddest"}, "order"),
    ],
)
def test_a_wrong_question_for_documents_of_a_company_is_refused_and_named(world: Any, scored: Any, query: Any, said: str) -> None:
    world.insert(graded(scored("Acme plant burns"), 0.8, "accident", towards=0.9))
    world.store.rollups.update()
    with world.serving() as url:
        refused = httpx.get(url + "/api/entities/company:acme/documents", params=query)
        assert (refused.status_code, said in refused.json()["detail"]) == (422, True), refused.text
