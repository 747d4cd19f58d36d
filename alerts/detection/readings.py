"""What goes into the detector and what comes out: counts per minute, readings per tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from squall.core.records import SeriesKind, Severity
from squall.core.series import kind_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PER_WINDOW: Final = (
    "observed",
    "total",
    "window_minutes",
    "expected",
    "p_value",
    "expected_share",
    "share_p_value",
    "dispersion",
    "breach",
    "critical",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents per topic and minute of publication, copies counted once.

    Attributes:
        topics: names of the series, in row order.
        start: first minute, in minutes since the epoch.
        negative: (topics, minutes) negative documents.
        total: (topics, minutes) documents of any sentiment.
    """

    topics: tuple[str, ...]
    start: int
    negative: Ints
    total: Ints

    def rows(self, chosen: Sequence[int]) -> Counts:
        """Return the counts of some of the series."""
        index = np.array(chosen, dtype=np.int64)
        return Counts(tuple(self.topics[row] for row in chosen), self.start, self.negative[index], self.total[index])

    @property
    def end(self) -> int:
        """The minute after the last one."""
        return self.start + int(self.negative.shape[1])


@dataclass(frozen=True, slots=True)
class Reading:
    """What the detector saw of one topic at one tick."""

    topic: str
    tick: int
    """End of the window (exclusive), in minutes since the epoch."""
    observed: int
    total: int
    window_minutes: int
    """The most significant window: the one in breach, else the least probable one for its limit."""
    expected: float
    p_value: float
    share: float
    expected_share: float
    share_p_value: float
    dispersion: float
    breach: bool
    elevated: bool
    """Not back to normal: holds a firing alert open."""
    severity: Severity


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of every topic (rows) at every tick (columns); arrays as in `Reading`."""

    topics: tuple[str, ...]
    ticks: Ints
    observed: Ints
    total: Ints
    window_minutes: Ints
    expected: Floats
    p_value: Floats
    expected_share: Floats
    share_p_value: Floats
    dispersion: Floats
    breach: Bools
    elevated: Bools
    critical: Bools
    score: Floats
    """How far beyond chance: −log10 of the p-value, moved to the scale of the burst test; 0: nothing unusual."""

    @staticmethod
    def undecided(
        *,
        topics: tuple[str, ...],
        ticks: Ints,
        observed: Ints,
        total: Ints,
        window_minutes: Ints,
        expected: Floats,
        p_value: Floats,
        expected_share: Floats,
        share_p_value: Floats,
        dispersion: Floats,
    ) -> Readings:
        """Return readings before the verdict."""
        no = np.zeros(observed.shape, dtype=bool)
        return Readings(
            topics=topics,
            ticks=ticks,
            observed=observed,
            total=total,
            window_minutes=window_minutes,
            expected=expected,
            p_value=p_value,
            expected_share=expected_share,
            share_p_value=share_p_value,
            dispersion=dispersion,
            breach=no,
            elevated=no,
            critical=no,
            score=np.zeros(observed.shape),
        )

    def of(self, rows: Sequence[int]) -> Readings:
        """Return the readings of some of the series."""
        index = np.array(rows, dtype=np.int64)
        cut = {field.name: getattr(self, field.name)[index] for field in fields(Readings) if field.name not in {"topics", "ticks"}}
        return replace(self, topics=tuple(self.topics[row] for row in rows), **cut)

    def at(self, topic: int, column: int) -> Reading:
        """Return one reading."""
        observed, total = int(self.observed[topic, column]), int(self.total[topic, column])
        return Reading(
            topic=self.topics[topic],
            tick=int(self.ticks[column]),
            observed=observed,
            total=total,
            window_minutes=int(self.window_minutes[topic, column]),
            expected=float(self.expected[topic, column]),
            p_value=float(self.p_value[topic, column]),
            share=observed / total if total else 0.0,
            expected_share=float(self.expected_share[topic, column]),
            share_p_value=float(self.share_p_value[topic, column]),
            dispersion=float(self.dispersion[topic, column]),
            breach=bool(self.breach[topic, column]),
            elevated=bool(self.elevated[topic, column]),
            severity=Severity.CRITICAL if self.critical[topic, column] else Severity.WARNING,
        )


@dataclass(frozen=True, slots=True)
class JudgedWindows:
    """One series in windows of one length, as the detector judged them among all series and windows.

    Attributes:
        readings: of the one series; (1, ticks).
        limit: (ticks,) the least number of negative documents that makes the window a breach beside the other documents that it holds;
            infinite where no number does. A long window must also still be high in its last quarter.
    """

    readings: Readings
    limit: Floats


def by_kind(counts: Counts) -> list[Counts]:
    """Return the series by kind, the kind of the first one first: those that resemble each other share a baseline season."""
    kinds: dict[SeriesKind, list[int]] = {}
    for row, name in enumerate(counts.topics):
        kinds.setdefault(kind_of(name), []).append(row)
    return [counts.rows(rows) for rows in kinds.values()] if len(kinds) > 1 else [counts]


def stack(parts: Sequence[Readings]) -> Readings:
    """Return the readings of several sets of series at the same ticks as one."""
    if len(parts) == 1:
        return parts[0]
    names = [field.name for field in fields(Readings) if field.name not in {"topics", "ticks"}]
    stacked = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(parts[0], topics=tuple(name for part in parts for name in part.topics), **stacked)


def most_significant(views: Sequence[tuple[Readings, float]]) -> Readings:
    """Return, for every series and tick, the reading of the most significant window; elevated when any window is, the highest score."""
    if len(views) == 1:
        return views[0][0]
    weight = np.stack([np.log(view.p_value) / np.log(limit) + 1e6 * view.breach for view, limit in views])
    chosen = weight.argmax(0)[None]
    pick = {name: np.take_along_axis(np.stack([getattr(view, name) for view, _ in views]), chosen, 0)[0] for name in _PER_WINDOW}
    elevated = np.logical_or.reduce([view.elevated for view, _ in views])
    return replace(views[0][0], **pick, elevated=elevated, score=np.max([view.score for view, _ in views], axis=0))
