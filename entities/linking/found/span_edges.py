"""Where a name that the network marked begins and ends: on whole letters and words, without what is written around it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from squall.entities.catalogue.common_words import is_common
from squall.entities.linking import vocabulary
from squall.entities.linking.found.not_names import PARTICLES

_APOSTROPHES = frozenset("'’‘`´ʼ′＇‛")
_HYPHENS = frozenset("-‐‑–—")
_MOST_MARKS = 16
"""Combining marks after a letter that are looked at; more are no writing."""
_TOKEN_REACH = 80
"""Characters on each side of a span within which its word, between white space, is looked at."""
_VERBS = (vocabulary.STRONG_VERBS | vocabulary.RATING_VERBS | vocabulary.PLAIN_VERBS) - vocabulary.HOUSE_ENDS
_PREFIXES = frozenset(["non", "ex", "pro", "anti", "post", "pre", "mid", "co", "pan", "sub", "trans", "intra", "inter", "neo", "cross"])
"""Before a hyphen and a name: "ex-Goldman", "non-OPEC"."""


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span on whole letters, without the signs and invisible characters at its edges and a final possessive; it may be empty."""
    while start > 0 and end > start and _is_mark(text[start]):
        start -= 1
    marks = 0
    while end < len(text) and _is_mark(text[end]) and marks < _MOST_MARKS:
        end, marks = end + 1, marks + 1
    start, end = _without_signs(text, start, end)
    if end - start > 2 and text[end - 1] in "sS" and text[end - 2] in _APOSTROPHES:
        start, end = _without_signs(text, start, end - 2)
    return start, end


def named_part(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a trimmed span without the words at its edges that are no part of a name; it may be empty.

    These are particles ("Carnival and"), small ordinary words ("exchange Mt. Gox"), what companies do, in Title Case ("Fitch Affirms"), and
    what a hyphen ties to a name ("Pemex-owned", "ex-Goldman"). Each step takes a word away.
    """
    while start < end:
        begin, stop = _shortened(text, start, end)
        if (begin, stop) == (start, end):
            break
        start, end = trimmed(text, begin, stop)
    return start, end


def is_cut(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends within a word, or is part of an address, a web link or the name of an account."""
    if _joins(text, start) or _joins(text, end) or _continues(text, start):
        return True
    left = max(text.rfind(space, max(0, start - _TOKEN_REACH), start) for space in " \n\t") + 1
    right = min((at for at in (text.find(space, end, end + _TOKEN_REACH) for space in " \n\t") if at >= 0), default=len(text))
    around = text[max(left, start - _TOKEN_REACH) : start] + "\n" + text[end : min(right, end + _TOKEN_REACH)]
    return "@" in around or "://" in around or "www." in around.lower()


def _without_signs(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not (text[end - 1].isalnum() or text[end - 1] == "+" or _ends_in_mark(text, start, end)):
        end -= 1
    return start, end


def _ends_in_mark(text: str, start: int, end: int) -> bool:
    """Whether what ends here is a letter with marks on it."""
    at = end
    while at > start and end - at < _MOST_MARKS and _is_mark(text[at - 1]):
        at -= 1
    return start < at < end and text[at - 1].isalnum()


def _shortened(text: str, start: int, end: int) -> tuple[int, int]:
    """The span less one word that is no part of the name; unchanged where there is none."""
    words = text[start:end].split()
    first, last = words[0], words[-1]
    rest_is_name = any(word[:1].isupper() for word in words[1:])
    if len(words) > 1 and (first in PARTICLES or (first.islower() and rest_is_name and is_common(first))):
        return start + len(first), end
    if len(words) > 1:
        small = last.islower() and is_common(last) and words[0][:1].isupper()
        if last.lower() in PARTICLES or small or last.lower() in _VERBS:
            return start, end - len(last)
    for at in range(end - 1, max(start, end - len(last)), -1):
        if text[at] in _HYPHENS and text[at + 1 : end].islower() and is_common(text[at + 1 : end]) and text[start].isupper():
            return start, at
    for at in range(start + 1, min(end, start + len(first))):
        if text[at] in _HYPHENS and text[start:at].lower() in _PREFIXES and text[at + 1 : at + 2].isupper():
            return at + 1, end
    return start, end


def _joins(text: str, at: int) -> bool:
    """Whether letters or digits of one word stand on both sides; scripts that put no space between words have no such places."""
    before = _nearest(text, range(at - 1, max(-1, at - 1 - _MOST_MARKS), -1), lambda c: not _is_invisible(c) and not _is_mark(c))
    after = _nearest(text, range(at, min(len(text), at + _MOST_MARKS)), lambda c: not _is_invisible(c))
    return _is_of_word(before) and _is_of_word(after)


def _continues(text: str, start: int) -> bool:
    """Whether a letter with an apostrophe, or a word with a dot, goes before: `Donnell` of "O'Donnell", `SA` of "LEVE3.SA"."""
    return start > 1 and text[start - 1] in _APOSTROPHES | {"."} and text[start - 2].isalnum()


def _nearest(text: str, places: range, wanted: Callable[[str], bool]) -> str:
    return next((text[at] for at in places if wanted(text[at])), "")


def _is_of_word(character: str) -> bool:
    return character == "_" or (character.isalnum() and unicodedata.category(character) != "Lo")


def _is_mark(character: str) -> bool:
    return character > "\u02ff" and unicodedata.category(character)[0] == "M"


def _is_invisible(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character) == "Cf"
