"""Which hosts stay on this machine, and how addresses are written."""

from __future__ import annotations

import pytest

from squall.core.net.addresses import host_port, is_loopback, redact_url, split_server

LOOPBACK = [
    *("localhost", "LOCALHOST", "LocalHost", "localhost.", " localhost ", "page.localhost", "Page.LOCALHOST."),
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "127.0.0.0"),
    *("::1", "[::1]", "0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]"),
    *("::ffff:127.0.0.1", "::FFFF:127.0.0.2", "[::ffff:127.0.0.1]", "::ffff:7f00:1"),
]
NETWORK = [
    *("", " ", "[]", ".", "0.0.0.0", "::", "[::]", "::ffff:0.0.0.0", "*"),
    *("10.0.0.1", "128.0.0.1", "126.255.255.255", "192.168.0.1", "::2", "fe80::1", "fe80::1%lo", "::ffff:10.0.0.1", "[2001:db8::1]"),
    *("kafka", "squall.example", "localhost.example", "127.0.0.1.example", "notlocalhost", "local", "127.0.0", "2130706433", "0x7f000001"),
    *("127.0.0.1:80", "[::1]:80", "localhost:80", "/run/x.sock", "http://localhost", "[127.0.0.1", "127.0.0.01"),
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_by_any_name_or_address_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", NETWORK)
def test_everything_else_is_the_network(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("server", "parts"),
    [("a", ("a", 9)), ("a:1", ("a", 1)), ("[::1]:1", ("::1", 1)), ("[::1]", ("::1", 9)), ("::1", ("::1", 9)), (" a:1 ", ("a", 1))],
)
def test_a_server_splits_into_host_and_port(server: str, parts: tuple[str, int]) -> None:
    assert split_server(server, 9) == parts


@pytest.mark.parametrize(("host", "written"), [("a", "a:1"), ("::1", "[::1]:1"), ("[::1]", "[::1]:1"), ("127.0.0.1", "127.0.0.1:1")])
def test_an_ipv6_address_is_written_in_brackets(host: str, written: str) -> None:
    assert host_port(host, 1) == written


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("clickhouse://squall:hunter2@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://squall:hunter2@with@host/db", "clickhouse://squall:***@host/db"),
        ("clickhouse://squall:hunter2/slash@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://squall:hunter2#hash@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://:hunter2@host", "clickhouse://:***@host"),
        ("clickhouse://squall@host:9000/db", "clickhouse://squall@host:9000/db"),
        ("clickhouse://host:9000/db", "clickhouse://host:9000/db"),
        ("chdb:///data/a:b@c", "chdb:///data/a:b@c"),
        ("clickhouse://u:hunter2@[broken", "clickhouse://u:***@[broken"),
        ("", ""),
    ],
)
def test_a_redacted_url_keeps_all_but_the_password(url: str, shown: str) -> None:
    assert redact_url(url) == shown
