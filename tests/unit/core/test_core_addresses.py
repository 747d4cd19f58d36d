"""Which hosts stay on this machine, and how addresses are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.net.addresses import host_port, is_loopback, redact_url, redact_urls_in, redact_webhook_url, split_server

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
        ("clickhouse://squall:hunter2@host:9000/db", "clickhouse://***@host:9000/db"),
        ("clickhouse://squall:hunter2@with@host/db", "clickhouse://***@host/db"),
        ("clickhouse://squall:hunter2/slash@host:9000/db", "clickhouse://***"),
        ("clickhouse://squall:hunter2#hash@host:9000/db", "clickhouse://***"),
        ("clickhouse://squall:12345?@host:9000/db", "clickhouse://***"),
        ("clickhouse://:hunter2@host", "clickhouse://***@host"),
        ("clickhouse://hunter2@host:9000/db", "clickhouse://***@host:9000/db"),
        ("clickhouse://host:9000/db", "clickhouse://host:9000/db"),
        ("clickhouse://host/db?password=hunter2&verify=0", "clickhouse://host/db?password=***&verify=***"),
        ("clickhouse://u:hunter2@[broken", "clickhouse://***"),
        ("clickhouse:/u:hunter2@host", "***"),
        ("hunter2", "***"),
        ("chdb:///data/a:b@c", "chdb:///data/a:b@c"),
        ("https://hunter2@host/feed", "https://***@host/feed"),
        ("https://host/feed?api_key=hunter2;x&hunter2#hunter2", "https://host/feed?api_key=***&***#***"),
        ("https://host:8443/feed?user=a@b&key=hunter2", "https://host:8443/feed?user=***&key=***"),
        ("https://host/feed?hunter2hunter2hunter2hunter2hunter2hunter2hunter2=1", "https://host/feed?***"),
        ("https://u:1234/hunter2@host/feed", "https://u:1234/***"),
        ("https://proxy/https://u:hunter2@host/feed", "https://proxy/***"),
        ("https://proxy/https%3A%2F%2Fu%3Ahunter2%40host/feed", "https://proxy/***"),
        ("https://u:hunter2\uff20host/feed", "https://***"),
        ("https://mastodon.social/@user.rss", "https://mastodon.social/@user.rss"),
        ("https://[::1]:8443/feed", "https://[::1]:8443/feed"),
        ("https://b\xfccher.example/feed", "https://b\xfccher.example/feed"),
        ("https://host/a\nfeed\x1b[2J", "https://host/a\\u000afeed\\u001b[2J"),
        ("", ""),
    ],
)
def test_a_redacted_url_hides_user_password_values_and_fragment(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/***"),
        ("https://u:hunter2@host:8443/hunter2?token=hunter2", "https://***@host:8443/***"),
        ("https://host", "https://host"),
        ("https://host/?hunter2", "https://host/"),
        ("hunter2", "***"),
    ],
)
def test_of_a_webhook_the_host_is_shown(url: str, shown: str) -> None:
    assert redact_webhook_url(url) == shown


def test_urls_inside_text_are_redacted_and_the_rest_stays() -> None:
    text = "GET 'https://u:hunter2@host/x?k=hunter2' failed,\nsee rss:https://hunter2@host/feed and a/b"
    assert redact_urls_in(text) == "GET 'https://***@host/x?k=*** failed,\nsee rss:https://***@host/feed and a/b"


SECRET = "hunter2secret"
ODD = st.text(alphabet="aZ0-._~!$&'()*+,;=:/?#@%[]\\\u00e9\uff20 ", max_size=12)


@given(
    st.sampled_from(["https", "http", "clickhouse", "clickhouses", "HTTPS", "ftp"]),
    ODD,
    ODD,
    st.sampled_from(["host", "host:8443", "[::1]:9000"]),
)
def test_no_password_is_shown_whatever_characters_surround_it(scheme: str, before: str, after: str, host: str) -> None:
    """A user and a password, as long as its beginning does not read as a port: then even a browser takes the user for a host."""
    password = f"p{before}{SECRET}{after}"
    for url in (
        f"{scheme}://user:{password}@{host}/feed",
        f"{scheme}://{host}/feed?key={SECRET}{after}",
        f"{scheme}://{SECRET}@{host}/feed",
    ):
        assert SECRET not in redact_url(url), url
        assert SECRET not in redact_webhook_url(url), url
        assert SECRET not in redact_urls_in(f"failed: {url}".replace(" ", "")), url


@given(st.text(max_size=200))
def test_redaction_never_fails_and_gives_one_line(text: str) -> None:
    for shown in (redact_url(text), redact_webhook_url(text), redact_url(f"https://{text}")):
        assert len(shown.splitlines()) <= 1
    redact_urls_in(text)
