"""How words are used, counted in headlines and posts: how often they are written small, and what stands beside companies."""

from __future__ import annotations

import gzip
from functools import cache
from math import log10
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from squall.entities.linking.place import Place

USAGE_FILE: Final = Path(__file__).parents[2] / "data" / "usage.json.gz"
POSSESSIVE, COLON = "'s", ":"
"""Neighbours that are no words."""
_REACH = 2
_LEAST_SMALL, _SMALL_SHARE = 2, 0.25
"""Where a word is written small so many times, and in this share of its places within sentences, it is ordinary."""


class Usage(NamedTuple):
    """What `squall.entities.compilation.usage` counted.

    Args:
        small: word, lower-case → how often it is written small, and how often, of that, in texts that have capitals.
        capital: word → how often it has a capital within a sentence; only words that are in `small`.
        beside: "+1 shares" → natural logarithm of how much more often this word is the next but none after a company's name than after an
            ordinary word; "-1", "-2" and "+2" likewise.
    """

    small: dict[str, tuple[int, int]]
    capital: dict[str, int]
    beside: dict[str, float]


@cache
def usage() -> Usage:
    """Return the shipped counts."""
    return Usage(**orjson.loads(gzip.decompress(USAGE_FILE.read_bytes())))


def log_small(folded: str) -> float:
    """Return the decimal logarithm of 1 and how often the rarest word of a folded name is written small."""
    small = usage().small
    return log10(1 + min(small.get(word, (0, 0))[0] for word in folded.split()))


def is_written_small(word: str) -> bool:
    """Whether a folded word is often enough written small, in texts that have capitals, to be none of a name's: "steelmaker", "glitch"."""
    small = usage().small.get(word, (0, 0))[1]
    return small >= _LEAST_SMALL and small >= _SMALL_SHARE * (small + usage().capital.get(word, 0))


def beside_points(place: Place) -> float:
    """Return how much the words beside a place are those that stand beside companies: a sum of `Usage.beside`."""
    weight = usage().beside.get
    return sum(weight(key, 0.0) for key in neighbours(place))


def neighbours(place: Place) -> list[str]:
    """Return what stands beside a place, each with its position: "-1 buys", "+1 shares", "+2 fall"."""
    keys = [f"-{at} {_shape(word)}" for at, word in enumerate(place.before[:_REACH], 1)]
    keys += [f"+{at} {_shape(word)}" for at, word in enumerate(place.after[:_REACH], 1)]
    if place.possessive:
        keys.append(POSSESSIVE)
    if place.text[place.end : place.end + 1] == COLON:
        keys.append(COLON)
    return keys


def _shape(word: str) -> str:
    """The word itself; of a number or an amount only that it is one."""
    return "0" if word.isdecimal() else "0x" if word[0].isdecimal() else word
