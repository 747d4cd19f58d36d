"""`python -m squall.stories.count_words < TEXTS > stories/data/word_counts.txt`: in how many texts, one a line, each common term is."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Final

from squall.stories.headline import read_headline

LEAST: Final = 8
"""Rarer terms are left out: those of a day's news."""


def count_words(texts: Iterable[str]) -> list[str]:
    """Return the lines of the file: how many texts there are, then `term count`, commonest first."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        total += 1
        counts.update(read_headline(text).terms)
    common = sorted((-count, term) for term, count in counts.items() if count >= LEAST)
    return [str(total), *(f"{term} {-count}" for count, term in common)]


if __name__ == "__main__":
    sys.stdout.write("\n".join(count_words(sys.stdin)) + "\n")
