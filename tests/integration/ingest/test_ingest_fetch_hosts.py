"""Where a fetch may lead: real servers and a real proxy on loopback, names resolved by the test."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings
from squall.core.net.outbound.client import OutboundClient
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.fetch import Fetched, FetchError, FetchLimits, Validators, fetch
from squall.ingest.rss.source import RssSource
from tests.support.certificates import Authority
from tests.support.feed_server import FeedServer, body, redirect, rss
from tests.support.http_proxy import HttpProxy

CLOCK = ManualClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
LIMITS = FetchLimits(5.0, 100_000, "squall test")
SECRET = "s3cret-words-of-the-answer"


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    server = FeedServer()
    server.answers["/f"] = body(rss("1"))
    yield server
    server.close()


@pytest.fixture
def inner() -> Iterator[FeedServer]:
    """What a redirect must not reach."""
    server = FeedServer()
    server.answers["/"] = body(SECRET.encode(), 200, X_Words=SECRET)
    yield server
    server.close()


@pytest.fixture
def proxies() -> Iterator[list[HttpProxy]]:
    opened: list[HttpProxy] = []
    yield opened
    for proxy in opened:
        proxy.close()


class Names:
    """A resolver that notes what it was asked; each name answers with the next of its address lists."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def get(url: str, client: OutboundClient | None = None, limits: FetchLimits = LIMITS) -> Fetched:
    return fetch(url, Validators(), client or OutboundClient(proxies={}), limits, lambda: False, CLOCK)


def refused(url: str, client: OutboundClient | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        get(url, client)
    return str(caught.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0", "127.1"]
)
def test_a_redirect_to_another_service_of_this_machine_is_not_followed(feeds: FeedServer, inner: FeedServer, host: str) -> None:
    feeds.answers["/moved"] = redirect(f"http://{host}:{inner.port}/?key={SECRET}")
    message = refused(feeds.url("/moved"))
    assert message.startswith("redirected, but ")
    assert "address" in message
    assert SECRET not in message
    assert inner.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/",
        "http://10.0.0.1/",
        "http://user@10.0.0.1/",
        "http://feeds.example@10.0.0.1/",
        "//10.0.0.1/",
        "http://127%2e0%2e0.1/",
        "http://[fe80::1%25lo]/",
        "file:///etc/passwd",
        "ftp://10.0.0.1/",
        "http://[::1/",
        "http://" + "a" * 5000,
        "\x00http://10.0.0.1",
    ],
)
def test_a_redirect_to_what_is_no_public_host_is_not_followed(feeds: FeedServer, location: str) -> None:
    feeds.answers["/moved"] = redirect(location)
    assert refused(feeds.url("/moved")).startswith(("redirected", "HTTP 302", "the answer"))
    assert [path for path, _ in feeds.requests] == ["/moved"]


def test_redirects_on_the_same_server_are_followed_with_its_credentials(feeds: FeedServer) -> None:
    feeds.answers["/moved"] = redirect("/f")
    assert get(f"http://me:p%40ss@127.0.0.1:{feeds.port}/moved").body == rss("1")
    expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert [headers.get("authorization") for _, headers in feeds.requests] == [expected, expected]


def test_credentials_do_not_follow_a_redirect_to_another_host(feeds: FeedServer, inner: FeedServer) -> None:
    feeds.answers["/moved?key=1"] = redirect(f"http://other:pw@b.example:{inner.port}/")
    inner.answers["/"] = body(rss("2"))
    client = OutboundClient(["a.example", "b.example"], resolve=Names(a_example=[["127.0.0.1"]], b_example=[["127.0.0.1"]]), proxies={})
    assert get(f"http://me:pw@a.example:{feeds.port}/moved?key=1", client).body == rss("2")
    [(path, headers)] = inner.requests
    assert (path, headers["host"]) == ("/", f"b.example:{inner.port}")
    assert not {"authorization", "cookie", "referer"} & set(headers)
    assert "pw" not in str(headers)


