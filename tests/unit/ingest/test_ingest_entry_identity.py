from __future__ import annotations

from typing import Any

import xxhash

from squall.ingest.rss.entry_identity import identified
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.rss.parser.pool import Entry

FEED = "https://example.com/markets.xml"


def entry(guid: str = "", link: str = "", title: str = "", text: str = "") -> Entry:
    return Entry({"id": guid, "url": link, "title": title, "text": text})


def delivered(state: FeedState, *entries: Entry) -> list[str]:
    """Poll, and return the titles of what is new."""
    new = state.undelivered(entries)
    state.delivered.update((each.key, each.digest) for each in new)
    return [each.entry.fields["title"] for each in new]


def native_ids(*entries: Entry, feed: str = FEED) -> list[str]:
    return [each.native_id for each in identified(entries, feed, {})]


def old_cursor(*keys: str) -> dict[str, Any]:
    return {"etag": "", "modified": "", "seen": [xxhash.xxh3_128_hexdigest(key.encode()) for key in keys]}


def test_a_guid_that_is_unique_everywhere_is_the_id_and_the_link_does_not_count() -> None:
    for guid in ("https://example.com/?p=7", "urn:uuid:1", "tag:example.com,2026:1", "1294032485769302017", "7 at https://example.com"):
        assert native_ids(entry(guid, "https://example.com/a")) == [guid]


def test_a_short_guid_counts_with_its_link_and_without_one_in_its_feed() -> None:
    one, other = native_ids(entry("1", "https://example.com/a"), entry("1", "https://example.com/b"))
    assert one != other
    assert native_ids(entry("1")) == native_ids(entry("1"))
    assert native_ids(entry("1")) != native_ids(entry("1"), feed="https://example.com/politics.xml")


def test_entries_with_one_placeholder_for_a_guid_are_told_apart() -> None:
    for guid in ("N/A", "null", "0", "https://example.com/"):
        for link in ("", "https://example.com/"):
            state = FeedState(Feed(url=FEED))
            entries = [entry(guid, link, f"Story {number}") for number in range(10)]
            assert len(delivered(state, *entries)) == 10
            assert delivered(state, *entries) == []
            assert delivered(state, entry(guid, link, "Story 11"), *entries[:3]) == ["Story 11"]


def test_entries_that_differ_in_their_text_only_are_two() -> None:
    assert len(delivered(FeedState(Feed(url=FEED)), entry("x", "l", "Update", "a"), entry("x", "l", "Update", "b"))) == 2


def test_an_entry_that_is_in_the_feed_twice_is_one() -> None:
    assert delivered(FeedState(Feed(url=FEED)), entry("x", "l", "a"), entry("x", "l", "a")) == ["a"]


def test_an_entry_delivered_before_its_guid_was_found_out_does_not_come_again() -> None:
    state = FeedState(Feed(url=FEED))
    first, second = (
        entry("https://example.com/", "https://example.com/1", "One"),
        entry("https://example.com/", "https://example.com/2", "Two"),
    )
    assert delivered(state, first) == ["One"]
    assert delivered(state, second, first) == ["Two"]
    restarted = FeedState(Feed(url=FEED))
    restarted.restore(state.cursor())
    assert delivered(restarted, second, first) == []
    assert delivered(restarted, entry("https://example.com/", "https://example.com/3", "Three")) == ["Three"]


def test_a_guid_that_counts_positions_loses_no_story() -> None:
    state = FeedState(Feed(url=FEED))
    assert delivered(state, entry("1", "https://example.com/a", "A")) == ["A"]
    assert delivered(state, entry("1", "https://example.com/b", "B"), entry("2", "https://example.com/a", "A")) == ["A", "B"]


def test_what_the_version_before_delivered_does_not_come_again() -> None:
    entries = [
        entry("1", "https://example.com/a", "A"),
        entry("2", "", "B"),
        entry("", "https://example.com/c?utm_source=rss", "C"),
        entry("", "", "D", "text"),
        entry("https://example.com/e", "https://example.com/e", "E"),
    ]
    state = FeedState(Feed(url=FEED))
    state.restore(old_cursor("1", "https://example.com/2", "https://example.com/c?utm_source=rss", "D\x1ftext", "https://example.com/e"))
    assert delivered(state, *entries, entry("3", "https://example.com/new", "New")) == ["New"]
    assert delivered(state, entry("1", "https://example.com/other", "Other")) == ["Other"]


def test_a_cursor_of_another_form_is_no_error() -> None:
    state = FeedState(Feed(url=FEED))
    state.restore({"seen": {"a": 1, "b": "c"}, "weak": 7})
    assert (state.delivered, state.weak) == ({"b": "c"}, {})
