from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from squall.alerts.notification.silences import active_silences, is_silenced
from squall.core.config.settings import DetectorSettings
from squall.core.records import AlertState, EntityKind, Mention, SeriesKind
from tests.integration.dashboards.conftest import NEWEST
from tests.support.recording_store import RecordingStore

pytestmark = pytest.mark.slow

SILENCE = {"matchers": ["topic=Mark*", "severity = 'critical'"], "minutes": 120, "author": "ann", "reason": "known"}
ACK = {"author": "ann", "note": "looking into it"}
ONE = f"{1:032x}"
NEARLY = timedelta(minutes=10)


def test_alerts_are_listed_by_state_and_shown_with_the_documents_behind_them(world: Any, scored: Any, alert: Any) -> None:
    row = scored("Bank fails")
    world.insert(row)
    world.store.alerts.write([alert(1, AlertState.FIRING, (row.document.id, "f" * 32)), alert(2, AlertState.RESOLVED)])
    with world.serving() as url:

        def states(query: str) -> list[str]:
            return [found["state"] for found in httpx.get(f"{url}/api/alerts{query}").json()["alerts"]]

        assert states("") == ["firing", "resolved"]
        assert states("?state=firing") == ["firing"]
        assert states("?state=firing&state=resolved&limit=1") == ["firing"]
        assert httpx.get(url + "/api/alerts?state=asleep").status_code == 422
        found = httpx.get(f"{url}/api/alerts/{ONE}").json()
        assert found["alert"]["observed"] == 42
        assert found["alert"]["acknowledged"] is None
        assert 3 <= len(found["explanation"]) <= 6
        assert found["explanation"][0].startswith("42 negative documents were published in the 60 minutes 2026-03-02 13:05 to 14:05 UTC")
        assert [document["title"] for document in found["documents"]] == ["Bank fails"]
        assert httpx.get(f"{url}/api/alerts/{9:032x}").status_code == 404
        assert httpx.get(f"{url}/api/alerts/nonsense").status_code == 422


def test_an_alert_that_names_no_documents_shows_those_of_its_window(world: Any, scored: Any, alert: Any) -> None:
    world.insert(scored("In no window"), scored("Bank fails", age=NEARLY), scored("Bank rises", "positive", age=NEARLY))
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        assert [row["title"] for row in httpx.get(f"{url}/api/alerts/{ONE}").json()["documents"]] == ["Bank fails"]


def test_the_documents_behind_an_alert_are_queried_once_however_often_it_is_shown_and_acknowledged(
    world: Any, scored: Any, alert: Any
) -> None:
    row = scored("Bank fails", age=NEARLY)
    world.insert(row)
    world.store.alerts.write([alert(1, AlertState.FIRING, (row.document.id,))])
    store = RecordingStore(world.store)
    with world.serving(store) as url:
        for author in ("ann", "bob"):
            assert [found["title"] for found in httpx.get(f"{url}/api/alerts/{ONE}").json()["documents"]] == ["Bank fails"]
            httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json={**ACK, "author": author})
            world.clock.advance(5)
        shown = httpx.get(f"{url}/api/alerts/{ONE}").json()
    assert shown["alert"]["acknowledged"]["author"] == "bob"
    assert sum(call.startswith("documents.") for call in store.calls) == 1, store.calls
    assert set(shown) == {"alert", "explanation", "times", "drivers", "documents", "notifications"}


def test_an_acknowledgement_is_seen_at_once_and_the_last_word_counts(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["acknowledged"] is None
        answer = httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json=ACK)
        assert answer.status_code == 200
        assert answer.json()["acknowledged"] | {"at": ""} == {**ACK, "at": ""}
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["acknowledged"]["note"] == "looking into it"
        world.clock.advance(1)
        httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json={"author": "bob"})
        assert httpx.get(f"{url}/api/alerts/{ONE}").json()["alert"]["acknowledged"]["author"] == "bob"
        assert httpx.post(f"{url}/api/alerts/{9:032x}/acknowledgement", json=ACK).status_code == 404
    assert [row.author for row in world.store.acknowledgements.of([ONE])] == ["bob"]


