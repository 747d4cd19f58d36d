from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from squall.ingest.links import link_key, trimmed

GBK = "http://finance.sina.com.cn/s?q=%D6%D0%B9%FA&id=7"


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/a?a=1&copy=3",
        "https://example.com/#!/story/17",
        "https://example.com/live#block-64a",
        "https://example.com/a?ref=markets",
        "https://example.com/a?source=rss&id=7",
        "https://Example.COM:443/A?b=%20c&d=e+f&&g",
        "https://example.com/?",
        "https://example.com/a?q=ü#ä=1",
        "http://[::1]:8080/a?b=",
        "http://[broken?utm_source=x",
        "no link, utm_source=1",
        GBK,
    ],
)
def test_what_names_the_page_stays_byte_for_byte(link: str) -> None:
    assert trimmed(link) == link


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://x.com/A/b?id=7&utm_source=x&FBCLID=y#top", "https://x.com/A/b?id=7#top"),
        ("https://x.com/a?utm_medium=rss&utm_campaign=b", "https://x.com/a"),
        ("https://x.com/a?gclid=1&q=%D6%D0&msclkid=2", "https://x.com/a?q=%D6%D0"),
        ("https://x.com/a#utm_source=rss&utm_medium=feed", "https://x.com/a"),
        ("https://x.com/a#xtor=RSS-1", "https://x.com/a"),
        ("https://www.bbc.co.uk/news/a?at_medium=RSS&at_campaign=rss", "https://www.bbc.co.uk/news/a"),
        ("https://user:secret@x.com/a?b", "https://x.com/a?b"),
        (" https://x.com/\na ", "https://x.com/a"),
    ],
)
def test_what_only_tracks_the_reader_goes(link: str, expected: str) -> None:
    assert trimmed(link) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/#!/a", "https://example.com/#!/b"),
        ("https://example.com/a?ref=1", "https://example.com/a?ref=2"),
        (GBK, GBK.replace("%FA", "%FB")),
        ("https://example.com/a?b=%2B", "https://example.com/a?b=+"),
        ("https://example.com/a", "https://example.com/A"),
    ],
)
def test_links_of_two_pages_have_two_keys(one: str, other: str) -> None:
    assert link_key(one) != link_key(other)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTPS://News.Example.COM:443/A/b?id=7&utm_source=x&fbclid=y", "https://news.example.com/A/b?id=7"),
        ("http://example.com:8080/a?b=", "http://example.com:8080/a?b="),
        ("http://example.com/a?q=a b,c%2Cd&e", "http://example.com/a?q=a+b%2Cc%2Cd&e="),
        ("http://example.com/a?q=ü", "http://example.com/a?q=%C3%BC"),
        ("http://user:secret@example.com/a", "http://example.com/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://example.com:99999/a", "http://example.com/a"),
        ("http://[broken", "http://[broken"),
        ("no url", "no url"),
        ("", ""),
    ],
)
def test_the_keys_of_ordinary_links_are_those_that_stored_documents_have(url: str, key: str) -> None:
    assert link_key(url) == key


@given(st.text())
@example("\x1b\xa00")
@example("0\xa0?")
def test_trimming_and_comparing_settle(link: str) -> None:
    for text in (link, f"http://{link}", f"https://example.com/?q={link}&utm_source=a"):
        once = trimmed(text)
        assert trimmed(once) == once
        assert link_key(once) == link_key(text)


@given(st.from_regex(r"\A[a-z0-9.-]{1,8}(/[!$-;=?A-Z_a-z~#%@\[\]^|é ]{0,12})?\Z"))
def test_a_link_without_query_and_port_has_the_key_of_the_same_link_with_its_port(rest: str) -> None:
    host, slash, path = rest.partition("/")
    assert link_key(f"https://{host}{slash}{path}") == link_key(f"https://{host}:443{slash}{path}")
