from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from squall.core.errors import StoreError, StoreUnavailableError
from tests.support.recording_store import RecordingStore

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert('ACME')</script>"


def test_an_empty_store_is_shown_as_empty(world: Any) -> None:
    with world.serving() as url:
        overview = httpx.get(url + "/api/overview").json()
        assert overview["totals"]["documents"] == 0
        assert overview["window"] is None
        assert overview["last_published_at"] is None
        assert httpx.get(url + "/api/documents").json() == {"documents": [], "next": None}
        assert httpx.get(url + "/api/alerts").json() == {"alerts": []}


def test_the_window_ends_with_the_newest_document_and_not_with_the_wall_clock(world: Any, scored: Any) -> None:
    world.insert(
        scored("Bank fails"),
        scored("Bank rises", "positive"),
        scored("Oil falls", topic="Energy | Oil", age=timedelta(hours=23, minutes=59)),
        scored("Two days ago", age=timedelta(days=2)),
    )
    with world.serving() as url:
        overview = httpx.get(url + "/api/overview").json()
    assert overview["totals"] | {"copies": 0} == {
        "documents": 4, "copies": 0, "negative": 3, "neutral": 0, "positive": 1, "unscored": 0, "dead_letters": 0
    }  # fmt: skip
    topics = {row["topic"]: row for row in overview["window"]["topics"]}
    assert set(topics) == {"Markets", "Energy | Oil"}
    assert (topics["Markets"]["negative"], topics["Markets"]["positive"], topics["Markets"]["total"]) == (1, 1, 2)
    assert topics["Markets"]["negative_share"] == 0.5
    assert overview["window"]["latency"]["documents"] == 3
    assert overview["last_published_at"] == "2026-03-02T14:05:00Z"


def test_new_documents_appear_without_a_restart(world: Any, scored: Any) -> None:
    with world.serving() as url:
        assert httpx.get(url + "/api/overview").json()["totals"]["documents"] == 0
        world.insert(scored("Bank fails"))
        assert httpx.get(url + "/api/overview").json()["totals"]["documents"] == 1


def test_a_hostile_headline_is_data(world: Any, scored: Any) -> None:
    world.insert(scored(HOSTILE, url="javascript:alert(1)"))
    with world.serving() as url:
        answer = httpx.get(url + "/api/documents")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["documents"][0]["title"] == HOSTILE


def test_a_long_text_is_cut_to_an_excerpt(world: Any, scored: Any) -> None:
    world.insert(scored("Title", text="word " * 1000))
    with world.serving() as url:
        assert len(httpx.get(url + "/api/documents").json()["documents"][0]["text"]) == 500


@pytest.mark.parametrize("error", [StoreUnavailableError("the server is away", "start it"), StoreError("no such table")])
def test_an_error_of_the_store_is_returned_by_every_route(world: Any, error: Exception) -> None:
    names = ["overview", "documents", "alerts", f"alerts/{1:032x}", "mood", "chart?series=Markets", "filters", "health", "silences"]
    paths = [f"/api/{name}" for name in names]
    with world.serving(RecordingStore(error=error)) as url:
        answers = [httpx.get(url + path) for path in paths]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(503, {"detail": str(error)})] * len(paths)


def test_health_is_whether_the_store_answers(world: Any) -> None:
    with world.serving() as url:
        assert httpx.get(url + "/healthz").json() == {"status": "ok"}
    with world.serving(RecordingStore(error=StoreUnavailableError("clickhouse at 10.0.0.7 is away"))) as url:
        answer = httpx.get(url + "/healthz")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/static/page.js", "/static/page.css", "/api/overview", "/healthz", "/nowhere", "/api/nothing", "/api/documents?limit=0"]
)
def test_every_answer_carries_the_strict_policy(world: Any, path: str) -> None:
    with world.serving() as url:
        answer = httpx.get(url + path)
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_an_unknown_path_of_the_api_is_an_error_that_names_it(world: Any) -> None:
    with world.serving() as url:
        answer = httpx.get(url + "/api/nothing")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no /api/nothing; /api/openapi.json lists the routes")


def test_files_outside_the_page_are_not_served(world: Any) -> None:
    paths = ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"]
    with world.serving() as url:
        assert [httpx.get(url + path).status_code for path in paths] == [404] * len(paths)
