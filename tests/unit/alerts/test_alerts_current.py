"""What is so now of an alert: the arithmetic of now, peak, trend and of everything since it began."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.detection.detector import BaselineCache, Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.facts.current import current, trend
from squall.alerts.minutes import instant
from squall.core.config.settings import DetectorSettings
from squall.core.records import AlertState, Trend
from tests.support.alert_mail import alert
from tests.support.synthetic_counts import DAY, simulate

LIMITS = DetectorSettings(history_days=4)
QUIET = simulate(3, 5, topics=2)
OPENED = 4 * DAY + 600


def story(*bursts):
    """Return counts in which topic T1 has nothing from an hour before `OPENED` on but `bursts` of (minute after it, negative, others)."""
    negative, total = QUIET.negative.copy(), QUIET.total.copy()
    negative[1, OPENED - 60 :] = total[1, OPENED - 60 :] = 0
    for minute, bad, others in bursts:
        negative[1, OPENED + minute] += bad
        total[1, OPENED + minute] += bad + others
    return Counts(QUIET.topics, QUIET.start, negative, total)


def at(minute, counts, **changes):
    begun = QUIET.start + OPENED
    fields = {"topic": "T1", "opened_at": instant(begun), "since": instant(begun - 30), "fired_at": instant(begun + 5)} | changes
    found = alert(**fields)
    return current(Detector(LIMITS), BaselineCache(counts), found, begun + minute, LIMITS)


BURSTS = ((-40, 3, 0), (-20, 5, 1), (10, 50, 10), (80, 100, 20), (100, 84, 16), (200, 12, 8))


def test_now_is_the_last_hour_the_peak_the_worst_one_and_everything_is_counted_once():
    now = at(241, story(*BURSTS))
    assert (now.current_minutes, now.current, now.current_total) == (60, 12, 20)
    assert (now.peak, now.peaked_at) == (184, instant(QUIET.start + OPENED + 101))
    assert now.documents_so_far == 5 + 50 + 100 + 84 + 12
    assert now.updated_at == instant(QUIET.start + OPENED + 241)
    assert now.current_expected > 0


def test_an_alert_told_hours_later_tells_of_what_came_and_went_since():
    told_at_first, told_later = at(12, story(*BURSTS)), at(239, story(*BURSTS))
    assert (told_at_first.current, told_at_first.peak, told_at_first.documents_so_far) == (58, 58, 55)
    assert (told_later.current, told_later.peak, told_later.documents_so_far) == (12, 184, 251)


def test_what_was_judged_stays_as_it_was():
    before, now = alert(), at(100, story(*BURSTS))
    judged = ("observed", "expected", "p_value", "negative_share", "expected_share", "window_start", "window_end", "severity", "id")
    assert all(getattr(now, name) == getattr(before, name) for name in judged)


def test_a_resolved_alert_keeps_the_numbers_of_its_end():
    end = instant(QUIET.start + OPENED + 241)
    over = {"state": AlertState.RESOLVED, "resolved_at": end}
    counts = story(*BURSTS, (260, 500, 0))
    assert at(400, counts, **over) == at(241, counts, **over)
    assert at(400, counts, **over).peak == 184


def test_the_expected_number_is_the_detectors_own():
    counts = story(*BURSTS)
    tick = QUIET.start + OPENED + 30
    reading = Detector(LIMITS).read_at(counts, np.array([tick]), only_window=60).at(1, 0)
    now = at(30, counts)
    assert (now.current, now.current_total, now.current_expected) == (reading.observed, reading.total, reading.expected)


def test_a_series_that_is_not_counted_is_left_as_it_is():
    source = alert(topic="Source: wire", test="no data")
    assert current(Detector(LIMITS), BaselineCache(QUIET), source, QUIET.start + OPENED, LIMITS) == source


@pytest.mark.parametrize(
    ("bursts", "expected"),
    [
        (((65, 20, 0), (5, 3, 0)), Trend.RISING),
        (((65, 3, 0), (5, 20, 0)), Trend.FALLING),
        (((65, 11, 0), (5, 9, 0)), Trend.STEADY),
        ((), Trend.STEADY),
    ],
)
def test_the_trend_is_the_last_hour_against_the_one_before(bursts, expected):
    assert at(120, story(*bursts)).trend is expected


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_trend_turned_round_is_the_other_one(recent, before):
    opposite = {Trend.RISING: Trend.FALLING, Trend.FALLING: Trend.RISING, Trend.STEADY: Trend.STEADY}
    assert trend(before, recent) is opposite[trend(recent, before)]
    if trend(recent, before) is Trend.RISING:
        assert trend(recent + 1, before) is Trend.RISING


def test_an_alert_older_than_an_hour_is_as_new_as_its_last_minute():
    counts = story((0, 9, 0), (59, 1, 0))
    assert [at(minute, counts).current for minute in (1, 60, 61, 120)] == [9, 10, 1, 0]
    assert at(120, counts).peaked_at - at(120, counts).opened_at == timedelta(minutes=60)
