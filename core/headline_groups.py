"""Groups headlines that say nearly the same: the stories of an alert's documents, as a mail and the page list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from squall.core.text import normalise

_SAME: Final = 0.5
"""Share of the words of two headlines, those of both together, that they have in common."""
_MOST_WORDS: Final = 40
"""Of a longer text only the first are compared."""
_STOP: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "over",
        "s",
        "says",
        "that",
        "the",
        "to",
        "with",
        "after",
        "amid",
    ]
)


def group_headlines(titles: Sequence[str]) -> list[list[int]]:
    """Return the places of headlines that belong together, the earliest first in each; groups in the order of their first.

    Each headline joins the group whose first headline it resembles most (Jaccard index of their words, at least one half, and the
    same negative numbers), else it begins one. Words are compared only with groups that share one.
    """
    firsts: list[frozenset[str]] = []
    negatives: list[frozenset[str]] = []
    groups: list[list[int]] = []
    having: dict[str, list[int]] = defaultdict(list)
    for place, title in enumerate(titles):
        words, negative = _words(title), _negatives(title)
        shared: dict[int, int] = defaultdict(int)
        for word in words:
            for number in having[word]:
                if negatives[number] == negative:
                    shared[number] += 1
        best = max(shared, key=lambda number: (_likeness(shared[number], words, firsts[number]), -number), default=None)
        if best is not None and _likeness(shared[best], words, firsts[best]) >= _SAME:
            groups[best].append(place)
            continue
        for word in words:
            having[word].append(len(groups))
        firsts.append(words)
        negatives.append(negative)
        groups.append([place])
    return groups


def _words(title: str) -> frozenset[str]:
    return frozenset(word for word in normalise(title).split()[:_MOST_WORDS] if word not in _STOP)


def _negatives(title: str) -> frozenset[str]:
    """Return the negative numbers: `-3.2%` is another event than `+3.2%`, though the words are the same."""
    return frozenset(part.rstrip(".,;:") for part in title.replace("−", "-").split() if part[:1] == "-" and part[1:2].isdigit())


def _likeness(shared: int, one: frozenset[str], other: frozenset[str]) -> float:
    return shared / (len(one) + len(other) - shared)
