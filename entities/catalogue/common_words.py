"""Ordinary English words: a name that is one means an entity only where its context says so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from squall.entities.names import name_key
from squall.entities.scripts import is_syllabic

_DATA = Path(__file__).parents[1] / "data"
WORDS_FILE = _DATA / "common_words.txt"
ADJECTIVES_FILE = _DATA / "adjectives.txt"
_SHORT = 2


@cache
def common_words() -> frozenset[str]:
    """Return the ordinary words, lower-case."""
    return frozenset(_lines(WORDS_FILE))  # written as keys: to make them again takes longer than all else here


@cache
def adjectives() -> frozenset[str]:
    """Return the adjectives of countries, lower-case: "greek", "south korean"."""
    return frozenset(map(name_key, _lines(ADJECTIVES_FILE)))


def is_adjective(name: str) -> bool:
    """Whether `name` is the adjective of a country: "Greek bonds" are Greece's, a "Dutch auction" is not the Netherlands'."""
    return name_key(name) in adjectives()


def is_common(name: str) -> bool:
    """Whether `name` is an ordinary word, an adjective of a country, or has no more than two letters or digits (one Chinese character)."""
    key = name_key(name)
    return len(key) <= (_SHORT - is_syllabic(name.strip()[:1])) or key in common_words() or key in adjectives()


def is_phrase(name: str) -> bool:
    """Whether `name` has several words, all of them ordinary: "Best Buy", "Energy Recovery"."""
    words = name_key(name).split()
    return len(words) > 1 and all(word in _PARTICLES or word in common_words() for word in words)


_PARTICLES = frozenset(("a", "an", "the", "of", "and", "in", "on", "for", "to", "at", "by"))


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
