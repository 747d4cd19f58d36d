"""Rows put into passes: a pass takes rows padded to one width, so few passes pad much and many passes cost their own time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

_PASS_TOKENS = 10
"""What a pass costs besides its tokens, in tokens: a millisecond for some 150 operators, where a token takes a tenth."""
_LOOK_BACK = 24
"""Most different lengths in a pass: the cheapest cut further back would pad more than a pass costs."""


class Group(NamedTuple):
    """Neighbouring rows `start` to `stop`, padded to `width` tokens."""

    start: int
    stop: int
    width: int


def groups_of(lengths: Sequence[int]) -> list[Group]:
    """Return the passes over rows of these lengths, sorted, that compute the fewest tokens, each pass counted as `_PASS_TOKENS` more.

    Dynamic programming over the different lengths: the cheapest passes up to a length end with one that begins at some length before it.
    """
    runs = [(length, sum(1 for _ in run)) for length, run in groupby(lengths)]
    starts = [0, *accumulate(count for _, count in runs)]
    least, begins = [0], [0]
    for stop, (width, _) in enumerate(runs, 1):
        first = max(0, stop - _LOOK_BACK)
        costs = [least[begin] + (starts[stop] - starts[begin]) * width + _PASS_TOKENS for begin in range(first, stop)]
        cheapest = min(costs)
        least.append(cheapest)
        begins.append(first + costs.index(cheapest))
    found: list[Group] = []
    stop = len(runs)
    while stop:
        begin = begins[stop]
        found.append(Group(starts[begin], starts[stop], runs[stop - 1][0]))
        stop = begin
    return found[::-1]
