from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from squall.backtest.simulation.market import BUCKET_MINUTES, DAY_BUCKETS, HISTORY_DAYS, SERIES, simulate
from squall.backtest.simulation.scenarios import SCENARIOS

DAYS = 10
EVERY = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@cache
def market_of(scenario, days=DAYS):
    return simulate(scenario, 3, days)


def buckets(counts):
    return counts.negative.reshape(SERIES, -1, BUCKET_MINUTES).sum(2), counts.total.reshape(SERIES, -1, BUCKET_MINUTES).sum(2)


def by_name(name):
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


@EVERY
def test_events_never_meet_and_lie_in_the_judged_days(scenario):
    market = market_of(scenario)
    length = scenario.minutes // BUCKET_MINUTES
    assert len(market.events) >= SERIES
    for row in range(SERIES):
        mine = sorted((first, size) for at, first, size in market.events if at == row)
        assert all(size == length for _, size in mine)
        assert all(first >= market.judged_from and first + size <= (HISTORY_DAYS + DAYS) * DAY_BUCKETS for first, size in mine)
        assert all(one + size + DAY_BUCKETS <= other for (one, size), (other, _) in pairwise(mine))


@EVERY
def test_the_calm_twin_is_the_same_market_outside_the_events(scenario):
    market = market_of(scenario)
    for eventful, calm in zip(buckets(market.counts), buckets(market.calm), strict=True):
        apart = eventful != calm
        for row, first, length in market.events:
            apart[row, first : first + length] = False
        assert not apart.any()


@EVERY
def test_there_are_never_more_negative_documents_than_documents(scenario):
    market = market_of(scenario)
    for counts in (market.counts, market.calm):
        assert np.all(counts.negative >= 0)
        assert np.all(counts.total >= counts.negative)


def test_the_same_seed_gives_the_same_market_and_another_does_not():
    one, same, other = (simulate(SCENARIOS[0], seed, DAYS) for seed in (5, 5, 6))
    assert np.array_equal(one.counts.negative, same.counts.negative)
    assert one.events == same.events
    assert not np.array_equal(one.counts.negative, other.counts.negative)


def test_outbreaks_of_every_shape_bring_three_standard_deviations_on_average():
    for name in ("step", "ramp", "decay"):
        market = market_of(by_name(name), 30)
        eventful, calm = buckets(market.counts)[0], buckets(market.calm)[0]
        sizes = [
            (eventful[row, at : at + length] - calm[row, at : at + length]).mean() / calm[row, market.judged_from :].std()
            for row, at, length in market.events
        ]
        assert 1.5 < np.mean(sizes) < 3.5  # a series' scatter over the whole day is more than that in one hour


def test_a_turn_leaves_the_volume_and_a_surge_the_share():
    turn = market_of(by_name("turn"))
    assert np.array_equal(turn.counts.total, turn.calm.total)
    surge = simulate(by_name("surge"), 3, 30)
    (negative, total), (calm, everything) = buckets(surge.counts), buckets(surge.calm)
    hit = np.zeros(negative.shape, dtype=bool)
    for row, first, length in surge.events:
        hit[row, first : first + length] = True
    assert negative[hit].sum() / total[hit].sum() == pytest.approx(calm[hit].sum() / everything[hit].sum(), abs=0.01)
    assert total[hit].sum() / everything[hit].sum() == pytest.approx(3.0, abs=0.1)


def test_only_a_polluted_history_holds_outbreaks():
    polluted = market_of(by_name("polluted"))
    clean = simulate(replace(by_name("polluted"), polluted=False), 3, DAYS)
    added = (buckets(polluted.calm)[0] - buckets(clean.calm)[0])[:, : polluted.judged_from]
    assert (added >= 0).all()
    assert ((added > 0).sum(1) > 12).all()  # more than one bucket in each of several outbreaks, in every series
