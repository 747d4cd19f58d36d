"""A headline as stories compare it: its terms, its names, which way things move, and signed numbers.

Agencies write one thing in many ways: `$158 mln` and `$158 million`, `19 pct` and `19 percent`, `govt` and `government`. Terms are words
in one form for all of these. Everything here takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from squall.core.headline_marks import without_prefixes
from squall.stories.vocabulary import DOWN, MARKS, SAME_WORD, STOP, UNITS, UP

MOST_CHARACTERS: Final = 400
"""Of a longer text the beginning identifies the story."""
MOST_TERMS: Final = 32
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"(?:(?<![\w.,%])[+\-−])?[$€£¥]?\d+(?:[.,]\d+)*%?"  # a number, with its sign where nothing stands before it
    r"|(?:[^\W\d_]\.){2,}"  # U.S.
    r"|[^\W\d_]+(?:[’'&][^\W\d_]+)*"
)
_MOST_WORDS: Final = 65_536
"""Words whose term is kept: the vocabulary of a week of headlines."""
_NONE: Final[frozenset[str]] = frozenset()
"""One for all: most headlines have no numbers, and each empty set takes 216 bytes."""
_RISES: Final = "up"
_FALLS: Final = "down"
_CURRENCIES: Final = "$€£¥"
_SIGNS: Final = "+-−"


@dataclass(frozen=True, slots=True)
class Headline:
    """What of a headline is compared.

    Args:
        terms: words and numbers in one form, distinct, in order of appearance.
        numbers: of the terms, those that are numbers with a unit (`%158`, `m158`).
        plain_numbers: of the terms, the other numbers: dates, places in a row.
        signs: number without its sign → +1 or −1, of numbers that have one.
        direction: +1 if all that moves in it rises, −1 if all falls, 0 if neither or both.
        names: ids of the names it is about, sorted.
    """

    terms: tuple[str, ...]
    numbers: frozenset[str]
    plain_numbers: frozenset[str]
    signs: tuple[tuple[str, int], ...]
    direction: int
    names: tuple[str, ...]


def read_headline(text: str, names: Iterable[str] = ()) -> Headline:
    """Return what of `text` is compared; `names` are the ids of the entities it is about."""
    text = without_prefixes(_LINK.sub(" ", text[:MOST_CHARACTERS]).strip())
    terms: dict[str, None] = {}
    numbers: set[str] = set()
    plain: set[str] = set()
    signs: dict[str, int] = {}
    up = down = False
    tokens = _TOKEN.findall(text.lower())
    following = [*tokens[1:], ""][: len(tokens)]
    for token, after in zip(tokens, following, strict=True):
        if token[-1].isdigit() or token[-1] == "%":
            number, sign = _number(token, after)
            if sign:
                signs[number] = sign
                up, down = up or sign > 0, down or sign < 0
            terms[number] = None
            (plain if number[0].isdigit() else numbers).add(number)
            continue
        word = _term(token)
        if word:
            up, down = up or word == _RISES, down or word == _FALLS
            terms[word] = None
    direction = up - down
    return Headline(
        tuple(terms)[:MOST_TERMS],
        frozenset(numbers) or _NONE,
        frozenset(plain) or _NONE,
        tuple(signs.items()),
        direction,
        tuple(sorted(set(names))),
    )


@lru_cache(maxsize=_MOST_WORDS)
def _term(token: str) -> str:
    """Return the term of a word; empty: it says nothing of the story."""
    word = token.replace(".", "").replace("’", "'").removesuffix("'s")
    if word in UNITS or word in STOP or word in MARKS:
        return ""
    word = SAME_WORD.get(word) or SAME_WORD.get(stem := _stem(word), stem)
    return _RISES if word in UP else _FALLS if word in DOWN else word


def _number(token: str, after: str) -> tuple[str, int]:
    """Return a number with its unit before it, and its sign: (`%3.2`, −1) of `-3.2` before `pct`."""
    sign = 0
    if token[0] in _SIGNS:
        sign = 1 if token[0] == "+" else -1
        token = token[1:]
    unit = ""
    if token[0] in _CURRENCIES:
        unit, token = "$", token[1:]
    if token[-1] == "%":
        unit, token = "%", token[:-1]
    unit = UNITS.get(after.replace(".", ""), unit)
    digits = token.replace(",", "")
    if "." in digits and digits.count(".") == 1:
        digits = digits.rstrip("0").rstrip(".")
    return unit + digits, sign


def _stem(word: str) -> str:
    """Return `word` without the endings of plural and tense; shorter words stay as they are."""
    if len(word) > 4 and not word.isascii():
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and word[-2] not in "su":
        word = word[:-1]
    if len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
    elif len(word) > 4 and word.endswith("ed"):
        word = word[:-2]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
