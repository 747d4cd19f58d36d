from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.detection.readings import Reading, Readings
from squall.alerts.lifecycle import Change, Lifecycle, alert_id, alert_record
from squall.core.config.settings import DetectorSettings
from squall.core.records import AlertState, Severity

LIMITS = DetectorSettings(for_minutes=5, resolve_minutes=10)
START = 29_000_000
CALM, TENSE, BREACH, CRITICAL = range(4)


def reading(minute, level, topic="Financials", p_value=1e-6):
    return Reading(
        topic=topic,
        tick=START + minute,
        observed=20 if level else 1,
        total=30,
        window_minutes=60,
        expected=3.0,
        p_value=p_value if level >= BREACH else 0.5,
        share=0.6,
        expected_share=0.2,
        share_p_value=1e-4,
        dispersion=0.1,
        breach=level >= BREACH,
        elevated=level >= TENSE,
        severity=Severity.CRITICAL if level == CRITICAL else Severity.WARNING,
    )


def live(levels, life=None, first=0):
    life = life or Lifecycle(LIMITS)
    return [change for minute, level in enumerate(levels) for change in life.step(reading(first + minute, level))]


def story(changes):
    return [(change.change, change.tick - START) for change in changes]


def test_a_breach_that_lasts_fires_and_then_resolves_once_calm():
    changes = live([CALM, *[BREACH] * 10, *[CALM] * 20])
    assert story(changes) == [(Change.OPENED, 1), (Change.FIRED, 6), (Change.RESOLVED, 20)]


def test_a_short_breach_is_dropped_without_firing():
    assert story(live([BREACH, BREACH, *[CALM] * 30])) == [(Change.OPENED, 0), (Change.DROPPED, 7)]


def test_a_brief_pause_does_not_start_the_wait_again():
    assert (Change.FIRED, 6) in story(live([BREACH, BREACH, CALM, CALM, CALM, CALM, BREACH]))


def test_a_breach_after_a_long_pause_opens_another_alert():
    sparse = Lifecycle(LIMITS)  # ticks may be missing: a pause is a matter of time, not of readings
    changes = sparse.step(reading(0, BREACH)) + sparse.step(reading(40, BREACH))
    assert story(changes) == [(Change.OPENED, 0), (Change.DROPPED, 40), (Change.OPENED, 40)]


def test_a_breach_of_the_slow_window_waits_longer_in_proportion():
    slow = Lifecycle(LIMITS)
    changes = [change for minute in range(40) for change in slow.step(replace(reading(minute, BREACH), window_minutes=240))]
    assert story(changes) == [(Change.OPENED, 0), (Change.FIRED, 20)]


def test_without_a_wait_an_alert_fires_at_its_first_breach():
    life = Lifecycle(DetectorSettings(for_minutes=0))
    assert [change.change for change in life.step(reading(0, BREACH))] == [Change.OPENED, Change.FIRED]


def test_an_elevated_count_holds_an_alert_open():
    changes = live([*[BREACH] * 6, *[TENSE] * 100, *[CALM] * 9, TENSE, *[CALM] * 10])
    assert story(changes)[-1] == (Change.RESOLVED, 125)


def test_severity_only_grows_and_is_reported_once():
    changes = live([*[BREACH] * 7, CRITICAL, BREACH, CRITICAL, *[CALM] * 12])
    assert [change.change for change in changes] == [Change.OPENED, Change.FIRED, Change.ESCALATED, Change.RESOLVED]
    assert alert_record(changes[-1], "test").severity is Severity.CRITICAL


def test_the_record_shows_the_peak():
    life = Lifecycle(LIMITS)
    changes = [
        change for minute, p in enumerate([1e-6] * 6 + [1e-9] + [1e-6] * 3) for change in life.step(reading(minute, BREACH, p_value=p))
    ]
    changes += live([CALM] * 20, life, first=10)
    fired, resolved = alert_record(changes[1], "test"), alert_record(changes[-1], "test")
    assert (fired.state, fired.p_value) == (AlertState.FIRING, 1e-6)
    assert (resolved.state, resolved.p_value) == (AlertState.RESOLVED, 1e-9)
    assert (resolved.window_end - resolved.window_start).total_seconds() == 3600
    assert resolved.opened_at < resolved.fired_at < resolved.resolved_at


def test_the_id_is_made_of_topic_and_opening_time():
    first, again, other = (live([BREACH], first=minute)[0].alert for minute in (0, 0, 1))
    assert alert_id(first) == alert_id(again) != alert_id(other)


LEVELS = st.lists(st.tuples(st.sampled_from([CALM, TENSE, BREACH, CRITICAL]), st.integers(1, 25)), max_size=25).map(
    lambda runs: [level for level, length in runs for _ in range(length)]
)


@given(LEVELS)
def test_a_topic_never_has_two_open_alerts_and_each_fired_one_resolves_once(levels):
    changes = live(levels + [CALM] * 60)
    open_now: set[str] = set()
    seen: Counter[tuple[str, Change]] = Counter()
    for change in changes:
        key = alert_id(change.alert)
        seen[key, change.change] += 1
        if change.change is Change.OPENED:
            assert not open_now
            open_now.add(key)
        elif change.change in {Change.DROPPED, Change.RESOLVED}:
            open_now.remove(key)
        else:
            assert key in open_now
    assert not open_now
    assert set(seen.values()) <= {1}
    fired = {key for key, change in seen if change is Change.FIRED}
    assert fired == {key for key, change in seen if change is Change.RESOLVED}
    assert not fired & {key for key, change in seen if change is Change.DROPPED}


@given(LEVELS, st.data())
def test_a_restart_at_any_tick_gives_the_same_story(levels, data):
    whole = live(levels)
    cut = data.draw(st.integers(0, len(levels)))
    before = Lifecycle(LIMITS)
    changes = live(levels[:cut], before)
    changes += live(levels[cut:], Lifecycle(LIMITS, before.dump()), first=cut)
    assert changes == whole


@given(LEVELS, LEVELS)
def test_many_readings_at_once_give_the_same_story_as_one_by_one(left, right):
    length = min(len(left), len(right))
    grid = np.array([left[:length], right[:length]])
    flat = np.ones(grid.shape)
    readings = Readings(
        topics=("A", "B"),
        ticks=START + np.arange(length),
        observed=np.where(grid > CALM, 20, 1),
        total=30 * flat.astype(np.int64),
        window_minutes=60 * flat.astype(np.int64),
        expected=3.0 * flat,
        p_value=np.where(grid >= BREACH, 1e-6, 0.5),
        expected_share=0.2 * flat,
        share_p_value=1e-4 * flat,
        dispersion=0.1 * flat,
        breach=grid >= BREACH,
        elevated=grid >= TENSE,
        critical=grid == CRITICAL,
        score=0.0 * flat,
    )
    at_once, stepwise = Lifecycle(LIMITS), Lifecycle(LIMITS)
    one_by_one = [change for column in range(length) for row in (0, 1) for change in stepwise.step(readings.at(row, column))]
    assert at_once.advance(readings) == one_by_one
    assert at_once.dump() == stepwise.dump()
