from __future__ import annotations

from typing import Any

import httpx
from pydantic import SecretStr

TOKEN = "correct horse é"
PROTECTED = ["/", "/static/page.js", "/api/overview", "/api/openapi.json", "/nowhere"]


def test_without_the_token_there_is_nothing_to_see(world: Any) -> None:
    guesses = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": b"Basic " + TOKEN.encode()}, {"Cookie": "squall_page=x"})
    with world.serving(token=SecretStr(TOKEN)) as url:
        answers = [httpx.get(url + path, headers=headers) for path in PROTECTED for headers in guesses]
        answers += [httpx.get(url + path, params={"token": "wrong"}) for path in PROTECTED]
    assert {(answer.status_code, answer.headers["www-authenticate"]) for answer in answers} == {(401, "Bearer")}


def test_programs_send_the_token_as_bearer(world: Any) -> None:
    with world.serving(token=SecretStr(TOKEN)) as url:
        assert httpx.get(url + "/api/overview", headers={"Authorization": b"Bearer " + TOKEN.encode()}).status_code == 200


def test_a_browser_trades_the_token_once_for_a_cookie_that_scripts_cannot_read(world: Any) -> None:
    with world.serving(token=SecretStr(TOKEN)) as url, httpx.Client() as browser:
        answer = browser.get(url + "/", params={"topic": "Energy | Oil", "token": TOKEN})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/?topic=Energy+%7C+Oil"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert TOKEN not in cookie
        assert browser.get(url + "/").status_code == 200
        assert browser.get(url + "/api/overview").status_code == 200


def test_the_way_back_never_leads_elsewhere(world: Any) -> None:
    with world.serving(token=SecretStr(TOKEN)) as url:
        answer = httpx.get(url + "//evil.example/", params={"token": TOKEN})
    assert answer.headers["location"] == "/evil.example/"


def test_health_needs_no_token(world: Any) -> None:
    with world.serving(token=SecretStr(TOKEN)) as url:
        assert httpx.get(url + "/healthz").status_code == 200


def test_without_a_token_a_foreign_name_for_this_machine_is_refused(world: Any) -> None:
    hosts = ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::", ""]
    with world.serving() as url:
        assert {httpx.get(url + "/api/overview", headers={"Host": host}).status_code for host in hosts} == {421}


def test_this_machine_by_its_own_names_is_served(world: Any) -> None:
    hosts = ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080"]
    with world.serving() as url:
        assert {httpx.get(url + "/api/overview", headers={"Host": host}).status_code for host in hosts} == {200}
