"""Ordinary English words: a name that is one means an entity only where its context says so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from squall.entities.names import name_key

WORDS_FILE = Path(__file__).parents[1] / "data" / "common_words.txt"
_SHORT = 2


@cache
def common_words() -> frozenset[str]:
    """Return the list that ships with Squall, lower-case."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_common(name: str) -> bool:
    """Whether `name` is an ordinary word, or has no more than two letters or digits."""
    key = name_key(name)
    return len(key) <= _SHORT or key in common_words()
