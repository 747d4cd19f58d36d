from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.cleaning.markup import plain
from squall.ingest.publication_time import TimeFormatError, parse_time
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


def test_rss_atom_and_rdf_give_the_same_fields() -> None:
    rss, undated = parse_feed(RSS, "application/rss+xml", "http://x.com/feed")
    assert rss["title"] == "Bank & fails"
    assert rss["text"] == "It did"
    assert (rss["id"], rss["url"], rss["language"], rss["published_at"]) == ("g1", "http://x.com/a", "en-us", PUBLISHED)
    assert "published_at" not in undated
    (atom,) = parse_feed(ATOM, "application/atom+xml", "http://x.com/feed")
    assert (atom["title"], atom["text"], atom["author"], atom["url"]) == ("Bank fails", "Body", "Ann", "http://x.com/a")
    assert atom["published_at"] == PUBLISHED
    (rdf,) = parse_feed(RDF, "text/xml", "http://x.com/feed")
    assert (rdf["title"], rdf["published_at"]) == ("Bank fails", PUBLISHED)


@pytest.mark.parametrize(
    "body",
    [b"", b"<!doctype html><html><body><p>Sign in</p></body></html>", b"{}", b"\x00\xff" * 50, b"http://127.0.0.1:9/feed", b"/etc/passwd"],
)
def test_a_body_that_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="not RSS, Atom or RDF"):
        parse_feed(body, "text/html", "http://x.com/feed")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_plain_text_has_no_tags_and_never_fails(text: str) -> None:
    assert "<b>" not in plain(f"<b>{text}</b>".replace("&", ""))


def test_hostile_markup_is_read_in_linear_time() -> None:
    assert len(plain("<a" * 100_000)) <= 200_000
    assert plain("<script>" + "x" * 150_000) == ""


@pytest.mark.parametrize("digits", ["٢٠٢٦-٠٣-٠٢T14:05:00Z", "２０２６-03-02T14:05:00Z", "Mon, ٠٢ Mar 2026 14:05:00 GMT"])
def test_a_feeds_date_in_other_digits_is_rejected_as_in_every_source(digits: str) -> None:
    body = f"<rss version='2.0'><channel><item><title>x</title><pubDate>{digits}</pubDate></item></channel></rss>".encode()
    (entry,) = parse_feed(body, "text/xml; charset=utf-8", "http://x.com/feed")
    with pytest.raises(TimeFormatError):
        parse_time(entry["published_at"], UTC)


def test_a_feeds_date_in_the_year_9999_is_said_to_be_in_that_year() -> None:
    body = b"<rss version='2.0'><channel><item><title>x</title><pubDate>9999-01-02T14:05:00Z</pubDate></item></channel></rss>"
    (entry,) = parse_feed(body, "text/xml", "http://x.com/feed")
    assert entry["published_at"] == "9999-01-02T14:05:00Z"
