"""Datelines, bylines and credits: "SINGAPORE, Sept 9 (Reuters) -", "By Jane Ford", "(Reporting by …)"; nothing in them is a subject."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name

_AGENCY = re.compile(r"\(([A-Za-z][A-Za-z .'’/]{1,30})\) ?[-–—]{1,2}(?!\d)")
_LONGEST_DATELINE = 60
_LONGEST_BYLINE = 120
_LONGEST_CREDIT = 400
_MONTHS = frozenset(
    [
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "january", "february", "march", "april"),
        *("may", "june", "july", "august", "september", "october", "november", "december"),
    ]
)
_CREDIT = re.compile(r"\b(?:Additional )?(?:[Rr]eporting|[Ww]riting|[Ee]diting|[Cc]ompiled) by ")


def without_credits(text: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates that stand in no credit; the agency itself stays, because it is told as the author."""
    spans = credit_spans(text)
    if not spans:
        return list(candidates)
    covered = bytearray(len(text) + 1)
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    return [candidate for candidate in candidates if not covered[candidate.start] or candidate.place.name in vocabulary.MEDIA]


def credit_spans(text: str) -> list[tuple[int, int]]:
    """Return the datelines, bylines and credits of a text, in no order; linear in the text."""
    spans = list(_datelines(text)) if "(" in text else []
    spans += _bylines(text, [start for start, _ in spans])
    if " by " in text:
        spans += _reporters(text)
    return spans


def _datelines(text: str) -> Iterator[tuple[int, int]]:
    for match in _AGENCY.finditer(text):
        if fold_name(match[1]) in vocabulary.MEDIA:
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
        if bare and not is_date and not bare.isupper() and not (dated and bare[:1].isupper()):
            break
        kept += 1
    if kept == len(words) and earliest and text[earliest - 1] != "\n" and kept:
        kept -= 1  # the first may be a part of a word
    return end - len(" ".join(words[len(words) - kept :])) if kept else end


def _bylines(text: str, datelines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Lines that begin with "By" and hold nothing but names; or that up to a dateline."""
    starts = sorted(datelines)
    begin = 0
    while begin >= 0:
        if text[begin : begin + 3] in {"By ", "BY "}:
            stop = text.find("\n", begin, begin + _LONGEST_BYLINE)
            following = bisect_right(starts, begin)
            dateline = starts[following] if following < len(starts) else len(text)
            end = dateline if dateline <= begin + _LONGEST_BYLINE and (stop < 0 or dateline < stop) and dateline < len(text) else stop
            if end >= 0 and all(word[:1].isupper() or word == "and" for word in text[begin:end].replace(",", " ").split()):
                yield begin, end
        line_end = text.find("\n", begin)
        begin = line_end + 1 if line_end >= 0 else -1


def _reporters(text: str) -> Iterator[tuple[int, int]]:
    """ "(Reporting by …)" to the bracket that closes it; without brackets to the end of the line."""
    at = 0
    while match := _CREDIT.search(text, at):
        start = match.start()
        bracket = text[start - 1 : start] == "("
        if not bracket and text[start - 1 : start] not in {"", "\n"}:
            at = match.end()
            continue
        limit = match.end() + _LONGEST_CREDIT
        closes = text.find(")" if bracket else "\n", match.end(), limit)
        at = closes if closes >= 0 else min(limit, len(text))
        yield start, at