def test_a_name_is_resolved_once_and_the_connection_goes_to_that_address(feeds: FeedServer) -> None:
    names = Names(feeds_example=[["127.0.0.1"], ["127.0.0.9"]])
    assert get(feeds.url("/f", "feeds.example"), OutboundClient(["feeds.example"], resolve=names, proxies={})).body == rss("1")
    assert names.asked == ["feeds.example"]
    assert feeds.requests[0][1]["host"] == f"feeds.example:{feeds.port}"


def test_a_name_is_checked_at_every_hop(feeds: FeedServer) -> None:
    """DNS rebinding: the second look-up leads inside."""
    feeds.answers["/moved"] = redirect("/f")
    names = Names(feeds_example=[["127.0.0.1"], ["10.0.0.1"]])
    message = refused(feeds.url("/moved", "feeds.example"), OutboundClient([f"feeds.example:{feeds.port + 1}"], resolve=names, proxies={}))
    assert message.startswith("feeds.example resolves to 127.0.0.1, a loopback address")
    assert feeds.requests == []


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:10.0.0.1"], ["169.254.169.254"], ["100.64.1.1"]])
def test_a_public_name_that_resolves_inside_is_refused_unless_it_is_listed(feeds: FeedServer, found: list[str]) -> None:
    client = OutboundClient(setting="SQUALL_INGEST__PRIVATE_HOSTS", resolve=Names(feeds_example=[found]), proxies={})
    assert "feeds.example resolves to" in refused(feeds.url("/f", "feeds.example"), client)
    assert feeds.requests == []


def test_the_second_address_is_tried_where_the_first_does_not_answer(feeds: FeedServer) -> None:
    names = Names(feeds_example=[["127.0.0.7", "127.0.0.1"]])
    assert get(feeds.url("/f", "feeds.example"), OutboundClient(["feeds.example"], resolve=names, proxies={})).body == rss("1")


def test_a_name_server_that_does_not_answer_holds_nobody_beyond_the_deadline(feeds: FeedServer) -> None:
    release = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        release.wait(30)
        return ["127.0.0.1"]

    with pytest.raises(FetchError, match=r"not finished after 0.2 s"):
        get(feeds.url("/f", "feeds.example"), OutboundClient(resolve=resolve, proxies={}), FetchLimits(0.2, 1000, "x"))
    release.set()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server = FeedServer(authority.server_context("feeds.example"))
    server.answers["/f"] = body(rss("1"))
    yield server
    server.close()