def test_a_silence_is_seen_at_once_is_honoured_and_can_be_ended(world: Any, alert: Any) -> None:
    firing = alert(1, AlertState.FIRING)
    world.store.alerts.write([firing])
    with world.serving() as url:
        assert httpx.get(url + "/api/silences").json() == {"silences": []}
        answer = httpx.post(url + "/api/silences", json=SILENCE)
        assert answer.status_code == 201
        made = answer.json()
        assert made["matchers"] == ["topic=Mark*", "severity=critical"]
        (listed,) = httpx.get(url + "/api/silences").json()["silences"]
        assert (listed["id"], listed["author"], listed["reason"]) == (made["id"], "ann", "known")
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"] == listed["ends_at"]
        assert is_silenced(firing, active_silences(world.store.silences.all(), world.clock.now()))
        json = {"Content-Type": "application/json"}
        world.clock.advance(60)
        assert httpx.delete(f"{url}/api/silences/{made['id']}", headers=json).status_code == 200
        assert httpx.get(url + "/api/silences").json() == {"silences": []}
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"] is None
        assert httpx.delete(f"{url}/api/silences/{made['id']}", headers=json).status_code == 404
        assert httpx.delete(f"{url}/api/silences/{9:032x}", headers=json).status_code == 404
    assert not is_silenced(firing, active_silences(world.store.silences.all(), world.clock.now()))


def test_a_silence_ends_by_itself_and_means_only_what_matches(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        httpx.post(url + "/api/silences", json={**SILENCE, "matchers": ["topic=Energy*"]})
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"] is None
        httpx.post(url + "/api/silences", json={**SILENCE, "minutes": 5})
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"]
        world.clock.advance(300)
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"] is None
        assert len(httpx.get(url + "/api/silences").json()["silences"]) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matchers": ["Energy*"]}, "'Energy*' is not a matcher"),
        ({"matchers": ["colour=red"]}, "alerts have no label 'colour'"),
        ({"matchers": []}, "body.matchers"),
        ({"matchers": ["topic=~(a"]}, "regular expression is not valid"),
        ({"minutes": None}, "give either minutes or ends_at"),
        ({"ends_at": "2026-03-02T20:00Z"}, "give either minutes or ends_at"),
        ({"minutes": None, "ends_at": "2026-03-02T13:00Z"}, "is over already"),
        ({"minutes": None, "ends_at": "2026-03-02T20:00Z", "starts_at": "2026-03-02T21:00Z"}, "is before its start"),
        ({"starts_at": "soon"}, "body.starts_at"),
        ({"starts_at": "2026-03-02T14:00"}, "body.starts_at"),
        ({"minutes": 0}, "body.minutes"),
        ({"minutes": 527_041}, "body.minutes"),
        ({"author": " \u0000 "}, "body.author"),
        ({"reason": ""}, "body.reason"),
        ({"colour": "red"}, "body.colour"),
    ],
)
def test_an_invalid_silence_is_refused_with_the_reason(world: Any, change: dict[str, Any], words: str) -> None:
    with world.serving() as url:
        answer = httpx.post(url + "/api/silences", json={**SILENCE, **change})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert world.store.silences.all() == []


