"""Which Host and Origin a request may have."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from starlette.responses import PlainTextResponse

from squall.core.net.http.host_gate import HostGateMiddleware, HostRule, host_name

LOOPBACK = ["localhost", "LOCALHOST:8080", "localhost.:1", "127.0.0.1", "127.1.2.3:9", "[::1]", "[::1]:8080", "page.localhost"]
FOREIGN = ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "evil.local", "svc.evil.example"]
INVALID = [
    "",
    ":80",
    "[::",
    "[::1",
    "[::1]x",
    "[evil.example]",
    "localhost:x",
    "localhost:8080:1",
    "evil@localhost",
    "localhost/",
    "a b",
    "é",
]
PRIVATE = ["10.1.2.3:9101", "[fd00::1]:9101", "192.168.0.7", "8.8.8.8", "worker:9101", "squall-push.squall.svc", "a.b.svc.cluster.local"]


def rule(bound: str, *allowed: str, login: bool = False) -> HostRule:
    return HostRule("the test", "SQUALL_TEST__ALLOWED_HOSTS", bound, allowed, login)


@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_only_this_machine_and_configured_names_are_answered(bound: str) -> None:
    assert all(rule(bound).allows(host) for host in LOOPBACK)
    assert not any(rule(bound).allows(host) for host in [*FOREIGN, *INVALID, *PRIVATE])
    assert rule(bound, "squall.example").allows("Squall.example:443")
    assert not rule(bound, "squall.example").allows("notsquall.example")
    assert rule(bound, "*.example.org").allows("a.example.org")


@pytest.mark.parametrize("bound", ["0.0.0.0", "", "::", "10.1.2.3"])
def test_beyond_loopback_addresses_and_private_names_are_answered_and_foreign_ones_are_not(bound: str) -> None:
    assert all(rule(bound).allows(host) for host in [*LOOPBACK, *PRIVATE, socket.gethostname()])
    assert not any(rule(bound).allows(host) for host in [*FOREIGN, *INVALID])
    assert rule(bound, "node-7.example.org").allows("node-7.example.org:9101")


def test_a_client_without_a_host_header_is_no_browser_and_a_login_makes_any_host_harmless() -> None:
    assert rule("127.0.0.1").allows(None)
    assert rule("127.0.0.1", login=True).allows("evil.example")


def test_the_host_is_read_as_browsers_write_it() -> None:
    assert [host_name(header) for header in ("A.example.:80", "[::1]:80", "a:", "a")] == ["a.example", "::1", "a", "a"]


async def _status(method: str, headers: dict[str, str]) -> int:
    app = HostGateMiddleware(PlainTextResponse("ok"), rule("127.0.0.1"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8088") as client:
        return (await client.request(method, "/", headers=headers)).status_code


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Host": "evil.example"}, 421),
        ("POST", {"Host": "evil.example"}, 421),
        ("POST", {}, 200),
        ("POST", {"Origin": "http://localhost:8088"}, 200),
        ("POST", {"Origin": "https://localhost:8088", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Origin": "http://localhost:9999"}, 403),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": ""}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("DELETE", {"Sec-Fetch-Site": "same-site"}, 403),
        ("GET", {"Origin": "http://evil.example"}, 200),
    ],
)
def test_a_foreign_name_is_421_and_a_change_from_another_site_403(method: str, headers: dict[str, str], status: int) -> None:
    assert asyncio.run(_status(method, headers)) == status
