"""Loads the counts that the detectors read: documents per series and minute, from the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Counts
from squall.alerts.interfaces import CountStore
from squall.alerts.minutes import instant
from squall.core.config.settings import DetectorSettings
from squall.core.records import TOPICS
from squall.core.series import MARKET, SECTOR_PREFIX, SOURCE_PREFIX, SYMBOL_PREFIX
from squall.storage.queries.entities.level_counts import LevelQueries
from squall.storage.rows.counts import MinuteCounts

MOST_SOURCES: Final = 200
"""The "no data" test keeps every minute of the history of each: 1.3 MB."""
_HOUR: Final = 60


def load_counts(store: CountStore, settings: DetectorSettings, start: int, end: int, as_of_model: str | None = None) -> Counts:
    """Return the counts of every watched series in minutes [start, end) since the epoch, from a full hour on.

    Topics come first, then all of them together, then watched symbols and sectors. Documents without a time of their own are left out: the
    first poll of a feed without dates would be a burst. `as_of_model` counts only what that model
    version scored.
    """
    start = start // _HOUR * _HOUR
    stored = store.per_minute(instant(start), instant(end), undated=False, as_of_model=as_of_model)
    topics = _tabulate(stored, (*TOPICS, *sorted(set(stored.topics) - set(TOPICS))), start, end)
    parts = [topics]
    if settings.market:
        parts.append(_sum(topics, range(len(topics.topics)), MARKET))
    watched = sorted({*settings.symbols, *(symbol for symbols in settings.sectors.values() for symbol in symbols)})
    if watched:
        symbols = _tabulate(
            store.per_minute(instant(start), instant(end), undated=False, as_of_model=as_of_model, by="symbol", names=watched),
            watched,
            start,
            end,
        )
        parts += [_renamed(symbols.rows([watched.index(symbol)]), SYMBOL_PREFIX + symbol) for symbol in settings.symbols]
        parts += [_sum(symbols, [watched.index(s) for s in of], SECTOR_PREFIX + name) for name, of in settings.sectors.items()]
    return _stack(parts)


def load_sources(store: CountStore, start: int, end: int, also: Collection[str] = ()) -> Counts:
    """Return all documents per source in minutes [start, end) since the epoch, copies included; none of them as negative.

    Only the `MOST_SOURCES` with the most documents are counted: documents name their sources, which may be a new one each time.
    `also` are series of sources to count even if there is nothing.
    """
    start = start // _HOUR * _HOUR
    watched = {name.removeprefix(SOURCE_PREFIX) for name in also}
    stored = store.arrived_per_minute(instant(start), instant(end), limit=MOST_SOURCES, first=watched)
    names = sorted({*stored.sources, *watched})
    total = np.zeros((len(names), end - start), dtype=np.int64)
    places = np.array([names.index(name) for name in stored.sources], dtype=np.int64)
    total[places[stored.source], stored.minutes - start] = stored.documents
    return Counts(tuple(SOURCE_PREFIX + name for name in names), start, np.zeros_like(total), total)


def load_adverse(store: LevelQueries, entities: Sequence[str], start: int, end: int) -> Counts:
    """Return the documents about each of `entities` in minutes [start, end) since the epoch; `negative` are the adverse ones."""
    return _tabulate(store.adverse(entities, instant(start), instant(end)), entities, start, end)


def _tabulate(stored: MinuteCounts, names: Sequence[str], start: int, end: int) -> Counts:
    negative = np.zeros((len(names), end - start), dtype=np.int64)
    total = np.zeros_like(negative)
    if stored.topics:
        places = {name: row for row, name in enumerate(names)}
        rows = np.array([places[name] for name in stored.topics], dtype=np.int64)[stored.topic]
        columns = stored.minutes - start
        np.add.at(negative, (rows, columns), stored.negative)
        np.add.at(total, (rows, columns), stored.negative + stored.neutral + stored.positive)
    return Counts(tuple(names), start, negative, total)


def _sum(counts: Counts, rows: Sequence[int], name: str) -> Counts:
    chosen = counts.rows(rows)
    return Counts((name,), counts.start, chosen.negative.sum(0, keepdims=True), chosen.total.sum(0, keepdims=True))


def _renamed(counts: Counts, name: str) -> Counts:
    return Counts((name,), counts.start, counts.negative, counts.total)


def _stack(parts: Sequence[Counts]) -> Counts:
    return Counts(
        tuple(name for part in parts for name in part.topics),
        parts[0].start,
        np.concatenate([part.negative for part in parts]),
        np.concatenate([part.total for part in parts]),
    )
