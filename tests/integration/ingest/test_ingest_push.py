from __future__ import annotations

import threading
import time
from typing import Any

import orjson
import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import PushSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.ingest.push.source import PushSource
from tests.support.pushing import GOOD, NOW, pushing, token

pytestmark = pytest.mark.slow

SESAME = "open-sesame-open-sesame"


def test_one_document_and_a_batch_are_accepted_after_the_commit() -> None:
    with pushing() as (driver, client):
        answer = client.post("/documents", json=GOOD)
        assert answer.status_code == 202
        assert answer.json()["accepted"] == 1
        batch = client.post("/documents", json=[{**GOOD, "title": f"t{i}"} for i in range(3)])
        assert len(set(batch.json()["ids"])) == 3
        assert driver.titles == ["Bank fails", "t0", "t1", "t2"]
        again = client.post("/documents", json=[GOOD, {**GOOD, "title": "new"}, {**GOOD, "title": "new"}]).json()
        assert again["ids"][0] == answer.json()["ids"][0]
        assert again["results"] == ["duplicate", "published", "duplicate"], "as far as this process knows"
        assert (again["accepted"], again["duplicates"], again["rejected"]) == (1, 2, 0)
        assert client.post("/documents", json=[]).json() == {
            "accepted": 0,
            "duplicates": 0,
            "rejected": 0,
            "ids": [],
            "results": [],
            "errors": [],
        }


def test_lines_are_a_batch_too() -> None:
    with pushing() as (driver, client):
        lines = b'{"source": "d", "title": "a", "published_at": 1772460300}\n\n{"source": "d", "title": "b", "published_at": 1772460300}\n'
        assert client.post("/documents", content=lines, headers={"Content-Type": "application/x-ndjson"}).status_code == 202
        assert driver.titles == ["a", "b"]
        answer = client.post("/documents", content=b"{}\n{bad\n", headers={"Content-Type": "application/x-ndjson"})
        assert answer.status_code == 400
        assert "line 2" in answer.json()["detail"]["errors"][0]["message"]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"title": ""}, "text", "missing_field"),
        ({"source": None}, "source", "missing_field"),
        ({"published_at": None}, "published_at", "missing_field"),
        ({"published_at": "2026-03-02T14:05:00"}, "published_at", "invalid_field"),
        ({"published_at": "2027-03-02T14:05:00Z"}, "published_at", "invalid_field"),
        ({"text": 5}, "text", "invalid_field"),
        ({"symbols": {"a": 1}}, "symbols", "invalid_field"),
        ({"kind": "rumour"}, "kind", "invalid_field"),
    ],
)
def test_bad_input_is_rejected_with_index_and_field_and_costs_its_neighbours_nothing(
    change: dict[str, Any], field: str, reason: str
) -> None:
    with pushing() as (driver, client):
        answer = client.post("/documents", json=[{**GOOD, **change}, GOOD, 5])
        assert answer.status_code == 202
        told = answer.json()
        assert (told["accepted"], told["rejected"], told["results"]) == (1, 2, ["rejected", "published", "rejected"])
        assert [bool(one) for one in told["ids"]] == [False, True, False]
        first, second = told["errors"]
        assert (first["index"], first["field"], first["reason"]) == (0, field, reason)
        assert (second["index"], second["reason"]) == (2, "not_an_object")
        assert driver.titles == [GOOD["title"]]
        [batch] = driver.batches
        assert [item.rejection.reason for item in batch.items if item.rejection] == [reason, "not_an_object"], "dead letters"
        assert all(item.limited_by_source for item in batch.items if item.rejection), "a sender can't stop the others"


