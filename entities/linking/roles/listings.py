"""Price lists: many names in a row, each with a figure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from squall.entities.linking.candidates import Candidate

_LEAST = 5
"""Names in a row that make a list; three movers in a headline are news of each."""
_FIGURE = re.compile(r"[)\]]?[ :=,]{0,3}(?:at |up |down )?[+\-–−]?[$€£¥]?[0-9][0-9.,]*")
_MOST_BETWEEN = 30
_MOST_WORDS = 3
_LEAST_WORD = 4


def listed(text: str, found: Sequence[Candidate]) -> frozenset[int]:
    """Return the positions in `found`, which is sorted by start, of names that stand in a list of prices: "AAPL.O 12.3 MSFT.O 45.1 …"."""
    result: set[int] = set()
    row: list[int] = []
    last = 0
    for number, candidate in enumerate(found):
        figure = _FIGURE.match(text, candidate.end)
        if figure is None or (row and not _goes_on(text, last, candidate.start)):
            result.update(row if len(row) >= _LEAST else ())
            row = []
        if figure is not None:
            row.append(number)
            last = figure.end()
    result.update(row if len(row) >= _LEAST else ())
    return frozenset(result)


def _goes_on(text: str, end: int, start: int) -> bool:
    """Whether only signs, figures and names that no table knows are between two entries."""
    if start - end > _MOST_BETWEEN:
        return False
    words = text[end:start].split()
    return len(words) <= _MOST_WORDS and not any(len(word) >= _LEAST_WORD and word.isalpha() and word.islower() for word in words)
