"""What agencies put around a headline: the scans agree with the patterns they replaced."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from squall.core.headline_marks import without_prefixes, without_signature

PREFIX = re.compile(
    r"^(?:(?:rt\s+@\w+:?|update\s*\d*|wrapup\s*\d*|rpt|corrected|refile|exclusive|breaking|adds|snap|analysis|column|poll)"
    r"\s*[-:–]+\s*|rt\s+@\w+:?\s*)+",
    re.IGNORECASE,
)
SIGNATURE = re.compile(r"(?<!\s)\s+[-–|]\s*(?:[A-Z][\w.]*\s?){1,3}$")
"""What was written as patterns once: right, but slow on hostile text."""

PIECES = ["rt", "RT ", "@a", "@", ":", "-", "–", " ", "  ", "update", "Update ", "12", "3", "rpt", "x", "poll", "adds ", "snap-"]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_prefixes_are_removed_as_the_pattern_removed_them(text: str) -> None:
    assert without_prefixes(text) == PREFIX.sub("", text)


@given(st.text(alphabet="AbZ. -–|é_1\n", max_size=14).map(str.strip))
def test_signatures_are_removed_as_the_pattern_removed_them(text: str) -> None:
    assert without_signature(text) == SIGNATURE.sub("", text)
