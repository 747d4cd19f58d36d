"""`squall backtest simulate`: the shipped method and the references on simulated markets, at the same rate of false alarms.

In each scenario the threshold of each method is calibrated on a calm market of another seed than the one that is judged; detections and
delays are counted on the judged market, false alarms on the same market without its events.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final

import numpy as np

from squall.alerts.detection.readings import Bools
from squall.backtest.simulation.alarm_rates import calibrate, delays, episodes, rate_interval, share_interval, within
from squall.backtest.simulation.market import BUCKET_MINUTES, SERIES, Market, simulate
from squall.backtest.simulation.methods import SHIPPED, SHIPPED_AS_CONFIGURED, Scores, scores
from squall.backtest.simulation.scenarios import Scenario
from squall.core.errors import ConfigurationError

MONTH_DAYS: Final = 30
ALLOWED: Final = 1.0
"""False alarms per series-month."""
AIM: Final = 0.8
"""Target of the calibration, per series-month, so that the rate measured on other seeds stays below `ALLOWED`."""
LEAST_DAYS: Final = 10
WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one method in one scenario, or in several.

    Attributes:
        threshold: of its score; NaN for several scenarios together.
        delays: (events,) buckets from an event's first to its first alarm; infinity where there is none.
        alerts_in_events: (events,) episodes that began in each event, or within an hour of its end.
        alerts: episodes in the judged market.
        false_alarms: episodes in the judged market without its events.
        series_days: on which they were counted.
    """

    threshold: float
    delays: tuple[float, ...]
    alerts_in_events: tuple[int, ...]
    alerts: int
    false_alarms: int
    series_days: float

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        events, found = len(self.delays), sum(map(math.isfinite, self.delays))
        median = float(np.median(self.delays)) if events else math.inf
        facts: dict[str, Any] = {} if math.isnan(self.threshold) else {"threshold": self.threshold}
        return facts | {
            "probability_of_detection": found / events if events else None,
            "probability_of_detection_interval": share_interval(found, events) if events else None,
            "median_delay_buckets": median if math.isfinite(median) else None,
            "false_alarms_per_series_day": self.false_alarms / self.series_days if self.series_days else None,
            "false_alarms_per_series_day_interval": rate_interval(self.false_alarms, self.series_days) if self.series_days else None,
            "events": events,
            "found": found,
            "alerts": self.alerts,
            "false_alarms": self.false_alarms,
        }


def pooled(parts: Sequence[Score]) -> Score:
    """Return the scores of one method in several scenarios as one."""
    return Score(
        threshold=math.nan,
        delays=tuple(delay for part in parts for delay in part.delays),
        alerts_in_events=tuple(count for part in parts for count in part.alerts_in_events),
        alerts=sum(part.alerts for part in parts),
        false_alarms=sum(part.false_alarms for part in parts),
        series_days=sum(part.series_days for part in parts),
    )


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario and the result of each method in it."""

    scenario: Scenario
    methods: dict[str, Score]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All trials of one run."""

    seed: int
    days: int
    trials: tuple[ScenarioResult, ...]

    def over(self, method: str, *kinds: str) -> Score:
        """Return the result of `method` in the scenarios of these kinds; without kinds, in all."""
        return pooled([trial.methods[method] for trial in self.trials if not kinds or trial.scenario.kind in kinds])

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON."""
        shipped, all_alerts = self.over(SHIPPED, "outbreak").as_dict(), self.over(SHIPPED).alerts
        surges = self.over(SHIPPED, "surge").alerts_in_events
        names = list(self.trials[0].methods)
        return {
            **{key: shipped[key] for key in ("probability_of_detection", "median_delay_buckets", "false_alarms_per_series_day")},
            "surge_share_of_alerts": sum(surges) / all_alerts if all_alerts else 0.0,
            "surges": len(surges),
            "surges_with_an_alert": sum(map(bool, surges)),
            "bucket_minutes": BUCKET_MINUTES,
            "series_days": self.over(SHIPPED).series_days,
            "seed": self.seed,
            "days": self.days,
            "methods": {name: self.over(name, "outbreak").as_dict() for name in names},
            "scenarios": {trial.scenario.name: _described(trial) for trial in self.trials},
        }


def _described(trial: ScenarioResult) -> dict[str, Any]:
    methods = {name: score.as_dict() for name, score in trial.methods.items()}
    return {"description": trial.scenario.description, "kind": trial.scenario.kind, "methods": methods}


def compare(
    scenarios: Sequence[Scenario],
    seed: int,
    days: int = MONTH_DAYS,
    *,
    workers: int = WORKERS,
    progress: Callable[[str, float], None] = lambda _what, _fraction: None,
) -> Comparison:
    """Evaluate every method on `days` of each scenario.

    Args:
        scenarios: one or more.
        seed: of the random numbers; the same one gives the same result.
        days: evaluated days, after the history; an event per series in each five of them.
        workers: processes that compute.
        progress: receives the name of each finished scenario and the completed share, 0 to 1.

    Raises:
        ConfigurationError: fewer than `LEAST_DAYS`.
    """
    if days < LEAST_DAYS:
        raise ConfigurationError(f"{days} days are too few to count false alarms on", f"evaluate {LEAST_DAYS} days or more")
    trials: list[ScenarioResult] = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        try:
            jobs = [[pool.submit(_part, scenario, seed, days, part) for part in _PARTS] for scenario in scenarios]
            for scenario, parts in zip(scenarios, jobs, strict=True):
                trials.append(_trial(simulate(scenario, _judged_seed(seed), days), scenario, days, parts))
                progress(scenario.name, len(trials) / len(scenarios))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return Comparison(seed, days, tuple(trials))


_PARTS: Final = ("calibration", "calm", "events")


def _judged_seed(seed: int) -> int:
    """Return the seed of the market that is judged; the one after it is that of the calibration."""
    return 2 * seed


def _part(scenario: Scenario, seed: int, days: int, part: str) -> Scores:
    """Score one market; runs in a worker."""
    market = simulate(scenario, _judged_seed(seed) + 1 if part == "calibration" else _judged_seed(seed), days)
    return scores(market.counts if part == "events" else market.calm, market.judged_from)


def _trial(market: Market, scenario: Scenario, days: int, parts: Sequence[Future[Scores]]) -> ScenarioResult:
    calibration, calm, eventful = (part.result() for part in parts)
    events = [(row, first - market.judged_from, length) for row, first, length in market.events]
    allowed = AIM * SERIES * days / MONTH_DAYS
    methods: dict[str, Score] = {}
    for name in eventful:
        limit = 0.5 if name == SHIPPED_AS_CONFIGURED else calibrate(calibration[name], allowed)
        alarms, false = eventful[name] > limit, calm[name] > limit
        methods[name] = _score(limit, alarms, false, events, SERIES * days)
    return ScenarioResult(scenario, methods)


def _score(limit: float, alarms: Bools, false: Bools, events: Sequence[tuple[int, int, int]], series_days: float) -> Score:
    return Score(
        threshold=limit,
        delays=tuple(delays(alarms, events).tolist()),
        alerts_in_events=tuple(within(alarms, events).tolist()),
        alerts=episodes(alarms),
        false_alarms=episodes(false),
        series_days=series_days,
    )
