"""How much a term tells: the rarer it is in the documents of the last days, the more. Known beforehand for common words of headlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import log
from types import MappingProxyType
from typing import Final, TypeVar

from squall.stories.headline import Headline

Key = TypeVar("Key")

COUNTS_FILE: Final = "word_counts.txt"
_FORM_SHARE: Final = 0.0005
_FORM_LEAST: Final = 5
"""A pair of neighbouring terms in this share of the documents, and in so many, belongs to a form: `final result`, `net asset`."""


@cache
def known_counts() -> tuple[int, MappingProxyType[str, int]]:
    """Return of how many texts, and in how many each common term is, in the headlines and posts that ship (stories/data/README.md)."""
    header, *rows = files("squall.stories").joinpath("data", COUNTS_FILE).read_text(encoding="utf-8").splitlines()
    pairs = (row.rpartition(" ") for row in rows)
    return int(header), MappingProxyType({term: int(count) for term, _, count in pairs})


class Rarity:
    """Counts the documents of each term and of each pair of neighbouring terms."""

    def __init__(self) -> None:
        self._known_total, self._known = known_counts()
        self._terms: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._total = 0
        self._every = log(self._known_total + 1)

    def add(self, headline: Headline) -> None:
        """Count `headline`."""
        self._count(1)
        self._terms.update(headline.terms)
        self._pairs.update(set(pairwise(headline.terms)))

    def remove(self, headline: Headline) -> None:
        """Undo `add`."""
        self._count(-1)
        _uncount(self._terms, headline.terms)
        _uncount(self._pairs, set(pairwise(headline.terms)))

    def weight(self, term: str) -> float:
        """Return the squared inverse document frequency of `term`, ln²(documents / documents with it)."""
        return (self._every - log(self._terms.get(term, 0) + self._known.get(term, 0) + 1)) ** 2

    def forms(self, headline: Headline) -> frozenset[tuple[str, str]]:
        """Return the pairs of neighbouring terms of `headline` that recur in many documents."""
        least = max(_FORM_LEAST, _FORM_SHARE * self._total)
        return frozenset(pair for pair in pairwise(headline.terms) if self._pairs.get(pair, 0) >= least)

    def _count(self, documents: int) -> None:
        self._total += documents
        self._every = log(self._total + self._known_total + 1)


def _uncount(counts: Counter[Key], keys: Iterable[Key]) -> None:
    for key in keys:
        if counts[key] <= 1:
            del counts[key]
        else:
            counts[key] -= 1
