"""The text summary of `squall backtest simulate`: tables of every scenario, and whether the goals were met."""

from __future__ import annotations

import math
from typing import Final

from squall.backtest.simulation.comparison import AIM, ALLOWED, MONTH_DAYS, Comparison, Score
from squall.backtest.simulation.methods import SHIPPED, SHIPPED_AS_CONFIGURED

_GOAL_DETECTION: Final = 0.95
_GOAL_DELAY: Final = 2.0
_GOAL_SURGES: Final = 0.01
_GOAL_SIZE: Final = 3.0
PLAIN: Final = ("zscore", "ears-c2", "nb-cusum")
"""What the shipped method must be better than in every scenario with outbreaks."""
_COLUMNS: Final = f"{'':22} {'found':>7} {'delay':>7} {'false/month':>12} {'threshold':>10}"


def report(result: Comparison) -> str:
    """Return tables of every scenario and of all outbreaks together, and whether the goals were met."""
    names = list(result.trials[0].methods)
    lines = [
        f"{result.days} days of {len(result.trials)} markets, seed {result.seed}; each threshold makes {AIM:g} false alarms per series and "
        "month on markets of another seed",
        "found: share of events with an alarm; delay: median, in buckets of five minutes; false/month: false alarms per series and month",
    ]
    for trial in result.trials:
        lines += ["", f"{trial.scenario.name}: {trial.scenario.description} ({trial.scenario.kind})", _COLUMNS]
        lines += [_line(name, trial.methods[name]) for name in names]
    if any(trial.scenario.kind == "outbreak" for trial in result.trials):
        lines += ["", "all outbreaks", _COLUMNS, *(_line(name, result.over(name, "outbreak")) for name in names)]
    return "\n".join([*lines, "", *goals(result)])


def goals(result: Comparison) -> list[str]:
    """Return a line for each goal of the shipped method that this run can judge: met or missed, and by what."""
    facts, lines = result.as_dict(), []
    outbreaks = [trial for trial in result.trials if trial.scenario.kind == "outbreak"]
    for trial in outbreaks:
        if trial.scenario.size >= _GOAL_SIZE:
            found = trial.methods[SHIPPED].as_dict()
            share, delay = found["probability_of_detection"], found["median_delay_buckets"]
            lines.append(_goal(share >= _GOAL_DETECTION, f"{trial.scenario.name}: finds {share:.3f}, goal {_GOAL_DETECTION}"))
            shown = "none" if delay is None else f"{delay:g}"
            lines.append(
                _goal(delay is not None and delay <= _GOAL_DELAY, f"{trial.scenario.name}: median delay {shown}, goal {_GOAL_DELAY:g}")
            )
        worse = [name for name in PLAIN if not better(trial.methods[SHIPPED], trial.methods[name])]
        but = f"; not than {', '.join(worse)}" if worse else ""
        lines.append(_goal(not worse, f"{trial.scenario.name}: better than {', '.join(PLAIN)}{but}"))
    false = facts["methods"][SHIPPED]["false_alarms_per_series_day"]
    if false is not None:
        lines.append(_goal(false * MONTH_DAYS <= ALLOWED, f"{false * MONTH_DAYS:.2f} false alarms per series and month, goal {ALLOWED:g}"))
    if facts["surges"]:
        share = f"{facts['surge_share_of_alerts']:.4f} of all alerts"
        seen = f"{facts['surges_with_an_alert']} of {facts['surges']} surges raise an alert, {share}"
        lines.append(_goal(facts["surge_share_of_alerts"] <= _GOAL_SURGES, f"{seen}, goal {_GOAL_SURGES}"))
    return lines


def better(one: Score, other: Score) -> bool:
    """Return whether `one` finds more events, or as many sooner."""

    def rank(score: Score) -> tuple[int, float]:
        return sum(map(math.isfinite, score.delays)), -sum(delay for delay in score.delays if math.isfinite(delay))

    return rank(one) > rank(other)


def _goal(met: bool, description: str) -> str:
    return f"{'met   ' if met else 'MISSED'} {description}"


def _line(name: str, score: Score) -> str:
    facts = score.as_dict()
    delay, found = facts["median_delay_buckets"], facts["probability_of_detection"]
    false = facts["false_alarms_per_series_day"] * MONTH_DAYS
    limit = "" if name == SHIPPED_AS_CONFIGURED or math.isnan(score.threshold) else f"{score.threshold:.2f}"
    return f"{name:22} {found:>7.3f} {'-' if delay is None else f'{delay:g}':>7} {false:>12.2f} {limit:>10}".rstrip()
