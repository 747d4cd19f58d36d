"""Words of a text and how they are written: which of them are ordinary words, whatever their case in a headline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+(?:[&.'’-][^\W_]+)*")
_TITLE_SHARE = 0.6
"""A text with more of its words in capitals is in title case (or all capitals): it says nothing about them."""
_LEAST_SEEN = 3
_PERIOD = re.compile(r"Q[1-4]|[1-4]Q|H[12]|[12]H|FY\d{0,4}|Q[1-4]FY\d{2,4}|\d{4}s?", re.IGNORECASE)


class Word(NamedTuple):
    """A word of a text: letters and digits, joined by & . ' - inside."""

    start: int
    end: int
    text: str

    @property
    def capitalised(self) -> bool:
        """Whether it begins with a capital letter, or has one inside as "eBay"."""
        return self.text != self.text.lower() and any(map(str.isalpha, self.text))


def words_of(text: str) -> list[Word]:
    """Return the words of `text`, in order."""
    return [Word(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def listed(name: str) -> list[str]:
    """Return the lines of a list beside this module; those that begin with # are remarks."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def _never_names() -> frozenset[str]:
    return frozenset(listed("never_names.txt"))


@dataclass(frozen=True)
class OrdinaryWords:
    """The words that running text mostly writes in lower case.

    Args:
        words: in lower case.
    """

    words: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> OrdinaryWords:
        """Count in `texts` how each word is written where its case means something: not first, not in a title."""
        lower: Counter[str] = Counter()
        upper: Counter[str] = Counter()
        for text in texts:
            for word in _telling(text):
                (upper if word.capitalised else lower)[word.text.lower()] += 1
        return cls(frozenset(word for word, count in lower.items() if count >= _LEAST_SEEN and count >= upper[word]))

    def __contains__(self, word: str) -> bool:
        key = word.lower().removesuffix("'s").removesuffix("’s")
        return key in self.words or key in _never_names() or not any(map(str.isalpha, key)) or bool(_PERIOD.fullmatch(word))


def _telling(text: str) -> Iterator[Word]:
    words = [word for word in words_of(text) if any(map(str.isalpha, word.text))]
    if sum(word.capitalised for word in words) > _TITLE_SHARE * len(words):
        return
    for before, word in pairwise(words):
        if not set(text[before.end : word.start]) & set(".:!?\"“‘'|-–—"):  # the first word of a sentence says nothing
            yield word
