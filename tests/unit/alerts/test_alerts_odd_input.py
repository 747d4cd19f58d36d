"""Streams that are not as they should be: what the detector makes of them is written in docs/design.md."""

import numpy as np
import pytest

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.lifecycle import Change, Lifecycle
from squall.core.config.settings import DetectorSettings
from tests.support.synthetic_counts import DAY, simulate, with_burst

pytestmark = pytest.mark.slow

LIMITS = DetectorSettings(step_minutes=5, p_value=1e-7)
BURST = 13 * DAY + 840


def fired(counts, limits=LIMITS, after=0):
    """Return (topic, minute) of the alerts that fire; what is before the minute `after` is history only."""
    changes = Lifecycle(limits).advance(Detector(limits).read(counts, counts.start + after, counts.end))
    return [(change.alert.topic, change.tick - counts.start) for change in changes if change.change is Change.FIRED]


def without(counts, begin, end):
    negative, total = counts.negative.copy(), counts.total.copy()
    negative[:, begin:end] = total[:, begin:end] = 0
    return Counts(counts.topics, counts.start, negative, total)


def test_a_week_of_missing_history_neither_raises_alerts_nor_hides_a_burst():
    gap = without(simulate(1, 14), 4 * DAY, 11 * DAY)
    assert [name for name, _ in fired(gap, after=10 * DAY)] == []
    found = fired(with_burst(gap, 2, BURST, 60, 90), after=BURST - DAY)
    assert [name for name, _ in found] == ["T2"]
    assert BURST < found[0][1] <= BURST + 40


def test_no_documents_at_all_are_no_alert():
    nothing = np.zeros((3, 4 * DAY), dtype=np.int64)
    assert fired(Counts(("A", "B", "C"), simulate(1, 1).start, nothing, nothing)) == []


def test_a_stream_that_is_always_all_negative_is_normal():
    counts = simulate(2, 10, negative_per_hour=20.0, neutral_per_hour=0.0)
    assert (counts.negative == counts.total).all()
    assert fired(counts) == []


def test_a_topic_never_seen_before_opens_no_alert_with_its_first_few_documents_and_one_with_a_flood():
    calm = simulate(3, 14)
    for values in (calm.negative, calm.total):
        values[3] = 0
    assert fired(with_burst(calm, 3, BURST, 60, 6), after=BURST - DAY) == []
    flood = fired(with_burst(calm, 3, BURST, 60, 60), after=BURST - DAY)
    assert [name for name, _ in flood] == ["T3"]
    assert BURST < flood[0][1] <= BURST + 30


def test_a_turn_of_mood_at_constant_volume_is_found():
    counts = simulate(6, 14, negative_per_hour=6.0, neutral_per_hour=60.0)
    span = slice(BURST, BURST + 120)
    turned = np.random.default_rng(4).binomial(counts.total[1, span] - counts.negative[1, span], 0.5)
    negative = counts.negative.copy()
    negative[1, span] += turned
    found = fired(Counts(counts.topics, counts.start, negative, counts.total), after=BURST)
    assert [name for name, _ in found] == ["T1"]
    assert BURST < found[0][1] <= BURST + 60


def test_counts_that_end_before_the_tick_are_refused():
    counts = simulate(5, 2)
    with pytest.raises(ValueError, match="before the last tick"):
        Detector(LIMITS).read(counts, counts.end, counts.end + 10)
