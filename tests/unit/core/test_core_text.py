"""Identity of texts: copies meet, different stories don't."""

from __future__ import annotations

import time

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from squall.core.text import cashtags, clean, document_id, fingerprint, normalise

STORY = "Acme Corp cuts full-year forecast after recall of 40% of its pumps"


@pytest.mark.parametrize(
    "copy",
    [
        STORY.upper(),
        f"UPDATE 1-{STORY}",
        f"UPDATE 12 - {STORY}",
        f"EXCLUSIVE-UPDATE 2-{STORY}",
        f"BREAKING: {STORY}",
        f"RT @newsdesk: {STORY}",
        f"RT @a: RT @b: {STORY}",
        f"{STORY} - Reuters",
        f"{STORY} | Financial Times",
        f"{STORY} – The Wall Street",
        f"{STORY} https://t.co/abc123",
        f"  {STORY}!  ",
        STORY.replace(" ", "  "),
    ],
)
def test_a_copy_of_a_story_has_its_fingerprint(copy: str) -> None:
    assert fingerprint(copy) == fingerprint(STORY)


@pytest.mark.parametrize(
    "other",
    [
        "Acme Corp raises full-year forecast after recall of 40% of its pumps",
        STORY.replace("40%", "4%"),
        STORY.replace("Acme", "Apex"),
        "Fed holds rates",
        "",
    ],
)
def test_another_story_has_another_fingerprint(other: str) -> None:
    assert fingerprint(other) != fingerprint(STORY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Apple shares +3.2% today", "Apple shares −3.2% today"),
        ("Apple shares +3.2% today", "Apple shares 3.2% today"),
        ("Loss of $-5m at Ford", "Loss of $5m at Ford"),
        ("Revenue > estimates at Ford", "Revenue < estimates at Ford"),
        ("Ford: EPS >= 3", "Ford: EPS <= 3"),
        ("S&P cuts Italy to BBB+", "S&P cuts Italy to BBB-"),
        ("Apple moves 3%", "Apple moves 3"),
        ("Apple 🚀", "Apple 📉"),
        ("Apple ↑ Ford ↓", "Apple ↓ Ford ↑"),
        ("▲ Apple moves", "▼ Apple moves"),
        ("EU fines Apple €5bn", "EU fines Apple £5bn"),
        ("Tesla bankrupt?", "Tesla bankrupt"),
        ("トヨタ株 ＋3.2%", "トヨタ株 －3.2%"),
        ("Sony profit ＞ 5bn", "Sony profit ＜ 5bn"),
        ("Acme Q3 EPS $(0.05) misses", "Acme Q3 EPS $0.05 misses"),
        ("Acme Q3 EPS ($0.05) misses", "Acme Q3 EPS $0.05 misses"),
        ("Acme margin (5.2%) in Q3", "Acme margin 5.2% in Q3"),
        ("Apple moves .5% today", "Apple moves 5% today"),
        ("My Apple shares :)", "My Apple shares :("),
        ("Acme results == forecast this year", "Acme results != forecast this year"),
        ("Acme results = forecast this year", "Acme results != forecast this year"),
    ],
)
def test_a_sign_that_changes_the_meaning_changes_the_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Apple shares −3.2% today", "Apple shares -3.2% today"),
        ("Apple 🚀🚀🚀 ❤️", "Apple 🚀 ❤"),
        ("Ford <F.N> falls on weak sales", "Ford F.N falls on weak sales"),
        ("UPDATE 1-Ford falls -3% on weak sales", "Ford falls -3% on weak sales - Reuters"),
        ("トヨタ株 －3.2%", "トヨタ株 -3.2%"),
        ("Ford (F) and GM (General Motors) fall in 2026", "Ford F and GM General Motors fall in 2026"),
        ("Ford, GM - a long-awaited tie-up in 2025-26", "Ford GM a long awaited tie up in 2025 26"),
    ],
)
def test_how_a_sign_is_written_does_not(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_texts_without_signs_keep_the_fingerprints_that_are_stored() -> None:
    assert fingerprint(STORY) == xxhash.xxh3_64_intdigest(b"acme corp cuts full year forecast after recall of 40% of its pumps")
    assert fingerprint("word " * 30 + "+3%") == fingerprint("word " * 24)


def test_texts_without_words_do_not_share_one_fingerprint() -> None:
    assert fingerprint("🚀🚀") != fingerprint("!!!")


def test_a_word_that_only_looks_like_a_wire_prefix_stays() -> None:
    assert normalise("Update on Acme") == "update on acme"
    assert normalise("Analysis of the pump market") == "analysis of the pump market"


@given(st.text())
def test_every_text_has_a_64_bit_fingerprint_that_does_not_change(text: str) -> None:
    assert 0 <= fingerprint(text) < 2**64
    assert fingerprint(text) == fingerprint(text)


@pytest.mark.parametrize(
    "hostile",
    ["a" + " " * 10_000 + "b", " - A" * 2_500 + " b!", "rt @a: " * 1_400, "UPDATE 1-" * 1_100, "-" * 10_000, "http://" * 1_400],
    ids=["spaces", "suffixes", "retweets", "updates", "dashes", "links"],
)
def test_hostile_texts_take_no_more_than_moments(hostile: str) -> None:
    started = time.process_time()
    fingerprint(hostile)
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$AAPL up, $tsla down, $AAPL again", ("AAPL", "TSLA")),
        ("$BRK.B and ($GOOG) and $F.", ("BRK.B", "GOOG", "F")),
        ("costs $5, $5M, US$AAPL, $TOOLONG, $$AAPL, $", ()),
    ],
)
def test_cashtags_are_found_and_prices_are_not(text: str, found: tuple[str, ...]) -> None:
    assert cashtags(text) == found


def test_an_identity_is_128_bit_hex_of_source_and_key() -> None:
    assert document_id("wire", "1") == document_id("wire", "1")
    assert len({document_id("wire", "1"), document_id("wire", "2"), document_id("wire1", ""), document_id("other", "1")}) == 4
    assert len(document_id("wire", "\ud800")) == 32


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_clean_keeps_to_the_limit_and_is_idempotent(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert len(once) <= limit
    assert clean(once, limit) == once


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_cleaning_leaves_text_without_control_characters_and_surrogates_as_it_is(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert clean(cleaned, limit) == cleaned
    assert not any(ord(c) in range(0xD800, 0xE000) or (ord(c) < 32 and c not in "\t\n\r") or c == "\x7f" for c in cleaned)