def test_a_silence_may_start_later_is_extended_and_a_planned_one_can_be_cancelled(world: Any, alert: Any) -> None:
    firing = alert(1, AlertState.FIRING)
    world.store.alerts.write([firing])
    json = {"Content-Type": "application/json"}
    start = NEWEST + timedelta(hours=2)

    def muted() -> bool:
        return is_silenced(firing, active_silences(world.store.silences.all(), world.clock.now()))

    with world.serving() as url:
        made = httpx.post(url + "/api/silences", json={**SILENCE, "starts_at": start.isoformat()}).json()
        span = [datetime.fromisoformat(made[key]) for key in ("starts_at", "ends_at")]
        assert span == [start, start + timedelta(hours=2)]
        assert httpx.get(url + "/api/alerts").json()["alerts"][0]["silenced_until"] is None
        assert not muted()
        answer = httpx.patch(f"{url}/api/silences/{made['id']}", json={"minutes": 30})
        assert datetime.fromisoformat(answer.json()["ends_at"]) == span[1] + timedelta(minutes=30)
        world.clock.advance(2 * 3600)
        assert muted()
        until = (span[1] + timedelta(days=1)).isoformat()
        assert httpx.patch(f"{url}/api/silences/{made['id']}", json={"ends_at": until}).status_code == 200
        assert httpx.patch(f"{url}/api/silences/{made['id']}", json={"ends_at": NEWEST.isoformat()}).status_code == 422
        assert httpx.patch(f"{url}/api/silences/{9:032x}", json={"minutes": 30}).status_code == 404
        world.clock.advance(20 * 3600)
        assert muted()
        planned = httpx.post(url + "/api/silences", json={**SILENCE, "starts_at": (start + timedelta(days=3)).isoformat()}).json()
        assert httpx.delete(f"{url}/api/silences/{planned['id']}", headers=json).status_code == 200
        assert [row["id"] for row in httpx.get(url + "/api/silences").json()["silences"]] == [made["id"]]


def test_a_preview_says_what_a_silence_would_match_and_stores_nothing(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING), alert(2, AlertState.RESOLVED)])
    with world.serving() as url:

        def preview(*matchers: str) -> dict[str, Any]:
            answer = httpx.get(url + "/api/silences/preview", params={"matcher": list(matchers)})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        found = preview("topic=~mark.*", "severity!=warning")
        assert ([row["id"] for row in found["open"]], [row["id"] for row in found["past"]]) == ([ONE], [f"{2:032x}"])
        assert (found["tried"], found["open"][0]["topic"]) == (2, "Markets")
        nothing = preview("topic=Makrets")
        assert nothing["open"] == nothing["past"] == []
        assert nothing["matchers"][0]["nearest"][0] == "Markets"
        refused = httpx.get(url + "/api/silences/preview", params={"matcher": "topic=~(a"})
        assert refused.status_code == 422
        assert "regular expression" in refused.json()["detail"]
        assert httpx.get(url + "/api/silences/preview").status_code == 422
    assert world.store.silences.all() == []


def test_alerts_are_found_by_topic_time_and_the_names_that_their_documents_name(world: Any, scored: Any, alert: Any) -> None:
    named = scored("Harbor Union halts withdrawals", age=NEARLY)
    harbor = Mention(
        entity="company:harbor-union", kind=EntityKind.COMPANY, name="Harbor Union", symbols=("HBU",), start=0, end=12, first=True,
        relevance=0.9, p_negative=0.8, p_neutral=0.1, p_positive=0.1,
    )  # fmt: skip
    other = scored("Markets fall", age=NEARLY)
    world.insert(named.model_copy(update={"mentions": (harbor,)}), other)
    symbol = {"topic": "$XOM", "kind": SeriesKind.SYMBOL, "opened_at": NEWEST - timedelta(days=9)}
    world.store.alerts.write(
        [
            alert(1, AlertState.FIRING, (named.document.id,)),
            alert(2, AlertState.RESOLVED, (other.document.id,)),
            alert(3, AlertState.FIRING).model_copy(update=symbol),
        ]
    )
    with world.serving() as url:

        def found(**query: Any) -> list[int]:
            answer = httpx.get(url + "/api/alerts", params=query)
            assert answer.status_code == 200, answer.text
            return sorted(int(row["id"], 16) for row in answer.json()["alerts"])

        assert found() == [1, 2, 3]
        for name in ("harbor union", "HARBOR", "harb*", "$hbu", "HBU", "company:harbor-union"):
            assert found(name=name) == [1], name
        assert found(name="arbor") == found(name="harbor bank") == []
        assert found(name=["xom", "harbor"]) == [1, 3]
        assert found(topic="mark*") == [1, 2]
        assert found(topic=["mark*", "$x*"], state="firing") == [1, 3]
        assert found(topic="mark*", state="firing", name="harbor", since="2026-03-01T00:00:00Z") == [1]
        assert found(since=(NEWEST - timedelta(days=10)).isoformat()) == [1, 2, 3]
        assert found(since=(NEWEST - timedelta(days=8)).isoformat()) == [1, 2]
        assert httpx.get(url + "/api/alerts", params={"topic": "x" * 501}).status_code == 422
        assert httpx.get(url + "/api/alerts", params={"topic": " "}).status_code == 422
        assert httpx.get(url + "/api/alerts", params={"since": "yesterday"}).status_code == 422


