from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.cleaning.markup import plain
from squall.ingest.rss.entry_dates import UnusableDateError, entry_date
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_formats import NotAFeedError, parse_feed

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><language>en-us</language>
<item><title>Bank &amp;amp; fails</title><link>http://x.com/a</link><guid isPermaLink="false">g1</guid>
<description>&lt;p&gt;It &lt;b&gt;did&lt;/b&gt;&lt;/p&gt;</description>
<pubDate>Mon, 02 Mar 2026 09:00:00 EST</pubDate></item><item><title>Undated</title></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><title type="html">&lt;i&gt;Bank&lt;/i&gt; fails</title>
<link href="/a"/><id>urn:1</id><updated>2026-03-02T14:00:00Z</updated><author><name>Ann</name></author>
<content type="html">&lt;script&gt;bad()&lt;/script&gt;Body</content></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://x.com/"><title>x</title></channel><item rdf:about="http://x.com/a"><title>Bank fails</title><link>http://x.com/a</link>
<dc:date>2026-03-02T14:00:00Z</dc:date></item></rdf:RDF>"""
PUBLISHED = "2026-03-02T14:00:00Z"
NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)


def test_rss_atom_and_rdf_give_the_same_fields() -> None:
    rss, undated = parse_feed(RSS, "application/rss+xml", "http://x.com/feed")
    assert rss["title"] == "Bank & fails"
    assert rss["text"] == "It did"
    assert (rss["id"], rss["url"], rss["language"], rss["dates"]) == ("g1", "http://x.com/a", "en-us", ["Mon, 02 Mar 2026 09:00:00 EST"])
    assert undated["dates"] == []
    (atom,) = parse_feed(ATOM, "application/atom+xml", "http://x.com/feed")
    assert (atom["title"], atom["text"], atom["author"], atom["url"]) == ("Bank fails", "Body", "Ann", "http://x.com/a")
    assert atom["dates"] == [PUBLISHED]
    (rdf,) = parse_feed(RDF, "text/xml", "http://x.com/feed")
    assert (rdf["title"], rdf["dates"]) == ("Bank fails", [PUBLISHED])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><html><body><p>Sign in</p></body></html>",
        b"{}",
        b"\x00\xff" * 50,
        b"http://127.0.0.1:9/feed",
        b"/etc/passwd",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="not RSS, Atom, RDF or JSON Feed"):
        parse_feed(body, "text/html", "http://x.com/feed")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_plain_text_has_no_tags_and_never_fails(text: str) -> None:
    assert "<b>" not in plain(f"<b>{text}</b>".replace("&", ""))


def test_hostile_markup_is_read_in_linear_time() -> None:
    assert len(plain("<a" * 100_000)) <= 200_000
    assert plain("<script>" + "x" * 150_000) == ""


FEED = Feed(url="http://x.com/feed")


@pytest.mark.parametrize("digits", ["٢٠٢٦-٠٣-٠٢T14:05:00Z", "２０２６-03-02T14:05:00Z", "Mon, ٠٢ Mar 2026 14:05:00 GMT"])
def test_a_feeds_date_in_other_digits_is_refused_as_in_every_source(digits: str) -> None:
    body = f"<rss version='2.0'><channel><item><title>x</title><pubDate>{digits}</pubDate></item></channel></rss>".encode()
    (entry,) = parse_feed(body, "text/xml; charset=utf-8", FEED.url)
    with pytest.raises(UnusableDateError, match="digits"):
        entry_date(entry["dates"], FEED, "", NOW)


def test_the_first_date_that_is_understood_counts() -> None:
    body = (
        b"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><item><title>x</title>"
        b"<pubDate>some time</pubDate><dc:date>2026-03-02T14:00:00Z</dc:date></item></channel></rss>"
    )
    (entry,) = parse_feed(body, "text/xml", FEED.url)
    assert entry["dates"] == ["some time", PUBLISHED]
    assert entry_date(entry["dates"], FEED, "", NOW) == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert entry_date([], FEED, "", NOW) is None


def test_a_feeds_settings_decide_how_its_dates_are_read() -> None:
    indian = Feed(url="http://x.com/feed", timezone="Asia/Kolkata")
    moment = datetime(2026, 11, 28, 12, 32, 42, tzinfo=UTC)
    assert entry_date(["Sat, 28 Nov 2026 18:02:42 IST"], indian, "", NOW) == moment
    assert entry_date(["Sat, 28 Nov 2026 18:02:42"], indian, "", NOW) == moment
    assert entry_date(["Sat, 28 Nov 2026 18:02:42 IST"], FEED, "en-in", NOW) == moment
    american = Feed(url="http://x.com/feed", time_format="%m/%d/%Y %H:%M", timezone="America/New_York")
    assert entry_date(["11/28/2026 09:30"], american, "", NOW) == datetime(2026, 11, 28, 14, 30, tzinfo=UTC)
    with pytest.raises(UnusableDateError, match="IST"):
        entry_date(["Sat, 28 Nov 2026 18:02:42 IST"], FEED, "en", NOW)
