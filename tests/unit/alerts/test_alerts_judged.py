"""How a window was judged is what was judged: the limit that charts and mails show is the one that decides."""

from dataclasses import replace

import numpy as np
import pytest

from squall.alerts.detection.detector import BaselineCache, Detector
from squall.alerts.detection.methods import METHODS, open_method
from squall.alerts.detection.readings import Counts
from squall.alerts.detection.rules import rules
from squall.alerts.detection.views import least_breach
from squall.alerts.facts.chart import alert_chart, chart_ticks
from squall.core.config.settings import DetectorSettings
from squall.core.series import BURST
from tests.support.synthetic_counts import DAY, simulate, with_burst

LIMITS = DetectorSettings(history_days=7, threshold_documents=40)
BEGIN = 5 * DAY + 840
COUNTS = with_burst(simulate(1, 6), 2, BEGIN, 30, 60)
TICK = COUNTS.start + BEGIN + 30


def with_negative(counts, row, window, negative):
    """Return `counts` with so many negative documents in the window before `TICK`, beside the same others."""
    changed, total = counts.negative.copy(), counts.total.copy()
    span = slice(TICK - window - counts.start, TICK - counts.start)
    others = (total - changed)[row, span].copy()
    changed[row, span] = 0
    changed[row, span.stop - 1] = negative
    total[row, span] = others + changed[row, span]
    return Counts(counts.topics, counts.start, changed, total)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_window_is_judged_as_the_detector_reads_it(name):
    method = open_method(LIMITS.model_copy(update={"method": name}))
    reading = method.read_at(COUNTS, np.array([TICK])).at(2, 0)
    judged = method.judge(COUNTS, np.array([TICK]), "T2", reading.window_minutes)
    assert reading.breach
    seen = judged.readings.at(0, 0)
    assert seen == replace(reading, elevated=seen.elevated, severity=seen.severity)
    assert reading.observed >= judged.limit[0] > reading.expected or (name == "return-period" and np.isinf(judged.limit[0]))


@pytest.mark.parametrize("window", [rule.minutes for rule in rules(LIMITS) if rule.test == BURST])
def test_a_document_less_than_the_limit_is_no_breach_and_the_limit_is_one(window):
    detector = Detector(LIMITS)
    (limit,) = detector.judge(COUNTS, np.array([TICK]), "T2", window).limit
    verdicts = []
    if np.isinf(limit):  # documents of so short a time resemble each other too much
        limit = 100_001
        assert window == 5
    for negative in (int(limit) - 1, int(limit)):
        counts = with_negative(COUNTS, 2, window, negative)
        verdicts.append(bool(detector.judge(counts, np.array([TICK]), "T2", window).readings.breach[0, 0]))
    assert verdicts == [False, limit < 100_000], limit


def test_a_share_that_can_never_be_unusual_has_no_limit():
    everything = Counts(COUNTS.topics, COUNTS.start, COUNTS.total, COUNTS.total)
    judged = Detector(LIMITS).judge(everything, np.array([TICK]), "T2", 60)
    assert np.isinf(judged.limit[0])
    assert not judged.readings.breach[0, 0]


def test_a_window_that_no_rule_has_is_not_judged():
    with pytest.raises(ValueError, match="no window of 17 minutes"):
        Detector(LIMITS).judge(COUNTS, np.array([TICK]), "T2", 17)
    with pytest.raises(ValueError, match="T9"):
        Detector(LIMITS).judge(COUNTS, np.array([TICK]), "T9", 60)


def test_the_least_count_is_found_wherever_it_lies():
    wanted = np.array([[1, 2, 3, 64, 65, 1000]])
    assert np.array_equal(least_breach(lambda counts: counts >= wanted, wanted.shape), wanted)
    assert np.isinf(least_breach(lambda counts: np.zeros(counts.shape, dtype=bool), (1, 2))).all()


@pytest.mark.parametrize("window", [5, 30, 60, 720])
def test_the_chart_shows_windows_of_the_length_that_was_judged_with_the_limits_that_decided(window):
    detector, cache = Detector(LIMITS), BaselineCache(COUNTS)
    chart = alert_chart(detector, cache, "T2", TICK, window)
    judged = detector.judge(COUNTS, chart_ticks(TICK, window), "T2", window, cache)
    assert chart.window_minutes == window
    assert {(later - earlier).total_seconds() for earlier, later in zip(chart.edges, chart.edges[1:], strict=False)} == {60.0 * window}
    assert (chart.observed, chart.total) == (judged.readings.observed[0].tolist(), judged.readings.total[0].tolist())
    assert chart.limit == judged.limit.tolist()
    assert chart.breach == judged.readings.breach[0].tolist()
    if window <= 60:
        assert chart.breach == [seen >= limit for seen, limit in zip(chart.observed, chart.limit, strict=True)]
        assert chart.observed[-1] >= chart.limit[-1] or window == 5
    assert f"{chart.observed[-1]} of {chart.total[-1]} documents negative" in chart.words