def test_notes_are_stored_as_plain_text(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    hostile = "<script>alert('x')</script> \\ \t' OR 1=1 --"
    with world.serving() as url:
        httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json={"author": "O'Neil", "note": hostile})
        said = httpx.get(url + "/api/alerts").json()["alerts"][0]["acknowledged"]
    assert (said["author"], said["note"]) == ("O'Neil", hostile)


CHANGES = [
    ("POST", f"/api/alerts/{ONE}/acknowledgement", ACK),
    ("POST", "/api/silences", SILENCE),
    ("PATCH", f"/api/silences/{ONE}", {"minutes": 60}),
    ("DELETE", f"/api/silences/{ONE}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "ftp://{host}"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_changes_nothing(world: Any, alert: Any, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        sent = {name: value.format(host=url.removeprefix("http://")) for name, value in headers.items()}
        answer = httpx.request(method, url + path, json=body or {}, headers=sent)
    assert answer.status_code == 403
    assert "another site" in answer.json()["detail"]
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert world.store.silences.all() == world.store.acknowledgements.of([ONE]) == []


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"])
def test_what_a_form_can_send_changes_nothing(world: Any, alert: Any, method: str, path: str, body: Any, kind: str) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        answer = httpx.request(method, url + path, content=str(body or ""), headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert world.store.silences.all() == world.store.acknowledgements.of([ONE]) == []


def test_of_two_origins_none_is_believed(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        own = [("Origin", url), ("Origin", "https://evil.example")]
        for headers in (own, own[::-1]):
            assert httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json=ACK, headers=headers).status_code == 403


def test_the_page_itself_may_change_things_by_whatever_name_it_was_opened(world: Any, alert: Any) -> None:
    world.store.alerts.write([alert(1, AlertState.FIRING)])
    with world.serving() as url:
        for name in ("127.0.0.1", "localhost"):
            own = url.replace("127.0.0.1", name)
            headers = {"Host": own.removeprefix("http://"), "Origin": own, "Sec-Fetch-Site": "same-origin"}
            assert httpx.post(f"{url}/api/alerts/{ONE}/acknowledgement", json=ACK, headers=headers).status_code == 200


def test_a_preflight_of_another_site_is_not_answered(world: Any) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    with world.serving() as url:
        answer = httpx.options(url + "/api/silences", headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("body", [b"{" * 70_000, b"not json", b"[1]", b""])
def test_a_body_that_is_too_large_or_no_object_is_refused(world: Any, body: bytes) -> None:
    with world.serving() as url:
        answer = httpx.post(url + "/api/silences", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == (413 if len(body) > 65_536 else 422)


def test_a_sector_alert_shows_documents_of_its_symbols(world: Any, scored: Any, alert: Any) -> None:
    world.insert(scored("Bank fails", symbols=("XYZ",), age=NEARLY), scored("Other", symbols=("ABC",), age=NEARLY))
    sector = alert(1, AlertState.FIRING).model_copy(update={"topic": "Sector: Banks", "kind": SeriesKind.SECTOR})
    world.store.alerts.write([sector])
    with world.serving(detector=DetectorSettings(sectors={"Banks": ("XYZ",)})) as url:
        assert [row["title"] for row in httpx.get(f"{url}/api/alerts/{ONE}").json()["documents"]] == ["Bank fails"]