def test_tls_is_checked_against_the_name_though_the_connection_goes_to_an_address(secure: FeedServer) -> None:
    names = Names(feeds_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    client = OutboundClient(["feeds.example", "other.example"], resolve=names, proxies={})
    assert get(secure.url("/f", "feeds.example", "https"), client).body == rss("1")
    assert "certificate was not accepted" in refused(secure.url("/f", "other.example", "https"), client)


def test_a_redirect_from_https_to_http_is_not_followed(secure: FeedServer, feeds: FeedServer) -> None:
    secure.answers["/moved"] = redirect(feeds.url("/f", "feeds.example"))
    client = OutboundClient(["feeds.example"], resolve=Names(feeds_example=[["127.0.0.1"]]), proxies={})
    assert refused(secure.url("/moved", "feeds.example", "https"), client) == "redirected from https to http"
    assert feeds.requests == []


def test_a_proxy_is_used_and_resolves(feeds: FeedServer, proxies: list[HttpProxy]) -> None:
    proxy = HttpProxy({"feeds.example": feeds.port})
    proxies.append(proxy)
    names = Names()
    client = OutboundClient(resolve=names, proxies={"http": proxy.url.replace("//", "//me:pw@")})
    assert get("http://feeds.example/f", client).body == rss("1")
    assert (proxy.asked, names.asked) == (["http://feeds.example/f"], [])
    assert proxy.credentials == ["Basic " + base64.b64encode(b"me:pw").decode()]
    assert "proxy-authorization" not in feeds.requests[0][1]


def test_a_proxy_opens_a_tunnel_for_https(secure: FeedServer, proxies: list[HttpProxy]) -> None:
    proxy = HttpProxy({"feeds.example": secure.port})
    proxies.append(proxy)
    assert get("https://feeds.example/f", OutboundClient(proxies={"https": proxy.url})).body == rss("1")
    assert proxy.asked == ["feeds.example:443"]


def test_the_variables_every_program_knows_name_the_proxy(
    feeds: FeedServer, proxies: list[HttpProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = HttpProxy({"feeds.example": feeds.port})
    proxies.append(proxy)
    for name in ("HTTP_PROXY", "http_proxy", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert get("http://feeds.example/f", OutboundClient()).body == rss("1")
    assert get(feeds.url("/f"), OutboundClient()).body == rss("1")
    assert proxy.asked == ["http://feeds.example/f"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_nobody_named_is_refused_behind_a_proxy_too(feeds: FeedServer, proxies: list[HttpProxy], scheme: str) -> None:
    proxy = HttpProxy({"feeds.example": feeds.port})
    proxies.append(proxy)
    feeds.answers["/moved"] = redirect(f"{scheme}://169.254.169.254/latest")
    client = OutboundClient(proxies={"http": proxy.url, "https": proxy.url})
    assert "a metadata address" in refused("http://feeds.example/moved", client)
    assert proxy.asked == ["http://feeds.example/moved"]


@pytest.mark.parametrize(("url", "says"), [("http://feeds.example/f", "HTTP 407"), ("https://feeds.example/f", "the proxy answered 407")])
def test_what_a_proxy_says_is_not_repeated(proxies: list[HttpProxy], url: str, says: str) -> None:
    proxy = HttpProxy({}, status=407)
    proxies.append(proxy)
    message = refused(url, OutboundClient(proxies={"http": proxy.url, "https": proxy.url}))
    assert message.startswith(says)
    assert "secret words" not in message


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "::::"])
def test_a_proxy_variable_that_is_wrong_is_named(proxy: str) -> None:
    assert refused("http://feeds.example/f", OutboundClient(proxies={"http": proxy})).startswith("HTTP_PROXY is not")


def _raw(content: bytes) -> Callable[..., None]:
    return lambda request: request.wfile.write(content)


@pytest.mark.parametrize(
    "answer",
    [
        body(f"<html>{SECRET}</html>".encode(), Content_Type=f"text/{SECRET}"),
        body(SECRET.encode()),
        body(SECRET.encode(), 404),
        body(b"", 302, Location=f"ftp://{SECRET}/?{SECRET}"),
        body(b"", 302, Location=f"http://{SECRET}%00/"),
        body(SECRET.encode(), Content_Encoding=SECRET),
        body(b"", 429, Retry_After=SECRET),
        _raw(f"SSH-2.0-{SECRET}\r\n".encode()),
        _raw(f"HTTP/1.1 500 {SECRET}\r\n\r\n".encode()),
        _raw(f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n".encode()),
        _raw(f"HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n".encode()),
        _raw(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n".encode()),
        _raw(f"HTTP/1.1 200 OK\r\nX: {SECRET * 5000}\r\n\r\n".encode()),
    ],
)
def test_nothing_foreign_and_no_secret_of_the_url_gets_into_the_log(
    feeds: FeedServer, answer: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    feeds.answers["/f?key=operators-key"] = answer
    url = f"http://me:operators-key@127.0.0.1:{feeds.port}/f?key=operators-key"
    source = RssSource([Feed(url=url)], IngestSettings(request_timeout_seconds=2), CLOCK, Random(1), once=True)
    assert list(source.batches(threading.Event())) == []
    written = [repr(record.__dict__) for record in caplog.records]
    assert len(written) == 1
    assert source.states[0].last_error
    assert not any(SECRET in line or "SSH" in line for line in [*written, source.states[0].last_error])
    assert not any("operators-key@" in line for line in written)
