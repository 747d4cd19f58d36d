"""Chooses what the network reads of a text that is too long for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from squall.core.text import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from squall.model.excerpt.sentences import Place, sentences
from squall.model.excerpt.word_weights import WordWeights, severities

VERSION = 1
"""Part of the model version: raise it when another choice is made of the same text."""
MOST_CHARS = MAX_TITLE_CHARS + MAX_TEXT_CHARS
"""What lies beyond is not looked at: as much as a stored document has."""
Wanted = Sequence[tuple[float, Sequence[Place]]]
"""For each name that a text should be read about: how much more a sentence with it counts, as a severity, and its places."""

MATTERS = 0.25
"""A sentence that sounds as grave is read: a setback."""
_LONGEST_TITLE = 300
_BEGINNING = 2 / 3
"""Share of the tokens that title and lede may take before other sentences are asked."""
_LEAST_CUT = 8
"""Tokens that are filled with the beginning of a sentence which does not fit."""
_MOST_PASSED = 6
"""Sentences that are passed over because they do not fit."""


class Counter(Protocol):
    """Counts tokens as the network reads them; `squall.model.text_tokenizer.TextTokenizer`."""

    @property
    def room(self) -> int:
        """Tokens of a text that the network reads."""

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text; more than `room` may be given as `room` + 1."""

    def reach(self, text: str, tokens: int) -> int:
        """Return where the first `tokens` tokens of `text` end."""


def excerpt(text: str, counter: Counter, weights: WordWeights, wanted: Wanted = ()) -> list[Place]:
    """Return the places to read of a `text` that is too long, sorted, with something between each and the next.

    The title (the first line, or sentence) is read and the first sentence below it; then, as long as there are tokens, the sentences that
    matter, the gravest first: those that sound at least as grave as `MATTERS`. Of each name that is `wanted` and not in the beginning,
    the gravest sentence counts for more. What does not matter is not read to fill the tokens: it would only hide what does. A sentence
    that does not fit is passed over; the first such fills what remains with its beginning. Only the first `MOST_CHARS` characters are
    looked at.

    Args:
        text: of any length.
        counter: of the tokenizer.
        weights: which sentences sound grave.
        wanted: whom the text should be read about.
    """
    places = sentences(text[:MOST_CHARS])
    if not places:
        return []
    title = _title(text, places)
    filling = _Filling(text, places, counter)
    filling.begin(title)
    scores = severities(weights, [text[start:end] for start, end in places])
    _lift(scores, places, filling.chosen, wanted)
    matter = {number for number, score in enumerate(scores) if score >= MATTERS} - filling.chosen
    filling.fill(sorted(matter, key=lambda number: (-scores[number], number)))
    return filling.places()


def _title(text: str, places: Sequence[Place]) -> int:
    """The number of sentences of the first line; where it is long, of the first sentence: 1."""
    line = text.find("\n", places[0][0], places[0][0] + _LONGEST_TITLE)
    return sum(end <= line for _, end in places) or 1 if line >= 0 else 1


def _lift(scores: NDArray[np.float64], places: Sequence[Place], read: Iterable[int], wanted: Wanted) -> None:
    """Add to the score of the gravest sentence about each that is `wanted`, if none in `read` is about it."""
    starts, read = [start for start, _ in places], set(read)
    for weight, found in wanted:
        numbers = {bisect_right(starts, start) - 1 for start, _ in found if start < places[-1][1]} - {-1}
        if numbers and not numbers & read:
            scores[max(numbers, key=lambda number: (scores[number], -number))] += weight


class _Filling:
    """The sentences that are read; `chosen` by number."""

    def __init__(self, text: str, places: Sequence[Place], counter: Counter) -> None:
        self._text, self._places, self._counter = text, places, counter
        self._left = counter.room
        self._cut: Place | None = None
        self.chosen: set[int] = set()

    def begin(self, title: int) -> None:
        """Read the title, of so many sentences, and the next sentence, as far as they leave tokens for others."""
        most = max(1, int(self._left * _BEGINNING))
        for number, length in enumerate(self._lengths(range(min(title + 1, len(self._places))))):
            if self._counter.room - self._left + length <= most:
                self._take(number, length)
            else:
                if number == 0:
                    self._take_beginning(0, most)
                return

    def fill(self, order: Sequence[int]) -> None:
        """Read sentences in this order until no tokens are left."""
        passed: list[int] = []
        at = 0
        while at < len(order) and self._left >= 1 and len(passed) < _MOST_PASSED:
            stop = self._enough(order, at)
            for number, length in zip(order[at:stop], self._lengths(order[at:stop]), strict=True):
                if length <= self._left:
                    self._take(number, length)
                else:
                    passed.append(number)
            at = stop
        if passed and self._left >= _LEAST_CUT and self._cut is None:
            self._take_beginning(passed[0], self._left)

    def places(self) -> list[Place]:
        """Return what is read; neighbours as one place."""
        found: list[Place] = []
        before = -1
        for number in sorted(self.chosen):
            place = self._places[number]
            if self._cut and self._cut[0] == place[0]:
                place = self._cut
            if found and before == number - 1 and found[-1][1] == self._places[before][1]:
                found[-1] = (found[-1][0], place[1])
            else:
                found.append(place)
            before = number
        return found

    def _enough(self, order: Sequence[int], at: int) -> int:
        """Return up to where sentences must be counted: they have at least as many tokens as words."""
        words = 0
        while at < len(order) and words <= self._left:
            start, end = self._places[order[at]]
            words += max(1, len(self._text[start:end].split()))
            at += 1
        return at

    def _lengths(self, numbers: Iterable[int]) -> list[int]:
        return self._counter.lengths([self._text[start:end] for start, end in (self._places[number] for number in numbers)])

    def _take(self, number: int, length: int) -> None:
        self.chosen.add(number)
        self._left -= length

    def _take_beginning(self, number: int, tokens: int) -> None:
        start, end = self._places[number]
        self._cut = start, start + self._counter.reach(self._text[start:end], tokens)
        self._take(number, tokens)
