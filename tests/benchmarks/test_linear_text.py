"""Functions that take foreign text need time in proportion to its length, whatever it holds: ratios of measurements of one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from squall.alerts.notification.sanitize import one_line, safe_link
from squall.core.cleaning.markup import plain, without_hidden, without_tags
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.display import spreadsheet_cell, visible, visible_lines
from squall.core.headline_marks import without_prefixes, without_signature
from squall.core.matchers import fits, parse
from squall.core.net.addresses import redact_url, redact_urls_in, redact_webhook_url
from squall.core.net.redaction import redact_secrets_in
from squall.core.text import MAX_TEXT_CHARS, cashtags, clean, clean_name, fingerprint, normalise
from squall.entities.catalogue.listings import symbol_forms
from squall.entities.linking.folding import fold
from squall.entities.linking.tickers import ticker_forms
from squall.entities.names import name_key, short_forms
from squall.ingest.cursors import CursorStore
from squall.ingest.fields import symbols_of
from squall.ingest.links import link_key, trimmed
from squall.ingest.rss.ampersands import escaped
from squall.ingest.rss.entry_split import split_feed
from squall.ingest.rss.fetch import retry_after
from squall.model.case import with_case
from squall.model.data.mentions.words import words_of
from squall.model.data.near_duplicates import group_key
from squall.model.excerpt.sentences import sentences
from squall.model.excerpt.word_weights import shipped_weights
from squall.model.preprocess import prepare, prepare_aligned
from squall.model.spans import first_places
from squall.stream.entity_tones import places_of
from tests.support.linkers import shipped

MOST = 8.0
"""Four times the text takes four times as long where the time is linear and 16 times where it is quadratic; this is the middle. Twice the
text is too little to tell: where it no longer fits a processor's cache, it takes up to 1.5 times as long per character."""
HOSTILE = (
    lambda n: "b - " + "A" * n + "!",
    lambda n: "b - " + "A " * (n // 2),
    lambda n: "b" + " " * n + "-!",
    lambda n: "update" + " " * n + "x",
    lambda n: "update " * (n // 7),
    lambda n: "rt @x" * (n // 5),
    lambda n: "rt" + " " * n + "x",
    lambda n: "$" * n,
    lambda n: "http://" * (n // 7),
    lambda n: "http://a?" + "utm_a=1&" * (n // 8),
    lambda n: "<!--" * (n // 4),
    lambda n: "<!" * (n // 2),
    lambda n: "<a " * (n // 3),
    lambda n: "<script" + " " * n,
    lambda n: "<script>" + "</script " * (n // 9),
    lambda n: "&#" * (n // 2),
    lambda n: "\ud800" * n,
    lambda n: "é́" * (n // 2),
    lambda n: "a://" * (n // 4),
    lambda n: "https://u:" + "p@" * (n // 2),
    lambda n: "https://h/" + ":@" * (n // 2),
    lambda n: "https://h/?" + "k=v&" * (n // 4),
    lambda n: ("&#" + "9" * 900) * (n // 902),
    lambda n: "&#9" * (n // 3),
    lambda n: "<A" * (n // 2),
    lambda n: "\x1b[2J" * (n // 4),
    lambda n: ",A" * (n // 2),
    lambda n: "2026-" * (n // 5),
)


def prepared(text: str) -> object:
    """What the model reads of it, by both ways."""
    return prepare(text, len(text)), prepare_aligned(text, len(text))


def cased(text: str) -> object:
    """The case of its tokens, where each character is one; and where two names stand in it."""
    return with_case([1] * len(text), characters(len(text)), text, 2), first_places(text, [text[:2], "aa"])


@lru_cache(maxsize=8)
def characters(length: int) -> list[tuple[int, int]]:
    """The place of each character: made once, because allocating so many objects takes more than twice as long for twice as many."""
    return [(i, i + 1) for i in range(length)]


def excerpted(text: str) -> object:
    """Its sentences, and how grave they sound."""
    weights = shipped_weights()
    return [weights.severity(text[start:end]) for start, end in sentences(text)]


def asked(text: str) -> object:
    """The places of names that a caller gives with it."""
    return places_of([text[:200] or "a", "a", "aa", "b - ", "ÿ"], text)


def matched(text: str) -> object:
    """A silence's pattern against a name of 200 characters, a pattern of stars and one that backtracks elsewhere against the text."""
    return fits(text[:200], "ab" * 100), fits("*a*b?" * 20, text), parse("topic=~(.*a|b?)+x").matches_value(text)


def dated(text: str) -> object:
    """As a time, with and without a format."""
    for time_format in ("", "%Y-%m-%d %H:%M:%S"):
        with suppress(TimeFormatError):
            parse_time(text, UTC, time_format)


def symbols(text: str) -> object:
    """As a list of symbols."""
    return symbols_of({"symbols": text})


def linked(text: str) -> object:
    """The entities that it names; also when the network marks every third word."""
    return shipped().link(text), shipped().link(text, names=[(at, at + 6, "ORG") for at in range(0, len(text) - 6, 9)])


def cursor_path(text: str) -> object:
    """As the name of a cursor."""
    return CursorStore(Path("cursors")).path(text)


HOSTILE_NAMES = (
    lambda n: "Apple " * (n // 6),
    lambda n: "Target, Gap and Next " * (n // 21),
    lambda n: "$AAPL " * (n // 6),
    lambda n: "$ZZQX" * (n // 5),
    lambda n: "GE (NYSE: GE) " * (n // 14),
    lambda n: "(NYSE: " * (n // 7),
    lambda n: "NYSE :" + " " * n,
    lambda n: "[A<A.B(A" * (n // 8),
    lambda n: "A.B." * (n // 4),
    lambda n: "Bank of America Merrill Lynch " * (n // 30),
    lambda n: "bank of " * (n // 8),
    lambda n: "&amp;" * (n // 5),
    lambda n: "AT&amp;T  " * (n // 9),
    lambda n: "Nestle\u0301 " * (n // 8),
    lambda n: "a\u200b" * (n // 2),
    lambda n: "Goldman, " * (n // 9),
    lambda n: "investor " + "a" * n,
    lambda n: "Lehman Brothers Foo " * (n // 20),
    lambda n: "-" * n + "Reuters",
    lambda n: "By A\nOSLO (Reuters) - " * (n // 21),
    lambda n: "(Reporting by " * (n // 14),
    lambda n: "Tesla 1.2 " * (n // 10),
    lambda n: "HSBC says " * (n // 10),
    lambda n: "Goldman, UBS cut " * (n // 17),
    lambda n: "ABCD " * (n // 5),
    lambda n: "苹果" * (n // 2),
    lambda n: "가은" * (n // 2),
    lambda n: "ข่" * (n // 2),
    lambda n: "Barclays Foo League " * (n // 20),
)
"""Made for what finds names."""


HOSTILE_REPLIES = (
    lambda n: "<style></script>" * (n // 16),
    lambda n: "</script" + " " * n,
    lambda n: "<item>" * (n // 6),
    lambda n: "<item><![CDATA[" * (n // 15),
    lambda n: "</item" + " " * n,
    lambda n: "<" + "a" * n + ":item>",
    lambda n: "9" * n,
    lambda n: "Mon, 02 Mar 2026 " + "9:" * (n // 2),
    lambda n: "&#" + "9" * n,
    lambda n: "\x1b" * n,
    lambda n: " \u200b" * (n // 2),
)
"""Made for what reads feeds and replies."""


def retry_after_header(text: str) -> float | None:
    return retry_after(text, datetime(2026, 3, 2, tzinfo=UTC))


def split_body(text: str) -> object:
    return split_feed(text.encode("utf-8", "replace"), "text/xml; charset=utf-8")


def escaped_body(text: str) -> object:
    return escaped(text.encode("utf-8", "replace"))


MARKUP: tuple[Callable[[str], object], ...] = (plain, without_tags, without_hidden)
REPLIES: tuple[Callable[[str], object], ...] = (one_line, safe_link, retry_after_header, split_body, escaped_body)
NAMES: tuple[Callable[[str], object], ...] = (linked, fold, ticker_forms)
FUNCTIONS: tuple[Callable[[str], object], ...] = (
    *(clean, normalise, fingerprint, cashtags, trimmed, link_key, without_prefixes, without_signature),
    *(clean_name, redact_url, redact_webhook_url, redact_urls_in, redact_secrets_in, visible, visible_lines, spreadsheet_cell),
    *(group_key, prepared, cased, words_of, matched, dated, symbols, cursor_path),
    *(name_key, short_forms, symbol_forms, asked, excerpted),
    *(*MARKUP, *REPLIES, *NAMES),
)


def seconds(function: Callable[[str], object], text: str, repeats: int) -> float:
    """The least of some runs, each long enough to be measured."""
    best = float("inf")
    for _ in range(repeats):
        began, runs = time.process_time(), 0
        while (spent := time.process_time() - began) < 0.002:
            function(text)
            runs += 1
        best = min(best, spent / runs)
    return best


def ratio_of(function: Callable[[str], object], long: str, short: str) -> float:
    """How many times as long `long` takes as `short`; on a busy machine one measurement may be wrong, so one that looks bad is repeated."""
    of_long, of_short = seconds(function, long, 1), seconds(function, short, 2)
    for repeats in (2, 3, 5, 8):
        if of_long / of_short < MOST:
            break
        of_long, of_short = min(of_long, seconds(function, long, repeats)), min(of_short, seconds(function, short, repeats))
    return of_long / of_short


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_four_times_the_text_takes_less_than_eight_times_as_long(function: Callable[[str], object]) -> None:
    longest = 199_900 if function in MARKUP + REPLIES else MAX_TEXT_CHARS - 100
    texts = (
        HOSTILE + HOSTILE_NAMES
        if function in NAMES
        else HOSTILE_REPLIES
        if function in REPLIES
        else HOSTILE + HOSTILE_REPLIES
        if function in MARKUP
        else HOSTILE
    )
    for number, hostile in enumerate(texts):
        found = ratio_of(function, hostile(longest), hostile(longest // 4))
        assert found < MOST, f"hostile text {number}: {found:.2f}"


def test_a_function_of_quadratic_time_is_found() -> None:
    def quadratic(text: str) -> object:
        return [text.count("b", at) for at in range(0, len(text), 50)]

    assert ratio_of(quadratic, "a" * 20_000, "a" * 5_000) > MOST
