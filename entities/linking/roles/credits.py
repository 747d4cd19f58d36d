"""Who wrote a text and where: datelines, bylines, who reported and edited. Nothing in them is a subject.

What the network finds in them is none either. Each character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name

_AGENCY = re.compile(r"(?:\(([A-Za-z][A-Za-z .&/'’-]{1,38})\)|/([A-Za-z][A-Za-z .-]{1,38})/) ?[-–—]{1,2}(?!\d)")
_BY = re.compile(r"(?:^|(?<=\n))[ \t]{0,4}by[ \t]+", re.IGNORECASE)
_CREDITS = re.compile(
    r"\b(?:reporting|reported|editing|edited|writing|written|compiled|compilation|translated|translation|graphics?)"
    r"(?: and (?:writing|editing|reporting))? by\b",
    re.IGNORECASE,
)
_A_BY = re.compile(r"\bby\b", re.IGNORECASE)
_LONGEST_DATELINE = 100
_LINE = 120
_LONGEST_CREDITS = 600
_BEFORE_CREDITS = frozenset("(.;\n)*-–—")
_SMALL = frozenset(["of", "de", "the", "del", "la", "and", "y", "le", "al", "da", "do", "on", "in", "at"])
_MONTHS = frozenset(
    [
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "january", "february", "march", "april"),
        *("may", "june", "july", "august", "september", "october", "november", "december"),
    ]
)


class Credits:
    """Where one text tells who wrote it.

    Args:
        text: as given.
    """

    def __init__(self, text: str) -> None:
        has_by = _A_BY.search(text) is not None
        datelines = list(_datelines(text)) if "(" in text or "/" in text else []
        zones = sorted([*datelines, *(_bylines(text, datelines) if has_by else ()), *(_reporters(text) if has_by else ())])
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

    def without(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Return the candidates that stand in none; the agency itself stays, because it is told as the author."""
        if not self:
            return list(candidates)
        return [candidate for candidate in candidates if candidate.place.name in vocabulary.MEDIA or not self.hold(candidate.start)]


def _datelines(text: str) -> Iterator[tuple[int, int]]:
    """An agency and a dash, with the place and the date before: "LONDON, Sept 9 (Reuters) -", "NEW YORK, May 3 /PRNewswire/ --"."""
    for match in _AGENCY.finditer(text):
        agency = match[1] or match[2]
        if any(fold_name(part) in vocabulary.MEDIA for part in (agency, *agency.split("/"))):
            yield _dateline_start(text, match.start()), match.end()


def _dateline_start(text: str, end: int) -> int:
    """Where the place and the date before an agency begin: words in capitals, or with a date the capitalised words of a line."""
    earliest = max(0, end - _LONGEST_DATELINE, text.rfind("\n", max(0, end - _LONGEST_DATELINE), end) + 1)
    words = text[earliest:end].split(" ")
    kept, dated = 0, False
    for word in reversed(words):
        bare = word.strip(".,/")
        is_date = bare.lower() in _MONTHS or bare.isdecimal()
        dated = dated or is_date
        if bare and not is_date and not bare.isupper() and not (dated and (bare[:1].isupper() or bare in _SMALL)):
            break
        kept += 1
    if kept == len(words) and earliest and text[earliest - 1] != "\n" and kept:
        kept -= 1  # the first may be a part of a word
    return end - len(" ".join(words[len(words) - kept :])) if kept else end


def _bylines(text: str, datelines: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A line that is a byline: "By Jane Doe and John Roe", or that up to a dateline."""
    starts = [start for start, _ in datelines]
    for match in _BY.finditer(text):
        following = bisect_right(starts, match.end())
        dateline = starts[following] if following < len(starts) else len(text)
        line = text[match.end() : min(match.end() + _LINE, dateline)].partition("\n")[0]
        words = line.replace(",", " ").split()
        people = [word for word in words if word not in _SMALL]
        if len(line) < _LINE and 1 < len(people) <= 12 and all(word[0].isupper() and not any(map(str.isdecimal, word)) for word in people):
            yield match.start(), match.end() + len(line)


def _reporters(text: str) -> Iterator[tuple[int, int]]:
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
