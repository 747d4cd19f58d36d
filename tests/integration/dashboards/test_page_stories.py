from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.records import AlertState
from tests.support.formed_stories import form_stories

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
RUN = "Harbor Union halts withdrawals after run on deposits"


@pytest.fixture
def told(world: Any, scored: Any) -> Any:
    """Three tellings of one story, another story, and a document that came after stories were formed."""
    world.insert(
        scored(RUN, age=30 * MINUTE),
        scored(f"UPDATE 1-{RUN}", age=20 * MINUTE),
        scored(f"{RUN}: sources", age=10 * MINUTE),
        scored("Quake hits the coast of Alpenland, no damage reported", age=15 * MINUTE),
        scored("Meridian Air grounds its fleet after an engine failure", age=MINUTE),
    )
    newest = world.store.documents.last_published_at()
    form_stories(world.store, newest)
    world.later()
    return world


def test_a_document_has_its_story_its_size_and_novelty_where_they_are_known(told: Any) -> None:
    with told.serving() as url:
        rows = httpx.get(url + "/api/documents").json()["documents"]
    assert [(row["title"][:12], row["story_size"], row["novelty"]) for row in rows] == [
        ("Meridian Air", None, None),
        ("Harbor Union", 3, 56),
        ("Quake hits t", 1, 100),
        ("UPDATE 1-Har", 3, 75),
        ("Harbor Union", 3, 100),
    ]
    assert rows[0]["story_id"] is None
    assert rows[1]["story_id"] == rows[3]["story_id"] == rows[4]["story_id"] == rows[4]["id"]


def test_the_documents_of_a_story_come_newest_first(told: Any) -> None:
    with told.serving() as url:
        first = httpx.get(url + "/api/documents").json()["documents"][-1]
        found = httpx.get(f"{url}/api/stories/{first['story_id']}").json()
        assert [row["title"] for row in found["documents"]] == [f"{RUN}: sources", f"UPDATE 1-{RUN}", RUN]
        assert {row["story_size"] for row in found["documents"]} == {3}
        assert found["next"] is None
        assert len(httpx.get(f"{url}/api/stories/{first['story_id']}?limit=2").json()["documents"]) == 2
        unknown = httpx.get(f"{url}/api/stories/{'0' * 32}")
        assert (unknown.status_code, "there is no story" in unknown.json()["detail"]) == (404, True)
        assert httpx.get(f"{url}/api/stories/x'; DROP").status_code == 422


def test_an_alert_lists_the_stored_stories_and_what_is_in_none_yet(told: Any, alert: Any) -> None:
    documents = told.store.documents.search()
    told.store.alerts.write([alert(1, AlertState.FIRING)])
    with told.serving() as url:
        found = httpx.get(f"{url}/api/alerts/{1:032x}").json()
    stories = found["drivers"]["stories"]
    assert [(row["documents"] + row["copies"], bool(row["story_id"])) for row in stories] == [(3, True), (1, True), (1, False)]
    assert stories[0]["story_id"] == documents[-1].id
    assert {row["story_size"] for row in found["documents"]} == {3, 1, None}


def test_the_event_stream_has_stories_too(told: Any) -> None:
    with told.serving() as url:
        schema = json.dumps(httpx.get(url + "/api/openapi.json").json()["components"]["schemas"]["DocumentView"])
    assert all(name in schema for name in ("story_id", "story_size", "novelty"))
