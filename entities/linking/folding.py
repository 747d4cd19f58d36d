"""Text as the dictionary sees it: lower case, without accents, everything between words a space; with the way back to the text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_DROPPED = "\0"
"""Stands for a character that takes no place: a combining mark, a soft hyphen, a zero-width joiner."""
_AMPERSAND = "&amp;"
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
        """Return the characters of the original from which `text[start:end]` was folded; neither end may be a dropped character's."""
        if self.origin is None:
            return start - 1, end - 1
        return self.origin[start], self.origin[end - 1] + 1


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
    base = unicodedata.normalize("NFKD", character)[0]
    lower = base.lower()[0]
    return _LETTERS.get(lower, lower) if lower.isalnum() else " "


_TABLE = _Table()


def fold(text: str) -> Folded:
    """Fold `text`, in one pass; offsets of what is found in it lead back through `Folded.span`.

    "Nestlé", "NESTLE" and "Nestle" with a combining accent fold to the same; `.`, `'` and `-` to a space each, so "J.P. Morgan" keeps
    a double space as does a sentence's end: names never match across one by accident. White space of any length is one space.
    """
    plain = text.translate(_TABLE)
    if _DROPPED not in plain and _AMPERSAND not in text and not _has_wide_space(text):
        return Folded(f" {plain} ", None)
    return _folded_slowly(text, plain)


def fold_name(name: str) -> str:
    """Fold a name: as `fold`, without the spaces around it."""
    return fold(name).text.strip()


def _has_wide_space(text: str) -> bool:
    return "  " in text or "\n" in text or "\t" in text or "\r" in text


def _folded_slowly(text: str, plain: str) -> Folded:
    kept, origin = [" "], [0]
    at, in_space = 0, True
    while at < len(text):
        character = text[at]
        if text.startswith(_AMPERSAND, at):
            kept.append("&")
            origin.append(at)
            at += len(_AMPERSAND)
            in_space = False
            continue
        space = character.isspace()
        if plain[at] != _DROPPED and not (space and in_space):
            kept.append(plain[at])
            origin.append(at)
        if plain[at] != _DROPPED:
            in_space = space
        at += 1
    kept.append(" ")
    origin.append(len(text))
    return Folded("".join(kept), origin)
