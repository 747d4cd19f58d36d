import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.detection.readings import Counts
from squall.alerts.lifecycle import Change
from squall.backtest.history import detection
from squall.backtest.history.detection import EvaluatedSpan, evaluate
from squall.backtest.history.event_matching import fired_alerts
from squall.backtest.history.sweep import parse_sweep
from squall.core.config.settings import DetectorSettings
from squall.core.errors import ConfigurationError
from tests.support.synthetic_counts import DAY, MONDAY, simulate, with_burst

LIMITS = DetectorSettings(history_days=3, step_minutes=15, for_minutes=15)
DAYS = 4
HISTORY = with_burst(with_burst(simulate(3, DAYS, topics=3), 1, 3 * DAY - 600, 60, 70), 2, 4 * DAY - 600, 120, 120)


def loader(counts):
    """Return a loader of `counts`: minutes outside are zero, as a store gives them."""

    def load(start, end):
        start = start // 60 * 60
        kept = [np.zeros((len(counts.topics), end - start), dtype=np.int64) for _ in range(2)]
        first, last = max(start, counts.start), min(end, counts.end)
        if last > first:
            for out, values in zip(kept, (counts.negative, counts.total), strict=True):
                out[:, first - start : last - start] = values[:, first - counts.start : last - counts.start]
        return Counts(counts.topics, start, *kept)

    return load


def run(counts, until=None, limits=LIMITS, **options):
    return evaluate(loader(counts), [limits], EvaluatedSpan(counts.start, until or counts.end), workers=0, **options)[0]


def cut(counts, minute):
    """Return `counts` as they were known at `minute`: nothing after it."""
    known = np.arange(counts.start, counts.end) < minute
    return Counts(counts.topics, counts.start, counts.negative * known, counts.total * known)


WHOLE = run(HISTORY)


def test_both_bursts_are_found():
    fired = [(change.alert.topic, (change.tick - MONDAY) // DAY) for change in WHOLE.transitions if change.change is Change.FIRED]
    assert {("T1", 2), ("T2", 3)} <= set(fired)


@settings(max_examples=5)
@given(st.integers(2 * DAY, DAYS * DAY))
def test_alerts_up_to_a_moment_do_not_depend_on_what_comes_after(minutes):
    moment = HISTORY.start + minutes
    known = [change for change in WHOLE.transitions if change.tick <= moment]
    assert [change for change in run(cut(HISTORY, moment)).transitions if change.tick <= moment] == known


@pytest.mark.parametrize("chunk", [600, 5000])
def test_the_size_of_chunks_changes_nothing(monkeypatch, chunk):
    monkeypatch.setattr(detection, "CHUNK_MINUTES", chunk)
    assert run(HISTORY).transitions == WHOLE.transitions


@pytest.mark.slow
def test_other_processes_read_the_same(monkeypatch):
    monkeypatch.setattr(detection, "CHUNK_MINUTES", DAY)
    (parallel,) = evaluate(loader(HISTORY), [LIMITS], EvaluatedSpan(HISTORY.start, HISTORY.end), workers=2)
    assert parallel.transitions == WHOLE.transitions


def test_the_trace_has_every_hour_once_with_its_count():
    trace = run(HISTORY, charts=True).charts
    line = next(line for line in trace.series(10_000) if line.name == "T1")
    assert np.array_equal(line.minutes, np.arange(HISTORY.start, HISTORY.end, 60))
    assert np.array_equal(line.observed, HISTORY.negative[1].reshape(-1, 60).sum(1))
    assert line.documents == HISTORY.total[1].sum()
    assert (line.low <= line.high).all()
    assert trace.series(20)[0].observed.sum() == trace.series(10_000)[0].observed.sum()


def test_progress_is_reported_to_its_end_and_empty_time_is_passed_over():
    reported, loaded = [], []

    def load(start, end):
        loaded.append(start)
        return loader(HISTORY)(start, end)

    far = EvaluatedSpan(HISTORY.start - 1000 * DAY, HISTORY.end)
    evaluate(load, [LIMITS], far, workers=0, has_documents=lambda start, end: end > HISTORY.start, progress=reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0
    assert len(loaded) < 5


# --- sweeps


def test_a_sweep_is_every_combination_and_runs_beside_the_run_itself():
    variants = parse_sweep(["threshold=1e-3,1e-9", "min_ratio=500"], LIMITS)
    assert [variant.label for variant in variants] == ["p_value=1e-3, min_ratio=500", "p_value=1e-9, min_ratio=500"]
    runs = evaluate(
        loader(HISTORY), [LIMITS, *(variant.settings for variant in variants)], EvaluatedSpan(HISTORY.start, HISTORY.end), workers=0
    )
    assert runs[0].transitions == WHOLE.transitions
    fired = [sum(change.change is Change.FIRED for change in one.transitions) for one in runs]
    assert fired[1:] == [0, 0]


def test_alerts_name_the_method_of_the_variant_that_raised_them():
    (plain,) = parse_sweep(["method=threshold"], LIMITS.model_copy(update={"threshold_documents": 40}))
    runs = evaluate(loader(HISTORY), [LIMITS, plain.settings], EvaluatedSpan(HISTORY.start, HISTORY.end), workers=0)
    methods = [{alert.method for alert in fired_alerts(one.transitions, one.method)} for one in runs]
    assert methods == [{"negative-binomial-seasonal"}, {"threshold"}]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["p_valu=1e-3"], "did you mean p_value"),
        (["p_value"], "NAME=VALUE"),
        (["p_value="], "NAME=VALUE"),
        (["p_value=many"], "p_value=many"),
        (["p_value=2"], "p_value=2"),
        (["p_value=1e-3", "threshold=1e-4"], "twice"),
        (["market=false"], "the same value in all variants"),
        (["p_value=" + ",".join(f"1e-{n}" for n in range(1, 12)), "min_documents=" + ",".join(map(str, range(1, 12)))], "121 variants"),
    ],
)
def test_a_sweep_that_makes_no_sense_says_why(entries, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_sweep(entries, LIMITS)
