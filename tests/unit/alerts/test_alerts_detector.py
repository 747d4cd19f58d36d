import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.detection.tails import beta_binomial_tail, negative_binomial_tail
from squall.alerts.lifecycle import Change, Lifecycle
from squall.core.config.settings import DetectorSettings
from tests.support.synthetic_counts import DAY, MONDAY, simulate, with_burst

LIMITS = DetectorSettings(window_minutes=60, guard_minutes=180, history_days=14, p_value=1e-7, slow_p_value=5e-5, min_documents=8)
SURGE = MONDAY + 5 * DAY - 600
FIELDS = ("observed", "total", "window_minutes", "expected", "p_value", "expected_share", "share_p_value", "breach", "elevated", "critical")


def read_all(counts, limits=LIMITS, since=0):
    return Detector(limits).read(counts, max(since, counts.start), counts.end)


def hourly(counts, since, limits=LIMITS):
    """Return the readings of the hour's window alone."""
    detector = Detector(limits)
    return detector.read_at(counts, detector.ticks(since, counts.end), only_window=60)


def fires(counts, limits=LIMITS, since=0):
    """Return (topic, minute) of the alerts that fire, where minutes before `since` are history only."""
    changes = Lifecycle(limits).advance(read_all(counts, limits, since))
    return [(change.alert.topic, change.tick) for change in changes if change.change is Change.FIRED]


def same(left, right):
    assert np.array_equal(left.ticks, right.ticks)
    for field in FIELDS:
        assert np.array_equal(getattr(left, field), getattr(right, field)), field


# --- tails


@given(st.integers(0, 400), st.floats(0.01, 200), st.floats(0.01, 4))
def test_the_count_tail_is_scipys_negative_binomial(k, mean, dispersion):
    size = 1 / dispersion
    reference = stats.nbinom.sf(k - 1, size, size / (size + mean))
    found = negative_binomial_tail(np.array([k]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx(reference, rel=1e-6, abs=1e-290)


@given(st.integers(0, 300), st.floats(0.0, 300), st.floats(0.01, 4))
def test_one_more_negative_document_never_raises_the_count_tail(k, mean, dispersion):
    low, high = negative_binomial_tail(np.array([k, k + 1]), np.array([mean] * 2), np.array([dispersion] * 2))
    assert 0 < high <= low <= 1


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.005, 0.95), st.floats(0.001, 0.9))
def test_one_more_negative_document_never_raises_the_share_tail(negative, others, share, scatter):
    counts = np.array([negative, negative + 1])
    low, high = beta_binomial_tail(counts, counts + others, np.array([share] * 2), np.array([scatter] * 2))
    assert 0 <= high <= low * (1 + 1e-9)
    assert low <= 1


@given(st.integers(1, 200), st.integers(0, 200), st.floats(0.005, 0.95))
def test_without_scatter_the_share_tail_is_the_binomials(negative, others, share):
    total = negative + others
    found = beta_binomial_tail(np.array([negative]), np.array([total]), np.array([share]), np.array([0.0]))[0]
    assert found == pytest.approx(stats.binom.sf(negative - 1, total, share), rel=1e-6, abs=1e-290)


def test_no_documents_are_no_evidence():
    assert negative_binomial_tail(np.array([0]), np.array([0.0]), np.array([0.1]))[0] == 1.0
    assert beta_binomial_tail(np.array([0]), np.array([0]), np.array([0.1]), np.array([0.1]))[0] == 1.0


# --- verdicts


def test_a_burst_of_negative_text_is_a_breach_within_the_hour():
    counts = with_burst(simulate(1, 6), 2, 5 * DAY - 600, 60, 60)
    readings = read_all(counts, since=SURGE - DAY)
    breaching = readings.ticks[readings.breach[2]]
    assert SURGE < breaching[0] <= SURGE + 45
    changes = Lifecycle(LIMITS).advance(readings)
    assert {change.alert.topic for change in changes if change.change is Change.FIRED} == {counts.topics[2]}


@pytest.mark.parametrize("seed", range(2, 6))
def test_a_surge_of_neutral_text_alone_is_not_an_alert(seed):
    counts = with_burst(simulate(seed, 6), 2, 5 * DAY - 600, 120, 900, negative=False)
    assert "T2" not in {topic for topic, _ in fires(counts, since=SURGE)}


@pytest.mark.parametrize("seed", range(3, 7))
def test_a_surge_of_ordinary_text_with_its_usual_share_of_negatives_is_not_an_alert(seed):
    neutral = with_burst(simulate(seed, 6), 1, 5 * DAY - 600, 120, 800, negative=False)
    counts = with_burst(neutral, 1, 5 * DAY - 600, 120, 200)
    assert "T1" not in {topic for topic, _ in fires(counts, since=SURGE)}
    alone = Detector(LIMITS, counts_only=True).read(counts, SURGE, counts.end)
    assert alone.p_value[1].min() < LIMITS.p_value


def test_a_slow_rise_without_a_burst_is_a_breach_of_the_long_windows_only():
    counts = with_burst(simulate(22, 6), 1, 5 * DAY - 700, 420, 70)
    both = LIMITS.model_copy(update={"slow_p_value": 1e-3})
    readings = read_all(counts, both, SURGE - DAY)
    breaching = readings.breach[1]
    assert breaching.any()
    assert readings.window_minutes[1, breaching].min() > LIMITS.window_minutes
    assert not read_all(counts, both.model_copy(update={"slow_window_minutes": 0}), SURGE - DAY).breach.any()


