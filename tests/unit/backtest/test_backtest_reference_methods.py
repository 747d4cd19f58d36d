import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.detection.season import day_types
from squall.backtest.simulation.reference_methods import ears_c2, moving, negative_binomial_cusum, seasonal, threshold, z_score

DAYS, PER_DAY = 4, 48
KINDS = day_types(20_517 + np.arange(DAYS))
METHODS = {
    "zscore": lambda counts: z_score(counts, *moving(counts, 96, 5)),
    "zscore-seasonal": lambda counts: z_score(counts, *seasonal(counts, KINDS, 3)),
    "threshold": threshold,
    "ears-c2": ears_c2,
    "nb-cusum": lambda counts: negative_binomial_cusum(counts, *moving(counts, 96, 5)),
    "nb-cusum-seasonal": lambda counts: negative_binomial_cusum(counts, *seasonal(counts, KINDS, 3)),
}


def poisson(seed, mean=3.0, series=2):
    return np.random.default_rng(seed).poisson(mean, (series, DAYS * PER_DAY))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 12), st.integers(1, 5))
def test_moving_moments_are_those_of_a_plain_loop(values, length, lag):
    mean, deviation = moving(np.array([values]), length, lag)
    for at in range(len(values)):
        past = values[max(at - lag + 1 - length, 0) : max(at - lag + 1, 0)]
        assert mean[0, at] == pytest.approx(np.mean(past) if past else 0.0, abs=1e-9)
        assert deviation[0, at] == pytest.approx(np.std(past, ddof=1) if len(past) > 1 else 0.0, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_seasonal_moments_are_those_of_the_same_hour_on_days_alike(seed, length):
    counts = poisson(seed)
    mean, deviation = seasonal(counts, KINDS, length)
    for at in (0, PER_DAY, 2 * PER_DAY + 7, 3 * PER_DAY + 40):
        day, hour = divmod(at // 2, 24)
        past = [
            counts[1, other * PER_DAY + hour * 2 + half]
            for other in range(max(day - length, 0), day)
            if KINDS[other] == KINDS[day]
            for half in range(2)
        ]
        assert mean[1, at] == pytest.approx(np.mean(past) if past else 0.0)
        assert deviation[1, at] == pytest.approx(np.std(past, ddof=1) if past else 0.0)


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), at=st.integers(1, DAYS * PER_DAY - 1))
def test_a_score_does_not_depend_on_what_comes_after(name, seed, at):
    counts = poisson(seed)
    changed = counts.copy()
    changed[:, at:] = poisson(seed + 1, mean=30.0)[:, at:]
    assert np.array_equal(METHODS[name](counts)[:, :at], METHODS[name](changed)[:, :at])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_the_cusum_is_its_recursion(seed):
    counts = poisson(seed, series=1)
    mean, deviation = np.full(counts.shape, 3.0), np.full(counts.shape, 2.0)
    size = 9.0 / (4.0 - 3.0)
    raised = 3.0 + 3.0 * 2.0
    expected, total = [], 0.0
    for count in counts[0]:
        ratio = count * np.log(raised * (size + 3.0) / (3.0 * (size + raised))) - size * np.log((size + raised) / (size + 3.0))
        total = max(0.0, total + ratio)
        expected.append(total)
    assert negative_binomial_cusum(counts, mean, deviation)[0] == pytest.approx(np.array(expected), abs=1e-9)


def test_ears_c2_leaves_the_two_units_before_out():
    counts = np.array([[1, 3, 1, 3, 1, 3, 1, 90, 90, 9]])
    usual = counts[0, :7]
    assert ears_c2(counts)[0, 9] == pytest.approx((9 - usual.mean()) / usual.std(ddof=1))


@pytest.mark.parametrize("name", METHODS)
def test_every_reference_sees_an_obvious_spike(name):
    calm = poisson(1)
    spiked = calm.copy()
    spiked[0, 150] = 60
    assert METHODS[name](spiked)[0, 150] > METHODS[name](calm)[0, 150] + 10
