"""The parts that reading articles is made of: pauses, shared results, names in robots.txt, the entries that wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings
from squall.core.errors import ConfigurationError
from squall.core.net.outbound.client import OutboundClient, redirect_target
from squall.core.net.outbound.errors import RequestRefusedError
from squall.core.observability.health import Health
from squall.ingest.article.extraction import article_text, crawl_rule
from squall.ingest.article.robots import product_token
from squall.ingest.article.shared_results import SharedResults
from squall.ingest.host_intervals import HostIntervals
from squall.ingest.rss import articles
from squall.ingest.rss.entry_identity import identified
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.rss.parser.pool import Entry, ParserPool

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
FEED = Feed(url="http://127.0.0.1:9/f", article=True)


def stage(feed: Feed = FEED) -> articles.Articles:
    clock = ManualClock(NOW)
    return articles.Articles([feed], IngestSettings(), OutboundClient(), ParserPool(1), HostIntervals(clock, 1), clock, Health(clock))


def test_a_host_is_asked_after_its_pause_and_others_meanwhile() -> None:
    clock = ManualClock(NOW)
    intervals = HostIntervals(clock, 2)
    assert [intervals.take("a"), intervals.take("a"), intervals.take("b")] == [True, False, True]
    clock.advance(2)
    assert [intervals.take("a", 5), intervals.take("b")] == [False, True]
    clock.advance(3)
    assert intervals.take("a", 5)


def test_a_result_is_made_once_for_all_threads_that_want_it() -> None:
    results: SharedResults[str] = SharedResults(10)
    made, begun, go_on = [], threading.Event(), threading.Event()

    def make() -> str:
        made.append(1)
        begun.set()
        go_on.wait(10)
        return "text"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(results.get, "link", make, lambda: False, lambda _: True)
        begun.wait(10)
        others = [pool.submit(results.get, "link", make, lambda: False, lambda _: True) for _ in range(3)]
        go_on.set()
        assert first.result(10) == ("text", False)
        assert [other.result(10) for other in others] == [("text", True)] * 3
    assert len(made) == 1


def test_what_fails_is_tried_again_and_the_oldest_is_forgotten() -> None:
    results: SharedResults[str] = SharedResults(5, len)

    def get(key: str, value: str, *, usable: bool = True) -> tuple[str, bool]:
        return results.get(key, lambda: value, lambda: False, lambda _: usable)

    def fail() -> str:
        raise ValueError

    with pytest.raises(ValueError):
        results.get("a", fail, lambda: False, lambda _: True)
    assert [get("a", "xx"), get("b", "yy"), get("a", "-"), get("c", "zz")] == [("xx", False), ("yy", False), ("xx", True), ("zz", False)]
    assert [get("a", "-"), get("b", "anew")] == [("xx", True), ("anew", False)]
    assert [get("b", "new", usable=False), get("b", "-")] == [("new", False), ("new", True)]


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("squall/0.1 (+https://example.invalid/squall)", "squall"),
        ("Desk-Reader", "Desk-Reader"),
        ("Mozilla/5.0 (compatible; DeskBot/2.1; +https://desk.example/bot)", "DeskBot"),
    ],
)
def test_rules_address_the_product_token_of_the_user_agent(user_agent: str, token: str) -> None:
    assert product_token(user_agent) == token


def test_rules_for_one_name_go_before_those_for_everybody() -> None:
    robots = b"User-agent: *\nDisallow: /\nCrawl-delay: 9\n\nUser-agent: squall\nDisallow: /paid/*.html$\nAllow: /paid/free"
    assert crawl_rule(robots, "https://a.example/news?x=1", "squall") == (True, 0.0)
    assert crawl_rule(robots, "https://a.example/paid/1.html", "squall") == (False, 0.0)
    assert crawl_rule(robots, "https://a.example/paid/free", "squall") == (True, 0.0)
    assert crawl_rule(robots, "https://a.example/news", "other") == (False, 9.0)


def test_a_redirect_leads_from_https_to_https_only_and_takes_no_password_along() -> None:
    assert redirect_target("https://a.example/x/1", "../2#top") == "https://a.example/2"
    assert redirect_target("http://a.example/", "https://me:pw@b.example/") == "https://b.example/"
    with pytest.raises(RequestRefusedError):
        redirect_target("https://a.example/", "http://a.example/")


def test_an_entry_that_waits_keeps_its_article_until_the_feed_changes_it() -> None:
    state, entry = FeedState(FEED), Entry({"url": "http://127.0.0.1:9/a", "title": "A", "text": ""})
    [plain] = identified([entry], FEED.url, {})
    [with_article] = [articles._with_text(plain, "the article")]
    state.wait(with_article, NOW)
    reading = stage().begin(state, [plain], lambda: False)
    assert reading is not None
    [found] = reading.result(0)  # nothing had to be fetched
    assert found.entry.fields["text"] == "the article"
    assert (found.key, found.digest, found.native_id) == (plain.key, plain.digest, plain.native_id)
    [changed] = identified([Entry({**entry.fields, "title": "B"})], FEED.url, {})
    assert state.as_it_waits(changed) is None


def test_a_feed_without_articles_needs_no_further_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "find_spec", lambda name: None)
    stage(Feed(url="http://127.0.0.1:9/f"))
    with pytest.raises(ConfigurationError, match="trafilatura, protego") as refused:
        stage()
    assert "squall[article]" in str(refused.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_page_that_is_not_in_the_charset_it_names_is_read_in_its_own(encoding: str) -> None:
    told = "Die Geschäftsführung erwartet für das laufende Jahr höhere Verluste und prüft Schließungen in München."
    page = f"<html><body><article>{''.join(f'<p>{told} Absatz {number}.</p>' for number in range(6))}</article></body></html>"
    sent = page.encode(encoding) if encoding == "latin-1" else page.encode() + b"\xff"  # one broken byte is no other charset
    assert told in article_text(sent, "text/html; charset=utf-8")
