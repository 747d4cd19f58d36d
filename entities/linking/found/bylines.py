"""Parts of a text that tell who wrote it and where: datelines, bylines, who reported and edited. Each character is looked at a bounded
number of times."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from squall.entities.linking import vocabulary
from squall.entities.linking.folding import fold_name

_IN_BRACKETS = re.compile(r"\(([A-Za-z][A-Za-z .&/'’-]{1,38})\)|/([A-Za-z][A-Za-z .-]{1,38})/")
_BY = re.compile(r"(?:^|(?<=\n))[ \t]{0,4}by[ \t]+", re.IGNORECASE)
_CREDITS = re.compile(
    r"\b(?:reporting|reported|editing|edited|writing|written|compiled|compilation|translated|translation|graphics?)"
    r"(?: and (?:writing|editing|reporting))? by\b",
    re.IGNORECASE,
)
_A_BY = re.compile(r"\bby\b", re.IGNORECASE)
_DATELINE = 100
"""Characters before the agency within which its dateline begins."""
_LINE = 120
_LONGEST_CREDITS = 600
_BEFORE_CREDITS = frozenset("(.;\n)*-–—")
_STOPS = re.compile(r"[.!?:;]\s")
_ABBREVIATED = 6
"""Letters of the longest abbreviation before a full stop in a dateline: "Sept.", "Calif."."""
_SMALL = frozenset(["of", "de", "the", "del", "la", "and", "y", "le", "al", "da", "do", "on", "in", "at", "by"])


class Bylines:
    """Where one text tells who wrote it.

    Args:
        text: as given.
    """

    def __init__(self, text: str) -> None:
        zones = sorted((*_datelines(text), *_authors(text), *_credits(text))) if "(" in text or "/" in text or _A_BY.search(text) else []
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in zones:
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def hold(self, start: int) -> bool:
        """Return whether what begins at `start` stands in one of them."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and start < self._ends[at]


def _datelines(text: str) -> Iterator[tuple[int, int]]:
    """An agency in brackets, with the place and the date before it: "LONDON, Sept 9 (Reuters) -", "NEW YORK, May 3 /PRNewswire/ --"."""
    for match in _IN_BRACKETS.finditer(text):
        if any(fold_name(part) in vocabulary.MEDIA for part in ((match[1] or match[2]), *(match[1] or match[2]).split("/"))):
            yield _dateline_start(text, match.start()), match.end()


def _dateline_start(text: str, end: int) -> int:
    """Where a dateline begins that ends at `end`; `end` where there is none."""
    start = max(0, end - _DATELINE, text.rfind("\n", 0, end) + 1)
    for stop in _STOPS.finditer(text, start, end):
        word = text[start : stop.start()].rsplit(maxsplit=1)[-1:]
        if not (text[stop.start()] == "." and word and word[0][:1].isupper() and len(word[0]) < _ABBREVIATED):
            start = stop.end()
    words = text[start:end].replace("/", " ").split()
    if start and start == end - _DATELINE:
        words = words[1:]
    is_one = all(not word[0].islower() or word.strip(",.") in _SMALL for word in words)
    return start if is_one else end


def _authors(text: str) -> Iterator[tuple[int, int]]:
    """A line that is a byline: "By Jane Doe and John Roe"."""
    for match in _BY.finditer(text):
        line = text[match.end() : match.end() + _LINE].partition("\n")[0]
        words = line.replace(",", " ").split()
        people = [word for word in words if word not in _SMALL]
        if len(line) < _LINE and 1 < len(people) <= 12 and all(word[0].isupper() and not any(map(str.isdecimal, word)) for word in people):
            yield match.start(), match.end() + len(line)


def _credits(text: str) -> Iterator[tuple[int, int]]:
    """ "(Reporting by Jane Doe in Lima; Editing by John Roe)", with brackets or without, to its end."""
    done = 0
    for match in _CREDITS.finditer(text):
        if match.start() < done:
            continue
        before = text[max(0, match.start() - 24) : match.start()].rstrip()
        before = before.removesuffix("dditional").rstrip("Aa ") if before.endswith("dditional") else before
        if match.start() and (not before or before[-1] not in _BEFORE_CREDITS) and text[match.start() - 1] != "\n":
            continue
        closes = text.find(")", match.end(), match.end() + _LONGEST_CREDITS)
        line = text.find("\n", match.end(), match.end() + _LONGEST_CREDITS)
        ends = closes if closes >= 0 else line if line >= 0 else match.end() + _LONGEST_CREDITS
        done = min(ends, len(text))
        yield match.start(), done
