"""Counts per minute, made of what queries answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.storage.rows.counts import Ints, MinuteCounts

_NUMBER_BITS: Final = 32
"""Of a number made of minute and sentiment."""


@dataclass(frozen=True, slots=True, eq=False)
class MinuteArrivals:
    """All documents, copies too, per source and minute, as columns of equal length, in this order; empty minutes have no row.

    `source` holds indices into `sources` (sorted names), `minutes` whole minutes since 1970 UTC.
    """

    sources: tuple[str, ...]
    source: Ints
    minutes: Ints
    documents: Ints


def unpack(groups: Sequence[str], packed: Sequence[Sequence[int]]) -> MinuteCounts:
    """Turn numbers made of minute and sentiment, minute · 3 + sentiment, one of each document of a group, into counts per group and minute.

    A million numbers travel faster than half a million groups are made.
    """
    codes, numbers = _laid_out(packed)
    # All groups in one pass: there may be tens of thousands of them, most with a document or two.
    cells, counts = np.unique(numbers + (codes << _NUMBER_BITS), return_counts=True)
    codes, numbers = cells >> _NUMBER_BITS, cells & (2**_NUMBER_BITS - 1)
    minutes = numbers // 3
    begins = np.ones(len(cells), dtype=bool)
    begins[1:] = (codes[1:] != codes[:-1]) | (minutes[1:] != minutes[:-1])
    table = np.zeros((int(begins.sum()), 3), dtype=np.int64)
    table[np.cumsum(begins) - 1, numbers % 3] = counts
    columns = (np.ascontiguousarray(table[:, sentiment]) for sentiment in range(3))
    return MinuteCounts(tuple(groups), codes[begins], minutes[begins], *columns)


def tabulate(groups: Sequence[str], minutes: Sequence[Sequence[int]], *counts: Sequence[Sequence[int]]) -> MinuteCounts:
    """Lay out the minutes of each group, and its negative, neutral and positive documents in them."""
    codes, laid = _laid_out(minutes)
    return MinuteCounts(tuple(groups), codes, laid, *(_laid_out(column)[1] for column in counts))


def joined(parts: Sequence[MinuteCounts]) -> MinuteCounts:
    """Return the counts of several parts, of which no two have the same group and minute."""
    if len(parts) == 1:
        return parts[0]
    parts = [*parts, unpack((), ())]
    topics = tuple(sorted({topic for part in parts for topic in part.topics}))
    places = {topic: place for place, topic in enumerate(topics)}
    codes = np.concatenate([np.array([places[topic] for topic in part.topics], dtype=np.int64)[part.topic] for part in parts])
    minutes = np.concatenate([part.minutes for part in parts])
    order = np.lexsort((minutes, codes))
    columns = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("negative", "neutral", "positive"))
    return MinuteCounts(topics, codes[order], minutes[order], *columns)


def arrivals(counted: MinuteCounts, kept: Mapping[str, tuple[Sequence[int], Sequence[int]]], sources: Sequence[str]) -> MinuteArrivals:
    """Return the documents of `sources` (sorted): those counted, and of other minutes those kept (minutes and documents, by source)."""
    places = {name: place for place, name in enumerate(sources)}
    of = np.array([places.get(name, -1) for name in counted.topics], dtype=np.int64)
    codes = of[counted.topic] if len(counted) else np.zeros(0, dtype=np.int64)
    chosen = codes >= 0
    documents = (counted.negative + counted.neutral + counted.positive)[chosen]
    more = [(np.full(len(minutes), places[name]), minutes, numbers) for name, (minutes, numbers) in kept.items()]
    columns = zip((codes[chosen], counted.minutes[chosen], documents), zip(*more, strict=True) if more else [()] * 3, strict=True)
    source, minutes, documents = (np.concatenate([first, *(np.asarray(each, dtype=np.int64) for each in rest)]) for first, rest in columns)
    order = np.lexsort((minutes, source))
    return MinuteArrivals(tuple(sources), source[order], minutes[order], documents[order])


def _laid_out(parts: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Return the places of the parts and the numbers in them, end to end."""
    lengths = [len(part) for part in parts]
    numbers = np.empty(sum(lengths), dtype=np.int64)
    at = 0
    for part in parts:
        numbers[at : at + len(part)] = part
        at += len(part)
    return np.repeat(np.arange(len(parts), dtype=np.int64), lengths), numbers
