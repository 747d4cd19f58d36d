"""Sentences of news: where they end, and where they only seem to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.model.excerpt.sentences import LONGEST, sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. Treasury sold bonds.",
        "Profit at Microsoft Corp. rose.",
        "Apple Inc. Chief Tim Cook left.",
        "It made $3.5 bln. on sales of $12.1 bln.",
        "It is No. 2 in Europe.",
        "Shares of J. P. Morgan and George W. Bush fell.",
        "Mr. Cook met Dr. No and St. Jude vs. Rolls.",
        "It reports on Jan. 5 and on Sept. 30.",
        "It ended at 5 p.m. in London.",
        "The price, e.g. of gold, rose ... and fell",
        "One sentence\nthat wraps over\nthree lines.",
    ],
)
def test_a_dot_that_ends_no_sentence_parts_none(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        ["Apple fell.", "Google rose!", "Why?", "Nobody knows…", "So what?!"],
        ["It left the U.S.", "The unit stays."],
        ["He works for Apple Inc.", "It makes phones."],
        ['He said: "No."', '"Yes," said she.', "(They agreed.)", "All left."],
        ["Answer no.", "Prices fell."],
        ["It fell 3.5%.", "47 workers were hurt."],
        ["It rose in Jan.", "Prices fell in Feb.", "Then it ended."],
    ],
)
def test_a_sentence_ends_where_the_next_begins(text: list[str]) -> None:
    assert split(" ".join(text)) == text


def test_the_end_of_a_line_ends_a_title_and_a_blank_line_a_paragraph() -> None:
    assert split("Apple falls\nShares fell\n\nof the maker\r\n\r\n  It is late") == [
        "Apple falls",
        "Shares fell",
        "of the maker",
        "It is late",
    ]


def test_chinese_sentences_end_without_a_space() -> None:
    assert split("苹果公司破产。股价下跌！为什么？没人知道") == ["苹果公司破产。", "股价下跌！", "为什么？", "没人知道"]


def test_a_text_without_ends_is_parted_at_commas_or_between_words() -> None:
    words = split("gold rises " * 200)
    assert len(words) > 5
    assert all(len(part) <= LONGEST + len("rises") + 1 for part in words)
    clauses = split("gold rises and silver falls as traders wait for news, " * 30)
    assert all(part.endswith(",") for part in clauses)


@given(st.text(alphabet='Aa b.\n!"U。,1\u2003é', max_size=900))
def test_together_they_hold_every_word_in_order(text: str) -> None:
    places = sentences(text)
    assert all(start < end for start, end in places)
    assert all(left[1] <= right[0] for left, right in pairwise(places))
    assert "".join("".join(text[start:end].split()) for start, end in places) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in places)
