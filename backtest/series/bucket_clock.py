"""Places the rows of a series on the detector's clock of minutes.

Everything here is causal: where a row stands depends on the first rows (how long a bucket is) and on those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Ints

_CLOCK_BUCKETS: Final = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""Minutes; they divide an hour."""
_PSEUDO_LONG: Final = 60
_PSEUDO_SHORT: Final = 5
_CADENCE_ROWS: Final = 12
"""The usual distance between rows is the median one of so many."""
_WEEK: Final = 7 * 1440
_NEAR: Final = 0.25


@dataclass(frozen=True, slots=True)
class BucketClock:
    """How rows are laid on the detector's clock.

    Attributes:
        seconds: of event time from one row to the next.
        minutes: how long a bucket is for the detector.
        real: whether its hours and weekdays are those of the timestamps.
    """

    seconds: float
    minutes: int
    real: bool

    @staticmethod
    def of(seconds: Sequence[float]) -> BucketClock:
        """Return the clock for rows that begin at these `seconds`, by the first of them.

        Rows a minute to an hour apart are on the real clock, in the nearest bucket that divides an hour. On other clocks a bucket of
        more than an hour is taken for an hour, one of less than a minute for five minutes.
        """
        cadence = float(np.median(np.diff(seconds[:_CADENCE_ROWS]))) if len(seconds) > 1 else 3600.0
        nearest = min(_CLOCK_BUCKETS, key=lambda minutes: abs(np.log(minutes * 60 / cadence)))
        if abs(np.log(nearest * 60 / cadence)) <= _NEAR:
            return BucketClock(nearest * 60.0, nearest, real=True)
        return BucketClock(cadence, _PSEUDO_LONG if cadence > 3600 else _PSEUDO_SHORT, real=False)

    def minutes_of(self, seconds: Sequence[float], longest_gap: int) -> Ints:
        """Return the minute in which each row's bucket begins; increasing, at least a bucket apart.

        A row that comes too early for a bucket of its own has the next one. A gap is cut by whole weeks to about `longest_gap` minutes,
        beyond which the detector does not look back.
        """
        first = int(seconds[0] // 60) if self.real else 0
        places = np.rint((np.asarray(seconds) - seconds[0]) / self.seconds).astype(np.int64)
        minutes, last, cut = np.empty(places.size, dtype=np.int64), -1, 0
        for row, place in enumerate(places.tolist()):
            gap = (place - cut - last - 1) * self.minutes - longest_gap
            if row and gap >= _WEEK and _WEEK % self.minutes == 0:
                cut += gap // _WEEK * _WEEK // self.minutes
            last = max(place - cut, last + 1)
            minutes[row] = first + last * self.minutes
        return minutes
