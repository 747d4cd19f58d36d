"""Tokens of the push endpoint: which documents each may send, and how they are replaced."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from squall.app.signals import reload_on_hangup
from squall.app.sources import token_rotation
from squall.core.config.loading import load_settings
from squall.core.config.settings import PushSettings
from squall.core.errors import ConfigurationError
from squall.ingest.push.source import PushSource
from tests.support.pushing import GOOD, bearer, pushing, token

DESK = token("desk", "desk")
WIRES = token("wires", "reuters", "bloomberg*")
ANY = token("any", "*")
PATIENT = 10.0


def test_a_token_may_send_documents_of_its_sources_only_and_a_request_is_accepted_whole_or_not() -> None:
    with pushing(tokens=(DESK, WIRES, ANY)) as (driver, client):

        def post(who: Any, *sources: str) -> Any:
            batch = [{**GOOD, "source": source, "title": f"From {source}"} for source in sources]
            return client.post("/documents", json=batch, headers=bearer(who))

        assert post(DESK, "desk").status_code == 202
        assert post(WIRES, "reuters", "bloomberg", "bloomberg tv").status_code == 202
        assert post(ANY, "desk", "anything").status_code == 202
        delivered = len(driver.titles)
        for who, sources in [(DESK, ("desk", "reuters")), (DESK, ("Desk",)), (WIRES, ("reuters", "desk")), (WIRES, ("reuters ltd",))]:
            refused = post(who, *sources)
            assert refused.status_code == 403
            [error] = refused.json()["detail"]["errors"]
            assert (error["index"], error["field"], error["reason"]) == (len(sources) - 1, "source", "forbidden_source")
            assert repr(sources[-1]) in error["message"]
        assert len(driver.titles) == delivered


def test_only_stars_and_question_marks_are_special_in_a_pattern() -> None:
    brackets, padded = token("us", "news[us]"), token("padded", "desk ")
    assert (brackets.may_send("news[us]"), brackets.may_send("newsu"), brackets.only_source) == (True, False, "news[us]")
    assert (padded.may_send("desk"), padded.only_source) == (True, "desk")


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_more_documents_than_can_wait_are_refused_before_any_is_made(content_type: str) -> None:
    lines = ["{}"] * 200
    body = f"[{','.join(lines)}]" if content_type == "application/json" else "\n".join(lines)
    with pushing(max_pending=100) as (_, client):
        refused = client.post("/documents", content=body, headers={"Content-Type": content_type})
    assert refused.status_code == 413
    assert "200 documents" in refused.json()["detail"]


@pytest.mark.parametrize("source", [" desk ", "desk\u0000", "desk\n"])
def test_a_source_is_compared_as_it_is_stored(source: str) -> None:
    with pushing(tokens=(DESK,)) as (driver, client):
        assert client.post("/documents", json={**GOOD, "source": source}, headers=bearer(DESK)).status_code == 202
        assert [item.document.source for batch in driver.batches for item in batch.items if item.document] == ["desk"]


def test_a_document_without_a_source_is_of_the_tokens_only_one() -> None:
    fields = {key: value for key, value in GOOD.items() if key != "source"}
    with pushing(tokens=(DESK, WIRES, ANY)) as (driver, client):
        assert client.post("/documents", json=fields, headers=bearer(DESK)).status_code == 202
        assert [item.document.source for batch in driver.batches for item in batch.items if item.document] == ["desk"]
        for who in (WIRES, ANY):
            refused = client.post("/documents", json=fields, headers=bearer(who))
            assert (refused.status_code, refused.json()["detail"]["errors"][0]["field"]) == (400, "source")


def test_without_tokens_a_foreign_host_or_origin_is_refused_and_nothing_is_accepted() -> None:
    with pushing() as (driver, client):
        assert client.post("/documents", json=GOOD, headers={"Host": "evil.example:8088"}).status_code == 421
        assert client.post("/documents", json=GOOD, headers={"Origin": "http://evil.example"}).status_code == 403
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
        assert driver.titles == []
        assert client.post("/documents", json=GOOD, headers={"Host": "localhost:8088"}).status_code == 202
    with pushing(allowed_hosts=("push.example.org",)) as (_, client):
        assert client.post("/documents", json=GOOD, headers={"Host": "push.example.org"}).status_code == 202


@pytest.mark.parametrize("authorisation", [b"", b"Authorization: Bearer wrong\r\n"])
def test_the_body_of_a_refused_request_is_not_read(authorisation: bytes) -> None:
    head = b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n"
    with pushing(tokens=(DESK,)) as (driver, _), socket.create_connection(("127.0.0.1", driver.source.port), 10) as client:
        client.sendall(head + authorisation + b"\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 401"), "before a byte of the body"


def test_while_the_queue_is_full_the_body_is_not_read() -> None:
    head = b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n"
    with pushing(max_pending=1) as (driver, client):
        driver.running.clear()
        post = threading.Thread(target=lambda: client.post("/documents", json=GOOD))
        post.start()
        while not driver.batches:
            driver.stop.wait(0.01)
        with socket.create_connection(("127.0.0.1", driver.source.port), 10) as second:
            second.sendall(head)
            assert second.recv(4096).startswith(b"HTTP/1.1 429")
        driver.running.set()
        post.join(PATIENT)


def test_bodies_that_are_received_at_a_time_are_bounded_together() -> None:
    head = b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with pushing(max_body_bytes=1000) as (driver, client):
        address = ("127.0.0.1", driver.source.port)
        senders = [socket.create_connection(address, PATIENT) for _ in range(8)]
        for sender in senders:
            sender.sendall(head + b" " * 999)
        answers = [client.post("/documents", json=GOOD).status_code for _ in range(20)]
        assert answers[-1] == 429
        for sender in senders:
            sender.close()
        while client.post("/documents", json=GOOD).status_code == 429:
            driver.stop.wait(0.01)
        assert client.post("/documents", json=GOOD).status_code == 202


def test_hangup_replaces_the_tokens_and_a_wrong_setting_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    new = token("desk", "desk", value="another-0123456789abcdef")
    secrets = tmp_path / "SQUALL_PUSH__TOKENS"
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(tmp_path))

    def write(*values: str) -> None:
        entries = ", ".join(f'{{"name": "desk", "token": "{value}", "sources": ["desk"]}}' for value in values)
        secrets.write_text(f"[{entries}]")

    with pushing(tokens=(DESK,)) as (driver, client), reload_on_hangup(load_settings, *token_rotation([driver.source])):

        def statuses() -> list[int]:
            return [client.post("/documents", json=GOOD, headers=bearer(who)).status_code for who in (DESK, new)]

        def wait_for(expected: list[int]) -> None:
            os.kill(os.getpid(), signal.SIGHUP)
            for _ in range(1000):
                if statuses() == expected:
                    return
                driver.stop.wait(0.01)
            assert statuses() == expected

        assert statuses() == [202, 401]
        write(DESK.token.get_secret_value(), new.token.get_secret_value())
        wait_for([202, 202])
        write(new.token.get_secret_value())
        wait_for([401, 202])
        write("short")
        os.kill(os.getpid(), signal.SIGHUP)
        while "not read again" not in caplog.text:
            driver.stop.wait(0.01)
        assert statuses() == [401, 202]
    assert "short" not in caplog.text.replace("shorter", "")
    assert new.token.get_secret_value() not in caplog.text


def test_tokens_are_not_taken_from_an_endpoint_that_has_some() -> None:
    with pushing(tokens=(DESK,)) as (driver, client):
        with pytest.raises(ConfigurationError, match="restart"):
            driver.source.use_tokens(PushSettings())
        assert client.post("/documents", json=GOOD).status_code == 401


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([{"name": "a", "token": "short", "sources": ["*"]}], "has 5 characters; a token has at least 16"),
        ([{"name": "a", "token": "with a space in it!", "sources": ["*"]}], "printable ASCII"),
        ([{"name": "a", "token": "0123456789abcdef", "sources": []}], "at least 1 item"),
        ([{"name": "a", "token": "0123456789abcdef", "sources": [" "]}], "empty pattern"),
        ([{"name": "A b", "token": "0123456789abcdef", "sources": ["*"]}], "pattern"),
        ([{"name": name, "token": "0123456789abcdef", "sources": ["*"]} for name in "ab"], "same token"),
    ],
)
def test_a_token_that_is_no_good_is_refused_without_showing_it(tokens: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        PushSettings(tokens=tokens)  # type: ignore[arg-type]
    [error] = caught.value.errors(include_input=False, include_url=False)
    assert "0123456789abcdef" not in error["msg"]


def test_the_setting_of_before_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_PUSH__TOKEN", "a-secret-that-must-not-show")
    with pytest.raises(ConfigurationError, match=r'SQUALL_PUSH__TOKENS=.*"sources"') as caught:
        load_settings()
    assert "must-not-show" not in str(caught.value)


def test_an_endpoint_open_to_others_needs_a_token() -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_PUSH__TOKENS"):
        PushSource(PushSettings(host="0.0.0.0"), None)  # type: ignore[arg-type]
