import numpy as np

from squall.alerts.detection.no_data import NoDataDetector, blackout
from squall.alerts.detection.readings import Counts
from squall.alerts.lifecycle import Change, Lifecycle, alert_record
from squall.core.config.settings import DetectorSettings
from squall.core.records import SeriesKind
from squall.core.series import NO_DATA
from tests.support.synthetic_counts import DAY, MONDAY, simulate

LIMITS = DetectorSettings(step_minutes=5)


def sources(seed=1, days=9, negative_per_hour=20.0, neutral_per_hour=60.0, weekend=0.25):
    counts = simulate(seed, days, topics=3, negative_per_hour=negative_per_hour, neutral_per_hour=neutral_per_hour, weekend=weekend)
    return Counts(tuple(f"Source: s{row}" for row in range(3)), counts.start, counts.negative, counts.total)


def stop(counts, rows, begin, minutes):
    for values in (counts.negative, counts.total):
        values[rows, begin : begin + minutes] = 0
    return counts


def read(counts):
    return NoDataDetector(LIMITS).read(counts, np.arange(counts.start, counts.end + 1, 5)[1:])


def test_a_source_that_stops_is_reported_within_two_hours_and_alone():
    counts = stop(sources(), [1], 8 * DAY + 600, 300)
    changes = Lifecycle(LIMITS).advance(read(counts))
    fired = [change for change in changes if change.change is Change.FIRED]
    assert [change.alert.topic for change in fired] == ["Source: s1"]
    assert MONDAY + 8 * DAY + 600 < fired[0].tick <= MONDAY + 8 * DAY + 720
    alert = alert_record(fired[0], "test")
    assert (alert.kind, alert.test, alert.observed < alert.expected_low) == (SeriesKind.SOURCE, NO_DATA, True)


def test_the_alert_ends_when_data_is_back():
    counts = stop(sources(), [1], 8 * DAY + 300, 240)
    changes = Lifecycle(LIMITS).advance(read(counts))
    assert [change.change for change in changes if change.alert.fired is not None] == [Change.FIRED, Change.RESOLVED]


def test_a_quiet_night_and_a_quiet_weekend_are_not_a_stop():
    assert not read(sources(seed=3, days=14, weekend=0.05)).breach.any()


def test_a_source_too_quiet_to_judge_is_not_missed():
    assert not read(stop(sources(negative_per_hour=0.1, neutral_per_hour=0.2), [1], 8 * DAY + 600, 300)).breach.any()


def test_it_is_dark_only_while_every_source_is_silent():
    all_stopped = stop(sources(), [0, 1, 2], 8 * DAY + 600, 300)
    readings = read(all_stopped)
    dark = readings.ticks[blackout(readings)]
    assert dark.size
    assert dark.min() > MONDAY + 8 * DAY + 600
    assert dark.max() <= MONDAY + 8 * DAY + 960
    assert not blackout(read(stop(sources(), [0, 1], 8 * DAY + 600, 300))).any()
