"""The case of words, for encoders whose vocabulary has none: without it, "apple" and "Apple" are one token.

The case travels inside the token id, as id + vocabulary · case: so every backend takes one number per token, and a token without a case
keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_LEAST_LETTERS = 8
"""A text of fewer letters, all upper-case, may be a name rather than a headline in capitals."""


class Case(IntEnum):
    """How a token's word is written."""

    NONE = 0
    """No letters, or letters without case."""
    LOWER = 1
    TITLE = 2
    UPPER = 3
    MIXED = 4
    SHOUT = 5
    """The whole text is in capitals, so that they say nothing of the word."""


def with_case(ids: Sequence[int], offsets: Sequence[tuple[int, int]], text: str, vocabulary: int) -> list[int]:
    """Return `ids` with the case of each token's word in them.

    Args:
        ids: token ids, below `vocabulary`.
        offsets: start and end of each token in `text`; empty for special tokens.
        text: what was tokenised.
        vocabulary: number of ids.
    """
    shout = text.isupper() and sum(map(str.isalpha, text)) >= _LEAST_LETTERS
    found, position, tokens = list(ids), 0, len(offsets)
    for match in _WORD.finditer(text):
        begin, stop = match.span()
        added = vocabulary * _case(match.group(), shout)
        while position < tokens and offsets[position][1] <= begin:
            position += 1
        while position < tokens and offsets[position][0] < stop:
            start, end = offsets[position]
            if start < end:
                found[position] += added
            position += 1
    return found


@lru_cache(1 << 14)  # as many words make up nearly all of a day's news
def _case(word: str, shout: bool) -> Case:
    if word.islower():
        return Case.LOWER
    if shout:
        return Case.SHOUT if word.isupper() else Case.NONE
    if word.isupper():
        return Case.UPPER if len(word) > 1 else Case.TITLE
    if word.istitle():
        return Case.TITLE
    return Case.MIXED if word.lower() != word.upper() else Case.NONE