@pytest.mark.slow
def test_calm_streams_fire_less_than_once_in_a_hundred_topic_days():
    fired = sum(len(fires(simulate(100 + seed, 14, topics=20), DetectorSettings())) for seed in range(2))
    assert fired <= 5  # 560 topic-days


@pytest.mark.slow
def test_monday_after_a_quiet_weekend_is_not_a_spike():
    counts = simulate(5, 9, topics=20, weekend=0.03, start=MONDAY + 3 * DAY)
    monday = MONDAY + 7 * DAY
    assert [tick for _, tick in fires(counts, since=monday - DAY) if monday <= tick < monday + DAY] == []


def test_a_history_that_begins_on_a_quiet_weekend_does_not_make_monday_a_spike():
    counts = simulate(6, 4, topics=20, weekend=0.05, start=MONDAY + 5 * DAY)
    monday = MONDAY + 7 * DAY
    assert [tick for _, tick in fires(counts, since=monday - DAY) if monday <= tick < monday + DAY] == []


def test_an_outage_is_not_taken_for_silence():
    counts = simulate(7, 8)
    counts.negative[:, 3 * DAY : 6 * DAY] = 0
    counts.total[:, 3 * DAY : 6 * DAY] = 0
    assert not read_all(counts).breach.any()


def test_too_little_history_gives_no_breach():
    counts = with_burst(with_burst(simulate(8, 2), 0, 20 * 60, 60, 200), 0, 40 * 60, 60, 200)
    readings = read_all(counts)
    early = readings.ticks < MONDAY + LIMITS.min_history_hours * 60
    assert not readings.breach[:, early].any()
    assert readings.breach[0, ~early].any()


@pytest.mark.slow
def test_a_past_spike_does_not_hide_the_next_one():
    counts = with_burst(simulate(9, 8), 0, 5 * DAY + 840, 90, 400)
    readings = read_all(with_burst(counts, 0, 7 * DAY + 840, 60, 70), since=MONDAY + 7 * DAY)
    second = (readings.ticks >= MONDAY + 7 * DAY + 840) & (readings.ticks < MONDAY + 7 * DAY + 960)
    assert readings.breach[0, second].any()
    spiked, calm = (hourly(c, MONDAY + 7 * DAY).expected[0, second].mean() for c in (counts, simulate(9, 8)))
    assert spiked < 1.3 * calm


def test_silence_is_defined():
    empty = Counts(("A",), MONDAY, np.zeros((1, 3 * DAY), np.int64), np.zeros((1, 3 * DAY), np.int64))
    readings = read_all(empty)
    assert np.isfinite(readings.p_value).all()
    assert np.isfinite(readings.share_p_value).all()
    assert not readings.breach.any()


def test_a_stream_of_nothing_but_negative_text_is_defined():
    negative = simulate(10, 4).negative
    readings = read_all(Counts(("A", "B", "C", "D"), MONDAY, negative, negative.copy()))
    for field in ("expected", "p_value", "expected_share", "share_p_value"):
        assert np.isfinite(getattr(readings, field)).all(), field


@pytest.mark.slow
def test_expected_counts_follow_the_season_and_its_scale():
    one, ten = (simulate(11, 12, negative_per_hour=rate, neutral_per_hour=4 * rate, dispersion=0.05) for rate in (5.0, 50.0))
    limits = LIMITS.model_copy(update={"slow_window_minutes": 0})
    small, large = (hourly(counts, counts.end - DAY, limits).expected for counts in (one, ten))
    assert large.mean() / small.mean() == pytest.approx(10, rel=0.15)
    truth = 50.0 * (0.3 + 0.7 * np.exp(-(((np.arange(DAY) - 840) / 240) ** 2))) * 0.25  # the twelfth day from a Monday is a weekday
    assert large.mean() == pytest.approx(truth.mean() * 4, rel=0.2)


# --- causality and chunks


def test_readings_do_not_depend_on_what_comes_later():
    counts = simulate(12, 5)
    cut = 4 * DAY + 617
    early = Counts(counts.topics, counts.start, counts.negative[:, :cut], counts.total[:, :cut])
    changed = Counts(counts.topics, counts.start, counts.negative.copy(), counts.total.copy())
    changed.negative[:, cut:] += 50
    changed.total[:, cut:] += 70
    detector = Detector(LIMITS)
    after, until = counts.start + 4 * DAY, counts.start + cut
    same(detector.read(early, after, until), detector.read(changed, after, until))


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(0, 59))
def test_readings_do_not_depend_on_how_ticks_are_cut_into_runs(lengths, offset):
    limits = DetectorSettings(history_days=3, min_history_hours=24)
    counts = simulate(13, 6)
    detector = Detector(limits)
    position = counts.start + 4 * DAY + offset
    whole = detector.read(counts, position, position + sum(lengths))
    column = 0
    for length in lengths:
        first = max((position - detector.lookback) // 60 * 60 - counts.start, 0)
        last = position + length - counts.start
        part = Counts(counts.topics, counts.start + first, counts.negative[:, first:last], counts.total[:, first:last])
        piece = detector.read(part, position, position + length)
        for field in FIELDS:
            assert np.array_equal(getattr(piece, field), getattr(whole, field)[:, column : column + length]), field
        column += length
        position += length


def test_ticks_lie_on_a_grid_of_event_time():
    detector = Detector(DetectorSettings(step_minutes=5))
    assert detector.ticks(61, 75).tolist() == [65, 70, 75]
    assert detector.ticks(65, 69).tolist() == []


def test_counts_that_end_too_early_are_an_error():
    with pytest.raises(ValueError, match="before the last tick"):
        Detector(LIMITS).read(simulate(14, 1), MONDAY, MONDAY + 2 * DAY)
