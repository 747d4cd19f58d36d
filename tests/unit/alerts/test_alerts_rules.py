import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from squall.alerts.detection.rules import FAMILY_SIZE, rules, shared_limit
from squall.alerts.detection.tails import fisher_combined, interval, negative_binomial_lower_tail
from squall.core.config.settings import DetectorSettings
from squall.core.series import BURN, BURST

P = st.floats(1e-12, 1.0)


def naive_limit(p_values, limit):
    """Benjamini and Hochberg's step-up procedure, as the paper writes it."""
    ordered = sorted(p_values)
    alone = limit * min(1.0, FAMILY_SIZE / len(p_values))
    passing = [rank for rank, p in enumerate(ordered, 1) if p <= rank * alone]
    return alone * max(passing, default=1)


@given(st.lists(P, min_size=1, max_size=40), st.floats(1e-8, 0.01))
def test_the_shared_limit_is_benjamini_and_hochbergs(p_values, limit):
    column = np.array(p_values)[:, None]
    found = shared_limit(column, np.ones(column.shape, dtype=bool), limit)[0]
    assert found == pytest.approx(naive_limit(p_values, limit))


def test_a_lone_series_among_a_thousand_needs_to_be_fifty_times_as_unusual():
    p_values = np.ones((1000, 1))
    p_values[7] = 5e-7
    assert shared_limit(p_values, np.ones((1000, 1), dtype=bool), 1e-6)[0] == pytest.approx(1e-6 / 50)


def test_series_that_something_else_speaks_against_do_not_ease_the_limit_for_others():
    p_values = np.full((20, 1), 1e-6)
    standing = np.zeros((20, 1), dtype=bool)
    standing[0] = True
    assert shared_limit(p_values, standing, 1e-6)[0] == pytest.approx(1e-6)
    assert shared_limit(p_values, ~standing | standing, 1e-6)[0] == pytest.approx(20e-6)


@pytest.mark.parametrize(
    ("changes", "burst", "burn"),
    [
        ({}, [5, 10, 15, 20, 30, 60], [180, 360, 720]),
        ({"step_minutes": 15}, [15, 20, 30, 60], [180, 360, 720]),
        ({"window_minutes": 240}, [20, 40, 60, 80, 120, 240], [360, 720]),
        ({"slow_window_minutes": 0}, [5, 10, 15, 20, 30, 60], []),
        ({"window_minutes": 5}, [5], [180, 360, 720]),
    ],
)
def test_windows_reach_from_minutes_to_the_longest_that_is_set(changes, burst, burn):
    found = rules(DetectorSettings(**changes))
    assert [rule.minutes for rule in found if rule.test == BURST] == burst
    assert [rule.minutes for rule in found if rule.test == BURN] == burn


@given(P, P)
def test_count_and_share_together_are_never_surer_than_fishers_combination(count, share):
    found = fisher_combined(np.array([count]), np.array([share]))[0]
    product = count * share
    assert found >= product * (1 - np.log(product)) - 1e-12
    assert found == 1.0 or (count <= 0.03 and share <= 0.03)


def test_no_count_however_large_opens_an_alert_without_the_share():
    certain = np.array([1e-300])
    assert fisher_combined(certain, np.array([0.02]))[0] > 1e-6
    assert fisher_combined(certain, np.array([1e-4]))[0] < 1e-6


@given(st.floats(0.1, 500), st.floats(0.01, 3))
def test_the_interval_holds_what_is_expected_and_grows_with_the_scatter(expected, dispersion):
    low, high = interval(expected, dispersion)
    assert 0 <= low <= high
    assert high >= np.floor(expected * 0.2)
    assert interval(expected, dispersion / 2)[1] <= high


@given(st.floats(1e-3, 1e5), st.floats(1e-6, 30))
def test_the_interval_is_of_the_quantiles_of_the_distribution(expected, dispersion):
    size = 1 / dispersion
    assert interval(expected, dispersion) == tuple(nbinom.ppf([0.05, 0.95], size, size / (size + expected)))


@given(st.integers(0, 300), st.floats(0.1, 300), st.floats(0.01, 3))
def test_fewer_documents_are_never_more_probable_in_the_lower_tail(observed, expected, dispersion):
    low, high = negative_binomial_lower_tail(np.array([observed, observed + 1]), np.array([expected] * 2), np.array([dispersion] * 2))
    assert 0 < low <= high <= 1
