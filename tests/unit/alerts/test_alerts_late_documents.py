"""Text that comes late is looked at once more, for a while."""

from dataclasses import replace

import numpy as np

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.lifecycle import Change, Lifecycle
from squall.core.config.settings import DetectorSettings
from tests.support.synthetic_counts import DAY, simulate, with_burst

LIMITS = DetectorSettings(p_value=1e-7)
CALM = simulate(9, 6)
NOW = CALM.start + 5 * DAY + 900
GRACE = 30


def until(counts, minute):
    cut = minute - counts.start
    return Counts(counts.topics, counts.start, counts.negative[:, :cut], counts.total[:, :cut])


def lived():
    """A life that has seen the calm stream up to now."""
    life = Lifecycle(LIMITS)
    life.advance(Detector(LIMITS).read(until(CALM, NOW), NOW - DAY, NOW))
    return life


def again(counts):
    return Detector(LIMITS).read(until(counts, NOW), NOW - GRACE, NOW)


def test_looking_again_at_what_did_not_change_says_nothing_new():
    life = lived()
    before = life.dump()
    assert life.reevaluate(again(CALM), NOW + 1) == []
    assert life.dump() == before


def test_a_burst_that_came_late_fires_now_and_is_dated_to_when_it_began():
    late = with_burst(CALM, 1, 5 * DAY + 875, 10, 60)
    life = lived()
    changes = life.reevaluate(again(late), NOW + 1)
    assert [(change.change, change.tick) for change in changes] == [(Change.OPENED, NOW + 1), (Change.FIRED, NOW + 1)]
    assert changes[-1].alert.topic == "T1"
    assert NOW - GRACE < changes[-1].alert.opened < NOW
    assert life.reevaluate(again(late), NOW + 2) == []


def test_an_alert_that_was_reported_is_not_reported_again():
    burst = with_burst(CALM, 1, 5 * DAY + 870, 10, 60)
    life = Lifecycle(LIMITS)
    changes = life.advance(Detector(LIMITS).read(until(burst, NOW), NOW - DAY, NOW))
    assert [change.change for change in changes] == [Change.OPENED, Change.FIRED]
    more = with_burst(burst, 1, 5 * DAY + 880, 10, 30)
    assert life.reevaluate(again(more), NOW + 1) == []


def test_an_alert_that_ended_within_the_grace_time_does_not_open_again():
    readings = again(with_burst(CALM, 1, 5 * DAY + 875, 10, 60))
    life = lived()
    life.reevaluate(readings, NOW + 1)
    calm = replace(readings, breach=np.zeros_like(readings.breach), elevated=np.zeros_like(readings.elevated))
    ended = []
    for minute in range(1, 200):
        ended += life.advance(replace(calm.of(range(4)), ticks=readings.ticks[:1] + GRACE + minute, **_first_column(calm)))
    assert [change.change for change in ended] == [Change.RESOLVED]
    assert life.reevaluate(readings, NOW + 300) == []


def _first_column(readings):
    names = ("observed", "total", "window_minutes", "expected", "p_value", "expected_share", "share_p_value", "dispersion")
    flags = ("breach", "elevated", "critical", "score")
    return {name: getattr(readings, name)[:, :1] for name in (*names, *flags)}
