"""The case of words inside token ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.model.case import Case, with_case

VOCABULARY = 100


def _cases(text: str) -> list[Case]:
    """The case of each word of a text, one token per word."""
    offsets, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        offsets.append((at, at + len(word)))
        at += len(word)
    return [Case(found // VOCABULARY) for found in with_case([7] * len(offsets), offsets, text, VOCABULARY)]


@pytest.mark.parametrize(
    ("text", "cases"),
    [
        ("Lehman falls", [Case.TITLE, Case.LOWER]),
        ("IBM beats eBay by 12 %", [Case.UPPER, Case.LOWER, Case.MIXED, Case.LOWER, Case.NONE, Case.NONE]),
        ("ECB RAISES RATES", [Case.SHOUT] * 3),
        ("IBM", [Case.UPPER]),
        ("A bank", [Case.TITLE, Case.LOWER]),
        ("日本 Nikkei", [Case.NONE, Case.TITLE]),
    ],
)
def test_a_token_has_the_case_of_its_word(text: str, cases: list[Case]) -> None:
    assert _cases(text) == cases


def test_each_piece_of_a_word_has_the_case_of_the_whole_and_special_tokens_have_none() -> None:
    text = "Wachovia fell"
    found = with_case([1, 2, 3, 4, 5], [(0, 0), (0, 2), (2, 8), (9, 13), (0, 0)], text, VOCABULARY)
    assert [number // VOCABULARY for number in found] == [Case.NONE, Case.TITLE, Case.TITLE, Case.LOWER, Case.NONE]
    assert [number % VOCABULARY for number in found] == [1, 2, 3, 4, 5]


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(list("ABab12 .ßǆΣ"))), max_size=60))
def test_any_text_keeps_its_ids(text: str) -> None:
    offsets = [(i, i + 1) for i in range(len(text))]
    found = with_case([5] * len(text), offsets, text, VOCABULARY)
    assert all(number % VOCABULARY == 5 and number // VOCABULARY in set(Case) for number in found)
