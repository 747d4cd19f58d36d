"""Where a name stands in a text, what stands around it, and what a capital proves there."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

_WINDOW = 56
"""Characters on each side whose words count; bounded, so that time is linear."""


_CASING_WINDOW = 90
"""Characters on each side: a title in capitals above a body in sentences is judged by itself."""
_STOPS = (". ", "! ", "? ", "\n")
_ENOUGH = 3
"""Words of the sentence itself from which on its neighbours do not count."""
_LEAST_LETTERS = 4
"""Shorter words are small in title case too: "of", "and", "for"."""
_LOWER_SHARE = 0.34
_UPPER_SHARE = 0.6
_SENTENCE_ENDS = frozenset('.!?:–—-|"“”>•*#(')


class Place(NamedTuple):
    """Where a name stands, and what stands around it.

    Args:
        text: as given.
        start: offset in `text`.
        end: offset in `text`.
        name: what stands there, folded.
        before: folded words before it, the nearest first.
        after: folded words after it, the nearest first; without the `s` of a possessive.
        possessive: whether one follows.
    """

    text: str
    start: int
    end: int
    name: str
    before: list[str]
    after: list[str]
    possessive: bool

    @property
    def capital_before(self) -> bool:
        """Whether a word with a capital stands directly before it."""
        if not self.before or self.text[self.start - 1 : self.start] != " ":
            return False
        return self.text[max(0, self.start - 1 - len(self.before[0])) : self.start][:1].isupper()


def place_of(text: str, folded: str, start: int, end: int, begin: int, stop: int) -> Place:
    """Return the place of `text[start:end]`, which is `folded[begin:stop]`; looks at a bounded part of the text."""
    left = max(0, begin - _WINDOW)
    before = folded[left:begin].split()
    if left and before and folded[left - 1] != " ":
        del before[0]
    before.reverse()
    after = folded[stop : stop + _WINDOW].split()
    possessive = text[end : end + 1] in _APOSTROPHES and after[:1] == ["s"]
    return Place(text, start, end, folded[begin:stop], before, after[1:] if possessive else after, possessive)


_APOSTROPHES = frozenset("'’‘`")


class Casing(Enum):
    """How words are capitalised."""

    SENTENCE = "sentence"
    """As in a sentence: a capital within it marks a name."""
    TITLE = "title"
    """Every Word Has One: a capital proves nothing."""
    UPPER = "upper"
    LOWER = "lower"


def casing(text: str, start: int, end: int) -> Casing:
    """Return how the words around `text[start:end]` are capitalised; looks at a bounded part of the text."""
    lower = title = upper = 0
    left = max(0, start - _CASING_WINDOW)
    before = text[left:start]
    after = text[end : end + _CASING_WINDOW]
    cut = max(before.rfind(stop) for stop in _STOPS)
    ends = min((at for at in map(after.find, _STOPS) if at >= 0), default=len(after))
    words = before[cut + 1 :].split()
    if left and cut < 0:
        words = words[1:]  # a part of a word
    if len(words) + len(after[:ends].split()) >= _ENOUGH:
        before, after = before[cut + 1 :], after[:ends]
    else:
        words = before.split()[1 if left else 0 :]
    for word in (*words, *after.split()):
        letters = word.strip("\"'“”‘’().,:;!?-")
        if len(letters) < _LEAST_LETTERS or not letters.isalpha():
            continue
        if letters.islower():
            lower += 1
        elif letters.isupper():
            upper += 1
        elif letters[0].isupper():
            title += 1
    counted = lower + title + upper
    own = text[start:end]
    if not counted:
        return Casing.SENTENCE if not own.isupper() and not own.islower() else Casing.TITLE if own.isupper() else Casing.LOWER
    if upper >= _UPPER_SHARE * counted:
        return Casing.UPPER if own.isupper() else Casing.SENTENCE
    if lower == counted and own.islower() and not any(map(str.isupper, before + after)):
        return Casing.LOWER
    return Casing.SENTENCE if lower >= _LOWER_SHARE * counted else Casing.TITLE


def begins_sentence(text: str, start: int) -> bool:
    """Whether what begins at `start` is the first word of a sentence or of a part after a colon, dash or quote."""
    at = start - 1
    while at >= 0 and start - at < _CASING_WINDOW and text[at].isspace():
        at -= 1
    return at < 0 or text[at] in _SENTENCE_ENDS
