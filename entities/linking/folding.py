"""Text as the dictionary sees it: lower case, without accents, everything between words a space; with the way back to the text.

Scripts without spaces get one wherever a word ends, as `squall.entities.scripts` says.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from squall.core.text import TERMINAL_SEQUENCE
from squall.entities.scripts import boundaries

_DROPPED = "\0"
"""Stands for a character that takes no place: a combining mark, a soft hyphen, a zero-width joiner."""
_AMPERSAND = "&amp;"
_ESCAPES = ("\x1b", "\x9b")
_IRREGULAR = re.compile(f"{_AMPERSAND}|  +|\r\n?|{TERMINAL_SEQUENCE}")
_ALL_DROPPED = re.compile(f"{_DROPPED}+")
_MOST_CACHED = 5_000
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ß": "s", "æ": "a", "œ": "o"}
"""Letters that Unicode does not take apart; one for one, so that offsets hold."""


class Folded(NamedTuple):
    """A folded text.

    Args:
        text: with a space before and after it.
        origin: per character of `text` the offset in the original, and one more for the end; None: it is the offset plus one.
    """

    text: str
    origin: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of the original from which `text[start:end]` was folded, with the marks that follow its last letter."""
        if self.origin is None:
            return start - 1, end - 1
        return self.origin[start], self.origin[end]

    def position(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters `start` to `end` of the original are in `text`."""
        if self.origin is None:
            return start + 1, end + 1
        begin = bisect_left(self.origin, start, 1)
        if begin + 1 < len(self.origin) and self.origin[begin + 1] == start:
            begin += 1  # past a space that stands for no character
        return begin, bisect_left(self.origin, end, begin)


class _Table(dict[int, str]):
    """Code point → one character: its lower-case letter without accents, a digit, `&`, or a space."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _MOST_CACHED:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    if character == "&":
        return character
    category = unicodedata.category(character)
    if category in {"Mn", "Me", "Cf"}:
        return _DROPPED
    if not character.isalnum():
        return " "
    if "\uac00" <= character <= "\ud7a3":  # Hangul: decomposed, only the first letter of a syllable would be left
        return character
    base = unicodedata.normalize("NFKD", character)[0]
    lower = base.lower()[0]
    return _LETTERS.get(lower, lower) if lower.isalnum() else " "


_TABLE = _Table()
_ASCII = bytes(ord(_TABLE[code]) for code in range(128)) + bytes(128)
"""The same for texts of ASCII only, which are ten times as fast through `bytes`."""


def fold(text: str) -> Folded:
    """Fold `text`, in one pass; offsets of what is found in it lead back through `Folded.span`.

    "Nestlé", "NESTLE" and "Nestle" with a combining accent fold to the same; `.`, `'` and `-` to a space each, so "J.P. Morgan" keeps
    a double space as does a sentence's end: names never match across one by accident. Spaces of any length are one.
    """
    plain = text.encode().translate(_ASCII).decode() if text.isascii() else text.translate(_TABLE)
    ends = [] if text.isascii() else list(boundaries(plain))
    if "  " in text or _AMPERSAND in text or "\r" in text or _DROPPED in plain or ends or any(escape in text for escape in _ESCAPES):
        return _folded_slowly(text, plain, ends)
    return Folded(f" {plain} ", None)


def fold_name(name: str) -> str:
    """Fold a name: as `fold`, without the spaces around it."""
    return fold(name).text.strip()


def _folded_slowly(text: str, plain: str, ends: Sequence[int]) -> Folded:
    kept, origin = [" "], [0]
    at = 0
    for start, end, instead in _irregular(text, plain, ends):
        kept += (plain[at:start], instead)
        origin.extend(range(at, start))
        if instead:
            origin.append(start)
        at = end
    kept += (plain[at:], " ")
    origin.extend(range(at, len(text) + 1))
    return Folded("".join(kept), origin)


def _irregular(text: str, plain: str, ends: Sequence[int]) -> list[tuple[int, int, str]]:
    """Parts that fold to another number of characters than they have, and to what; sorted."""
    parts = [(match.start(), match.end(), "&" if match[0] == _AMPERSAND else " ") for match in _IRREGULAR.finditer(text)]
    if _DROPPED in plain:
        parts += ((match.start(), match.end(), "") for match in _ALL_DROPPED.finditer(plain))
    parts += ((end, end, " ") for end in ends)
    if _DROPPED in plain or ends:
        parts.sort()
    return parts
