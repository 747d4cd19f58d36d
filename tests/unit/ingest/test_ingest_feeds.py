from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.core.records import Kind
from squall.ingest.rss.feed_formats import NotAFeedError, parse_feed
from squall.ingest.rss.feed_list import load_feeds
from squall.ingest.rss.fetch import retry_after
from squall.ingest.rss.markup import plain
from squall.ingest.rss.poll_schedule import LONGEST_BACKOFF, backoff

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
PUBLISHED = int(datetime(2026, 3, 2, 14, tzinfo=UTC).timestamp())


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
def test_what_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="not RSS, Atom or RDF"):
        parse_feed(body, "text/html", "http://x.com/feed")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_plain_text_has_no_tags_and_never_fails(text: str) -> None:
    assert "<b>" not in plain(f"<b>{text}</b>".replace("&", ""))


def test_hostile_markup_is_read_in_linear_time() -> None:
    assert len(plain("<a" * 100_000)) <= 200_000
    assert plain("<script>" + "x" * 150_000) == ""


def test_feeds_come_from_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(
        '[[feeds]]\nurl = "http://A.com:8080/x"\n[[feeds]]\nurl = "https://b.com"\nname = "b"\nkind = "social"\nsymbols = ["X"]\n'
    )
    first, second = load_feeds(path)
    assert (first.source, first.host, first.interval_seconds, first.kind) == ("a.com:8080", "a.com:8080", 300.0, Kind.NEWS)
    assert (second.source, second.kind, second.symbols) == ("b", Kind.SOCIAL, ("X",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "feeds"),
        ("[[feeds", "feeds.toml"),
        ("[[feeds]]", "url"),
        ('[[feeds]]\nurl = "file:///etc/passwd"', "http or https"),
        ('[[feeds]]\nurl = "http://a"\nintervall = 5', "intervall"),
        ('[[feeds]]\nurl = "http://a"\ninterval_seconds = 0', "interval_seconds"),
        ('[[feeds]]\nurl = "http://a"\n[[feeds]]\nurl = "http://a"', "more than once"),
    ],
)
def test_a_wrong_list_is_named_with_its_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load_feeds(path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_feeds(tmp_path / "none.toml")


def test_backing_off_doubles_to_an_hour_with_jitter_and_honours_the_server() -> None:
    pauses = [backoff(60, failures, None, Random(1)) for failures in range(1, 12)]
    assert all(0.75 * min(3600, 60 * 2**n) <= pause <= min(3600, 60 * 2**n) for n, pause in enumerate(pauses, 1))
    assert max(pauses) <= LONGEST_BACKOFF
    assert backoff(60, 1, 7200, Random(1)) == 7200
    assert backoff(60, 10**6, None, Random(1)) <= LONGEST_BACKOFF
    assert backoff(86_400, 1, None, Random(1)) <= 86_400


def test_retry_after_as_seconds_or_date() -> None:
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert retry_after("120", now) == 120
    assert retry_after("Mon, 02 Mar 2026 14:01:00 GMT", now) == 60
    assert retry_after("Mon, 02 Mar 2026 13:00:00 GMT", now) == 0
    assert retry_after("9" * 500, now) == 86_400
    assert retry_after("soon", now) is None
