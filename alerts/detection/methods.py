"""Detection methods behind one interface: the shipped detector, the one for dense series, and two simple ones, z-score and threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from scipy.special import ndtr

from squall.alerts.detection.detector import BaselineCache, Detector
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, JudgedWindows, Readings
from squall.alerts.detection.return_period import ReturnPeriod
from squall.alerts.detection.views import least_breach
from squall.alerts.detection.windows import by_hour, multiples, window_counts
from squall.core.config.settings import DetectorSettings


class Method(Protocol):
    """Reads counts. Pure and causal: a reading depends on the `lookback` minutes before its tick and on nothing else."""

    name: str
    """Written into every alert."""
    lookback: int

    def ticks(self, after: int, until: int) -> Ints:
        """Return the minutes in (after, until] at which it reads."""

    def read(self, counts: Counts, after: int, until: int, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at every tick in (after, until]; `counts` reach from `after − lookback` to `until`."""

    def read_at(self, counts: Counts, ticks: Ints, *, only_window: int = 0, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at the given increasing `ticks`; `cache` is of `counts`."""

    def judge(self, counts: Counts, ticks: Ints, series: str, window: int, cache: BaselineCache | None = None) -> JudgedWindows:
        """Return one series in the windows of `window` minutes that end at `ticks`, as `read` judged them.

        Raises:
            ValueError: the series is not counted, or no window of this length is judged.
        """


class _SingleWindow:
    """What the simple methods share: one window, compared with the windows of the history before a guard."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self.lookback = settings.history_days * 1440 + 60

    def ticks(self, after: int, until: int) -> Ints:
        """Return the minutes in (after, until] that are multiples of the step."""
        return multiples(self._settings.step_minutes, after, until)

    def read(self, counts: Counts, after: int, until: int, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at every tick in (after, until]."""
        return self.read_at(counts, self.ticks(after, until), cache=cache)

    def read_at(
        self,
        counts: Counts,
        ticks: Ints,
        *,
        only_window: int = 0,
        cache: BaselineCache | None = None,  # noqa: ARG002 - these methods fit nothing
    ) -> Readings:
        """Return the readings at the given increasing `ticks`."""
        window = only_window or self._settings.window_minutes
        observed = window_counts(counts.negative, counts.start, ticks, window)
        total = window_counts(counts.total, counts.start, ticks, window)
        mean, deviation, share, judged = self._history(counts, ticks, window)
        p_value, breach, elevated, score = self._judge(observed, mean, deviation)
        return Readings(
            topics=counts.topics,
            ticks=ticks,
            observed=observed,
            total=total,
            window_minutes=np.full(observed.shape, window, dtype=np.int64),
            expected=mean,
            p_value=p_value,
            expected_share=share,
            share_p_value=np.ones(observed.shape),
            dispersion=np.clip((deviation**2 - mean) / np.maximum(mean, 0.1) ** 2, 0.01, 5.0),
            breach=breach & judged,
            elevated=elevated & judged,
            critical=np.zeros(observed.shape, dtype=bool),
            score=score,
        )

    def judge(
        self,
        counts: Counts,
        ticks: Ints,
        series: str,
        window: int,
        cache: BaselineCache | None = None,  # noqa: ARG002 - as above
    ) -> JudgedWindows:
        """Return one series in the windows that end at `ticks`, as `read` judged them."""
        if series not in counts.topics or window != self._settings.window_minutes:
            raise ValueError(f"no window of {window} minutes of {series!r} is judged")
        row = [counts.topics.index(series)]
        mean, deviation, _, judged = self._history(counts, ticks, window)
        limit = least_breach(lambda observed: self._judge(observed, mean[row], deviation[row])[1] & judged, (1, ticks.size))
        return JudgedWindows(self.read_at(counts, ticks).of(row), limit[0])

    def _history(self, counts: Counts, ticks: Ints, window: int) -> tuple[Floats, Floats, Floats, Bools]:
        """Return (series, ticks) mean and deviation of past windows and negative share, by the hour; (ticks,) whether there was enough."""
        limits = self._settings
        mean, deviation, share = (np.zeros((len(counts.topics), ticks.size)) for _ in range(3))
        judged = np.zeros(ticks.size, dtype=bool)
        published = counts.start + np.flatnonzero(counts.total.any(0))
        for hour, columns in by_hour(ticks):
            last = hour * 60 - max(limits.guard_minutes, window)
            begun = published[np.searchsorted(published, hour * 60 - limits.history_days * 1440) :]
            if not begun.size:
                continue
            first = int(begun[0])  # what is before the first document was not observed
            ends = np.arange(last, first + window - 1, -window, dtype=np.int64)
            if ends.size < 2:
                continue
            past = window_counts(counts.negative, counts.start, ends, window).astype(np.float64)
            everything = window_counts(counts.total, counts.start, ends, window).sum(1)
            mean[:, columns], deviation[:, columns] = past.mean(1)[:, None], past.std(1, ddof=1)[:, None]
            share[:, columns] = np.clip(past.sum(1) / np.maximum(everything, 1), 0.0, 1.0)[:, None]
            judged[columns] = hour * 60 - first >= limits.min_history_hours * 60
        return mean, deviation, share, judged

    def _judge(self, observed: Ints, mean: Floats, deviation: Floats, /) -> tuple[Floats, Bools, Bools, Floats]:
        """Return p-value, breach, elevated and score."""
        raise NotImplementedError


class ZScore(_SingleWindow):
    """(count − mean) / standard deviation of the history, whatever the hour; a breach where a normal tail is below `p_value`."""

    name = "z-score"

    def _judge(self, observed: Ints, mean: Floats, deviation: Floats, /) -> tuple[Floats, Bools, Bools, Floats]:
        score: Floats = (observed - mean) / np.maximum(deviation, 0.5)
        p_value = np.maximum(ndtr(-score), 1e-300)
        enough = observed >= self._settings.min_documents
        return p_value, enough & (p_value <= self._settings.p_value), enough & (p_value <= self._settings.p_value**0.5), score


class FixedThreshold(_SingleWindow):
    """A breach where a window holds `threshold_documents` negative documents."""

    name = "threshold"

    def _judge(self, observed: Ints, _mean: Floats, _deviation: Floats, /) -> tuple[Floats, Bools, Bools, Floats]:
        limit = self._settings.threshold_documents
        p_value = np.where(observed >= limit, 0.0, 1.0)
        return p_value, observed >= limit, observed >= 0.8 * limit, observed.astype(np.float64)


METHODS: Final[dict[str, Callable[[DetectorSettings], Method]]] = {
    "seasonal": Detector,
    "return-period": ReturnPeriod,
    "z-score": ZScore,
    "threshold": FixedThreshold,
}


def open_method(settings: DetectorSettings) -> Method:
    """Return the method that the settings name."""
    return METHODS[settings.method](settings)
