"""Every method over the same suite: pure, causal, and quiet where nothing happens."""

import numpy as np
import pytest

from squall.alerts.detection.methods import METHODS, open_method
from squall.alerts.detection.readings import Counts
from squall.core.config.settings import DetectorSettings
from tests.support.synthetic_counts import DAY, simulate, with_burst

BURST = 5 * DAY + 840


@pytest.fixture(params=sorted(METHODS))
def limits(request):
    return DetectorSettings(method=request.param, step_minutes=5, history_days=7, threshold_documents=40)


def read(counts, limits, after=None, until=None):
    return open_method(limits).read(counts, after or counts.start, until or counts.end)


def test_a_large_burst_is_found(limits):
    counts = with_burst(simulate(1, 6), 2, BURST, 60, 150)
    found = read(counts, limits)
    assert found.breach[2, found.ticks > counts.start + BURST].any()
    if limits.method != "z-score":  # which takes the busy hours of the day for spikes
        assert not found.breach[[0, 1, 3]].any()


@pytest.mark.slow
def test_readings_do_not_depend_on_what_comes_after(limits):
    counts = with_burst(simulate(2, 5), 1, 4 * DAY + 100, 60, 90)
    cut = counts.start + 4 * DAY + 130
    until = cut - counts.start
    before = read(Counts(counts.topics, counts.start, counts.negative[:, :until], counts.total[:, :until]), limits)
    whole = read(counts, limits, until=cut)
    for field in ("observed", "expected", "p_value", "breach", "elevated", "score"):
        assert np.array_equal(getattr(before, field), getattr(whole, field)), field


@pytest.mark.slow
def test_readings_do_not_depend_on_how_ticks_are_grouped(limits):
    counts = simulate(3, 4)
    middle = counts.start + 3 * DAY + 35
    whole = read(counts, limits)
    parts = [read(counts, limits, until=middle), read(counts, limits, after=middle)]
    for field in ("p_value", "expected", "breach"):
        assert np.array_equal(np.concatenate([getattr(part, field) for part in parts], axis=1), getattr(whole, field)), field


def test_nothing_is_judged_before_there_is_enough_history(limits):
    counts = with_burst(simulate(4, 2), 0, 20 * 60, 60, 300)
    found = read(counts, limits)
    assert not found.breach[:, found.ticks < counts.start + limits.min_history_hours * 60].any()


def test_readings_do_not_depend_on_how_far_back_the_counts_reach_before_the_first_document(limits):
    counts = with_burst(simulate(5, 3), 0, 20 * 60, 60, 300)
    before = np.zeros((4, 2 * DAY), dtype=np.int64)
    padded = Counts(counts.topics, counts.start - 2 * DAY, np.hstack([before, counts.negative]), np.hstack([before, counts.total]))
    short, far = read(counts, limits), read(padded, limits, after=counts.start)
    for field in ("expected", "p_value", "breach"):
        assert np.array_equal(getattr(short, field), getattr(far, field)), field


def test_the_method_is_named_in_the_alert(limits):
    assert open_method(limits).name
