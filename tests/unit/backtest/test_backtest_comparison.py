import math

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from squall.backtest.simulation.alarm_rates import (
    EPISODE_GAP,
    beginnings,
    calibrate,
    delays,
    episodes,
    rate_interval,
    share_interval,
    within,
)
from squall.backtest.simulation.comparison import Comparison, ScenarioResult, Score, compare, pooled
from squall.backtest.simulation.methods import SHIPPED
from squall.backtest.simulation.scenarios import find_scenarios
from squall.backtest.simulation.summary import PLAIN, better, goals, report
from squall.core.errors import ConfigurationError


def score(found=(1.0, 2.0), alerts=2, in_events=(1, 1), false=0, days=100.0):
    return Score(3.0, tuple(found), tuple(in_events), alerts, false, days)


def comparison(**of_shipped):
    methods = {SHIPPED: score(**of_shipped)} | {name: score(found=(4.0, math.inf), false=2) for name in PLAIN}
    outbreak, surge = find_scenarios(["step", "surge"])
    unnoticed = dict.fromkeys(methods, score((math.inf,) * 2, 1, (0, 0), 1))
    return Comparison(1, 30, (ScenarioResult(outbreak, methods), ScenarioResult(surge, unnoticed)))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_an_episode_ends_when_an_hour_passes_without_an_alarm(row):
    begun, last = [], -1000
    for at, alarm in enumerate(row):
        if alarm:
            if at - last > EPISODE_GAP:
                begun.append(at)
            last = at
    assert np.flatnonzero(beginnings(np.array([row]))[0]).tolist() == begun


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 30))
def test_a_calibrated_threshold_keeps_to_what_is_allowed(seed, allowed):
    scores = np.random.default_rng(seed).exponential(size=(3, 400))
    assert episodes(scores > calibrate(scores, allowed)) <= allowed


def test_a_threshold_is_no_higher_than_it_must_be():
    scores = np.random.default_rng(1).exponential(size=(3, 4000))
    assert episodes(scores > calibrate(scores, 20)) == 20


def test_delays_count_from_the_first_bucket_of_an_event():
    alarms = np.zeros((2, 100), dtype=bool)
    alarms[0, [10, 13, 60]] = True
    assert delays(alarms, [(0, 10, 5), (0, 11, 5), (0, 14, 5), (1, 10, 5)]).tolist() == [0.0, 2.0, math.inf, math.inf]


def test_an_alert_belongs_to_an_event_for_an_hour_after_it():
    alarms = np.zeros((1, 200), dtype=bool)
    alarms[0, [20, 21, 70]] = True
    assert within(alarms, [(0, 5, 5), (0, 10, 5), (0, 60, 5)]).tolist() == [1, 1, 1]


def test_intervals_are_where_the_tails_are_two_and_a_half_percent():
    low, high = share_interval(19, 20)
    assert binom.sf(18, 20, low) == pytest.approx(0.025)
    assert binom.cdf(19, 20, high) == pytest.approx(0.025)
    low, high = rate_interval(4, 2.0)
    assert poisson.sf(3, low * 2) == pytest.approx(0.025)
    assert poisson.cdf(4, high * 2) == pytest.approx(0.025)
    assert (share_interval(0, 5)[0], share_interval(5, 5)[1], rate_interval(0, 1.0)[0]) == (0.0, 1.0, 0.0)


def test_scenarios_are_pooled_by_their_events_and_series_days():
    facts = pooled([score(), score(found=(5.0, math.inf), false=4, days=300.0)]).as_dict()
    assert facts["probability_of_detection"] == 0.75
    assert facts["median_delay_buckets"] == 3.5
    assert facts["false_alarms_per_series_day"] == 0.01
    assert "threshold" not in facts


def test_a_median_delay_of_missed_events_is_null():
    assert score(found=(1.0, math.inf, math.inf)).as_dict()["median_delay_buckets"] is None


def test_the_json_has_the_shipped_method_on_top_and_surges_apart():
    facts = orjson.loads(orjson.dumps(comparison().as_dict()))
    assert (facts["probability_of_detection"], facts["median_delay_buckets"], facts["false_alarms_per_series_day"]) == (1.0, 1.5, 0.0)
    assert (facts["surge_share_of_alerts"], facts["surges"], facts["surges_with_an_alert"]) == (0.0, 2, 0)
    assert facts["methods"]["zscore"]["probability_of_detection"] == 0.5
    assert facts["scenarios"]["step"]["methods"]["zscore"]["threshold"] == 3.0


def test_the_report_says_which_goals_were_missed():
    assert all(line.startswith("met") for line in goals(comparison()))
    missed = [line for line in goals(comparison(found=(7.0, math.inf), false=30)) if line.startswith("MISSED")]
    assert len(missed) == 4
    assert any("not than zscore, ears-c2, nb-cusum" in line for line in missed)
    assert "MISSED" in report(comparison(found=(7.0, 8.0)))


def test_better_finds_more_or_as_many_sooner():
    assert better(score((1.0, 9.0)), score((1.0, math.inf)))
    assert better(score((1.0, 2.0)), score((1.0, 3.0)))
    assert not better(score(), score())


def test_unknown_scenarios_and_too_few_days_are_refused():
    with pytest.raises(ConfigurationError, match="storm is not a scenario"):
        find_scenarios(["storm"])
    with pytest.raises(ConfigurationError, match="2 days are too few"):
        compare(find_scenarios(["step"]), 1, 2)


@pytest.mark.slow
def test_the_shipped_detector_beats_the_plain_ones_and_surges_raise_no_alerts():
    """Ten days of each market; the full run's numbers are in docs/backtesting.md."""
    result = compare(find_scenarios(["step", "decay", "quiet", "surge"]), 3, 10)
    for trial in result.trials[:3]:
        assert trial.methods[SHIPPED].as_dict()["probability_of_detection"] >= 0.9
        assert all(better(trial.methods[SHIPPED], trial.methods[name]) for name in PLAIN)
    facts = result.as_dict()
    assert facts["probability_of_detection"] >= 0.95
    assert facts["surges_with_an_alert"] <= 4