def test_a_request_without_any_document_is_refused_and_dead_lettered() -> None:
    deep = b'{"a": ' * 300 + b"1" + b"}" * 300
    with pushing() as (driver, client):
        answer = client.post("/documents", content=b"[5, " + deep + b"]", headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert [error["reason"] for error in answer.json()["detail"]["errors"]] == ["not_an_object", "missing_field"]
        assert [item.rejection.raw[:9] for batch in driver.batches for item in batch.items if item.rejection] == [b"5", b"{'a': {'a"]
        assert client.post("/documents", json=GOOD).status_code == 202


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "broken_json"), (b"{", "broken_json"), (b"[" * 100_000, "broken_json"), (b"\xff", "broken_encoding")],
)
def test_broken_json_is_refused(content: bytes, reason: str) -> None:
    with pushing() as (_, client):
        answer = client.post("/documents", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["detail"]["errors"][0]["reason"] == reason


def test_half_an_emoji_and_nan_in_one_document_refuse_nothing() -> None:
    odd = b'{"source": "desk", "title": "Up \\ud83d today", "author": NaN, "published_at": "2026-03-02T14:05:00Z"}'
    with pushing() as (driver, client):
        content = b"[" + odd + b"," + orjson.dumps(GOOD) + b"]"
        answer = client.post("/documents", content=content, headers={"Content-Type": "application/json"})
        assert answer.json()["accepted"] == 2
        assert driver.titles == ["Up today", GOOD["title"]]


def test_a_form_or_a_web_page_can_not_post() -> None:
    with pushing() as (_, client):
        assert client.post("/documents", data={"a": "b"}).status_code == 415
        assert client.post("/documents", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
        assert client.get("/documents").status_code == 405


def test_a_body_over_the_limit_is_413_announced_or_chunked() -> None:
    with pushing(max_body_bytes=1000) as (driver, client):
        json = {"Content-Type": "application/json"}
        assert client.post("/documents", content=b" " * 1001, headers=json).status_code == 413
        assert client.post("/documents", content=iter([b" " * 600, b" " * 600]), headers=json).status_code == 413
        assert client.post("/documents", json=GOOD).status_code == 202
        assert driver.titles == ["Bank fails"]


def test_the_token_is_needed_and_compared_whole() -> None:
    with pushing(tokens=(token("desk", "*", value=SESAME),)) as (_driver, client):
        for given in (
            "",
            f"Bearer {SESAME[:-1]}",
            f"Bearer {SESAME}2",
            f"Basic {SESAME}",
            "Bearer",
            SESAME,
            "Bearer \u00e9".encode("latin-1"),
        ):
            refused = client.post("/documents", json=GOOD, headers={"Authorization": given})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert client.post("/documents", json=GOOD).status_code == 401
        assert client.post("/documents", json=GOOD, headers={"Authorization": f"Bearer {SESAME}"}).status_code == 202
        assert client.get("/healthz").status_code == 200


def test_back_pressure_is_429_until_room_is_made() -> None:
    with pushing(max_pending=3, ack_timeout_seconds=10) as (driver, client):
        driver.running.clear()
        answers: list[int] = []
        post = threading.Thread(target=lambda: answers.append(client.post("/documents", json=[GOOD] * 2).status_code))
        post.start()
        while client.get("/healthz").json()["pending"] < 2:
            time.sleep(0.01)
        full = client.post("/documents", json=[GOOD] * 2)
        assert (full.status_code, full.headers["retry-after"]) == (429, "1")
        assert client.post("/documents", json=[GOOD] * 4).status_code == 413
        driver.running.set()
        post.join(10)
        assert answers == [202]
        assert client.post("/documents", json=[GOOD] * 2).status_code == 202


def test_what_is_not_acknowledged_in_time_is_503_and_frees_its_room_once_safe() -> None:
    with pushing(max_pending=2, ack_timeout_seconds=0.3) as (driver, client):
        driver.running.clear()
        late = client.post("/documents", json=[GOOD] * 2)
        assert late.status_code == 503
        assert client.post("/documents", json=GOOD).status_code == 429
        driver.running.set()
        while client.get("/healthz").json()["pending"]:
            time.sleep(0.01)
        assert client.post("/documents", json=GOOD).status_code == 202


def test_a_known_outage_is_503_at_once() -> None:
    with pushing() as (driver, client):
        driver.source.report_outage(BrokerUnavailableError("Kafka is away"))
        answer = client.post("/documents", json=GOOD)
        assert answer.status_code == 503
        assert "Kafka is away" in answer.json()["detail"]
        assert client.get("/healthz").json()["accepting"] is False
        driver.source.report_outage(None)
        assert client.post("/documents", json=GOOD).status_code == 202


def test_stopping_answers_those_who_wait_and_ends_soon() -> None:
    answers: list[int] = []
    with pushing(ack_timeout_seconds=60) as (driver, client):
        driver.running.clear()
        post = threading.Thread(target=lambda: answers.append(client.post("/documents", json=GOOD).status_code))
        post.start()
        while not driver.batches:
            time.sleep(0.01)
        began = time.monotonic()
        driver.stop.set()
        driver.thread.join(10)
        driver.source.close()
        post.join(10)
        assert answers == [503]
        assert time.monotonic() - began < 5


def test_an_open_address_without_a_token_and_a_taken_port_are_configuration_errors() -> None:
    with pytest.raises(ConfigurationError, match="TOKEN"):
        PushSource(PushSettings(host="0.0.0.0"), ManualClock(NOW))
    PushSource(PushSettings(host="0.0.0.0", tokens=(token("desk", "*"),)), ManualClock(NOW))
    with pushing() as (driver, _), pytest.raises(ConfigurationError, match="can't listen"):
        PushSource(PushSettings(port=driver.source.port), ManualClock(NOW)).start()
