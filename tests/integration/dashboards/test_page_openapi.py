from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from squall.core.records import AlertState
from squall.dashboards.page.app import STATIC
from tests.integration.dashboards.conftest import NEWEST
from tests.integration.storage.mention_samples import mention
from tests.support.event_stream import listening
from tests.support.formed_stories import form_stories

pytestmark = pytest.mark.slow

ONE = f"{1:032x}"
VALUES = {"alert_id": ONE, "story_id": ONE, "document_id": ONE, "series": "Markets", "entity": "company:bank", "matcher": "topic=Mark*"}
ROUTES = {
    ("get", "/healthz"),
    ("get", "/api/overview"),
    ("get", "/api/documents"),
    ("get", "/api/documents/{document_id}/versions"),
    ("get", "/api/stories/{story_id}"),
    ("get", "/api/mood"),
    ("get", "/api/chart"),
    ("get", "/api/filters"),
    ("get", "/api/entities"),
    ("get", "/api/entities/{entity}"),
    ("get", "/api/entities/{entity}/documents"),
    ("get", "/api/alerts"),
    ("get", "/api/alerts/{alert_id}"),
    ("post", "/api/alerts/{alert_id}/acknowledgement"),
    ("get", "/api/silences"),
    ("get", "/api/silences/preview"),
    ("post", "/api/silences"),
    ("patch", "/api/silences/{silence_id}"),
    ("delete", "/api/silences/{silence_id}"),
    ("get", "/api/health"),
    ("get", "/api/store"),
    ("get", "/api/events"),
}


def validate(document: dict[str, Any], path: str, method: str, status: int, answer: Any) -> None:
    reference = f"#/paths/{path.replace('/', '~1')}/{method}/responses/{status}/content/application~1json/schema"
    schema = {"$ref": reference, "paths": document["paths"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer)


def test_every_route_is_described_and_no_other(world: Any) -> None:
    with world.serving() as url:
        document = httpx.get(url + "/api/openapi.json").json()
    assert {(method, path) for path, operations in document["paths"].items() for method in operations} == ROUTES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            assert operation["responses"]["422"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorView"}


def test_whatever_the_page_asks_for_is_described(world: Any) -> None:
    with world.serving() as url:
        paths = httpx.get(url + "/api/openapi.json").json()["paths"]
    scripts = "\n".join(Path(script).read_text(encoding="utf-8") for script in STATIC.glob("*.js"))
    described = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "/?") for path in (*paths, "/api/openapi.json")]
    asked = {re.sub(r"\$\{[^}]*\}", "x", found) for found in re.findall(r"""["'`](/api/[^"'`?\s]*)""", scripts)}
    assert asked
    assert {path for path in asked if not any(pattern.fullmatch(path) or pattern.fullmatch(path + "x") for pattern in described)} == set()


def test_what_every_get_route_answers_is_as_described(world: Any, scored: Any, alert: Any) -> None:
    world.insert(scored("Bank fails").model_copy(update={"mentions": (mention("company:bank"),)}), scored("Bank rises", "positive"))
    world.store.rollups.update()
    form_stories(world.store, NEWEST + timedelta(minutes=1))
    [story, *_] = world.store.stories.of(world.store.documents.search()).values()
    values = VALUES | {"story_id": story.story_id, "document_id": story.story_id}
    world.store.alerts.write([alert(1, AlertState.FIRING), alert(2, AlertState.RESOLVED)])
    with world.serving() as url:
        for path, body in ((f"/api/alerts/{ONE}/acknowledgement", {"author": "ann"}), ("/api/silences", SILENCE)):
            httpx.post(url + path, json=body).raise_for_status()
        document = httpx.get(url + "/api/openapi.json").json()
        walked = 0
        for path, operations in document["paths"].items():
            if "get" in operations and path != "/api/events":
                needed = [row["name"] for row in operations["get"].get("parameters", []) if row["required"] and row["in"] == "query"]
                answer = httpx.get(url + path.format(**values), params={name: values[name] for name in needed})
                assert answer.status_code == 200, (path, answer.text)
                validate(document, path, "get", 200, answer.json())
                walked += 1
        assert walked == 17
        validate(document, "/api/documents", "get", 422, httpx.get(url + "/api/documents?limit=0").json())
        validate(document, "/api/chart", "get", 404, httpx.get(url + "/api/chart?series=Nope").json())


SILENCE = {"matchers": ["topic=Markets"], "minutes": 60, "author": "ann", "reason": "known"}


def test_the_stream_is_described_with_every_event_it_sends(world: Any, scored: Any) -> None:
    with world.serving() as url, listening(url) as stream:
        described = httpx.get(url + "/api/openapi.json").json()["paths"]["/api/events"]["get"]
        stream.wait_for("hello")
        world.insert(scored("Bank fails"))
        sent = {"hello", stream.wait_for("documents").name, stream.wait_for("health").name}
    assert list(described["responses"]["200"]["content"]) == ["text/event-stream"]
    others = {"alerts", "mood", "expired", "store_unavailable"}
    assert sent | others == set(re.findall(r"^- `(\w+)`", described["description"], re.MULTILINE))
    assert {row["name"] for row in described["parameters"]} == {"cursor", "Last-Event-ID"}


def test_every_route_needs_the_token_but_the_one_for_probes(world: Any) -> None:
    with world.serving(token=SecretStr("long")) as url:
        answers = {
            (method, path): httpx.request(method, url + path.format(**VALUES, silence_id=ONE), json={}).status_code
            for method, path in ROUTES
        }
    assert answers.pop(("get", "/healthz")) == 200
    assert set(answers.values()) == {401}
