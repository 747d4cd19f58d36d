"""Where a text has the names that a caller asks for, as they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from squall.core.records import MOST_MENTIONS
from squall.stream.mentions import Place

_WINDOW: Final = 4096
"""Characters that are searched at once; between two windows, names that were found often enough are taken out."""
_MOST_SEEN: Final = 1000
"""Places of a name that are looked at; with that, time follows the text and not its repetitions."""
_HALVES: Final = re.compile("[\ud800-\udfff]")
_JOINER: Final = "\u200d"
_FINAL_SIGMA: Final = str.maketrans("ς", "σ")


def places_of(names: Sequence[str], text: str) -> list[list[Place]]:
    """Return where `text` has each of `names`, if possible outside of the longer ones: "Nokia" is not looked for in "Nokia India"."""
    taken = bytearray(len(text))
    found = occurrences(names, text)
    places: list[list[Place]] = [[] for _ in names]
    for number in sorted(range(len(names)), key=lambda i: -len(names[i])):
        places[number] = [(start, end) for start, end in found[number] if taken.find(1, start, end) < 0] or found[number]
        for start, end in places[number]:
            taken[start:end] = b"\1" * (end - start)
    return places


def occurrences(names: Sequence[str], text: str) -> list[list[Place]]:
    """Return where `text` has each of `names`, in any case of letters: as whole words where it does, else anywhere.

    Of each name the first `MOST_MENTIONS` places, which do not overlap; where a thousand are within words, no whole word is looked for
    behind them. A place does not end before a combining mark: "Nestle" is not in "Nestle" with an accent on its last letter. One pass of an
    automaton finds all names (Aho and Corasick 1975): linear in the text.
    """
    wanted: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        for form in _spellings(name):
            wanted.setdefault(form, []).append(number)
    search = _Search(text, len(names))
    search.run(wanted)
    return search.places()


class _Search:
    """One search; `whole` and `within` hold the places of each name that are whole words, and the others."""

    def __init__(self, text: str, names: int) -> None:
        self._text = text
        self._whole: list[list[Place]] = [[] for _ in range(names)]
        self._within: list[list[Place]] = [[] for _ in range(names)]
        self._seen = [0] * names

    def run(self, wanted: Mapping[str, Sequence[int]]) -> None:
        """Search for each spelling of the numbered names."""
        import ahocorasick_rs  # only who asks for names needs it

        text, patterns = _caseless(self._text), list(wanted)
        automaton = None
        at = 0
        while at < len(text) and patterns:
            if automaton is None:
                automaton = ahocorasick_rs.AhoCorasick(patterns, matchkind=ahocorasick_rs.MatchKind.Standard)
                longest = max(map(len, patterns))
            stop = at + _WINDOW
            for pattern, start, end in automaton.find_matches_as_indexes(text[at : stop + longest - 1], overlapping=True):
                if start < _WINDOW:  # one that begins later is found in the next window
                    for number in wanted[patterns[pattern]]:
                        self._add(number, at + start, at + end)
            at = stop
            left = [pattern for pattern in patterns if not all(map(self._is_done, wanted[pattern]))]
            if len(left) < len(patterns):
                patterns, automaton = left, None

    def places(self) -> list[list[Place]]:
        """Return the places of each name."""
        return [(whole or within)[:MOST_MENTIONS] for whole, within in zip(self._whole, self._within, strict=True)]

    def _is_done(self, number: int) -> bool:
        return len(self._whole[number]) >= MOST_MENTIONS or self._seen[number] >= _MOST_SEEN

    def _add(self, number: int, start: int, end: int) -> None:
        self._seen[number] += 1
        if self._is_done(number) or _is_inside_letter(self._text, end):
            return
        whole = not _is_of_word(self._text[start - 1 : start]) and not _is_of_word(self._text[end : end + 1])
        places = (self._whole if whole else self._within)[number]
        if not places or places[-1][1] <= start:
            places.append((start, end))


def _spellings(name: str) -> set[str]:
    """`name` as texts may have it: with letters and accents in one character or in two."""
    start, end = 0, len(name)
    while start < end and _is_blank(name[start]):
        start += 1
    while start < end and _is_blank(name[end - 1]):
        end -= 1
    bare = name[start:end]
    return {_caseless(form) for form in (bare, unicodedata.normalize("NFC", bare), unicodedata.normalize("NFD", bare))} - {""}


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Cf", "Cc"}


def _caseless(text: str) -> str:
    """Return `text` in small letters, each in its place; half a surrogate pair, which the automaton can't read, as U+FFFD."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    lower = lower.translate(_FINAL_SIGMA) if "ς" in lower else lower
    return lower if lower.isascii() else _HALVES.sub("\ufffd", lower)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_inside_letter(text: str, at: int) -> bool:
    """Whether what stands at `at` belongs to the letter before it."""
    return at < len(text) and (text[at] == _JOINER or unicodedata.category(text[at])[0] == "M")
