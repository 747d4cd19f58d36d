"""Functions that take foreign text need time in proportion to its length, whatever it holds: ratios of measurements of one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from squall.core.headline_marks import without_prefixes, without_signature
from squall.core.text import MAX_TEXT_CHARS, canonical_url, cashtags, clean, fingerprint, normalise
from squall.ingest.rss.markup import plain, without_tags

MOST = 2.5
"""Twice the text takes twice as long where the time is linear, four times where it is quadratic, eight where it is cubic."""
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
)
FUNCTIONS: tuple[Callable[[str], object], ...] = (
    *(clean, normalise, fingerprint, cashtags, canonical_url, without_prefixes, without_signature),
    *(plain, without_tags),
)


def seconds(function: Callable[[str], object], text: str) -> float:
    """The least of three runs, each long enough to be measured."""
    best = float("inf")
    for _ in range(3):
        began, runs = time.process_time(), 0
        while (spent := time.process_time() - began) < 0.02:
            function(text)
            runs += 1
        best = min(best, spent / runs)
    return best


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_twice_the_text_takes_less_than_two_and_a_half_times_as_long(function: Callable[[str], object]) -> None:
    """A ratio of two measurements of one run: linear is 2, quadratic 4, cubic 8."""
    longest = 200_000 if function in (plain, without_tags) else MAX_TEXT_CHARS - 100
    for number, hostile in enumerate(HOSTILE):
        ratios = []
        for _ in range(3):  # a busy machine disturbs one measurement, not three
            ratios.append(seconds(function, hostile(longest)) / seconds(function, hostile(longest // 2)))
            if ratios[-1] < MOST:
                break
        assert min(ratios) < MOST, f"hostile text {number}: {ratios}"
