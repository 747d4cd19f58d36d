import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from squall.backtest.series.bucket_clock import BucketClock
from squall.backtest.series.count_scale import Scale
from squall.backtest.series.series_file import Observation, load_series
from squall.backtest.series.series_scores import score_series
from squall.cli.backtest import app
from squall.core.config.settings import DetectorSettings
from squall.core.errors import ConfigurationError

LIMITS = DetectorSettings()
START = 1_396_310_400  # 2014-04-01T00:00Z


def rows(values, seconds=300):
    return [Observation(str(at), START + at * float(seconds), float(value)) for at, value in enumerate(values)]


def poisson(mean, size, seed=1):
    return np.random.default_rng(seed).poisson(mean, size).astype(float)


def seasonal(size, seed=1):
    return poisson(40 * (1 + 0.6 * np.sin(np.arange(size) / 48 * np.pi)), size, seed)


def alarms(buckets):
    return [at for at, bucket in enumerate(buckets) if bucket.alarm]


@pytest.mark.parametrize("cadence", [300, 1800, 86_400, 10])
def test_an_obvious_rise_is_found_and_little_else(cadence):
    values = poisson(20, 600)
    values[500:506] += 80
    found = alarms(score_series(rows(values, cadence), LIMITS))
    assert set(found) & set(range(500, 506))
    assert all(500 <= at < 530 for at in found)


def test_values_that_are_no_counts_are_judged_by_how_they_scatter():
    values = 45 + np.random.default_rng(1).normal(0, 1, 900)
    values[700:706] += 10
    buckets = score_series(rows(values), LIMITS)
    assert set(alarms(buckets)) & set(range(700, 706))
    assert all(700 <= at < 724 for at in alarms(buckets))  # the hour's window still holds the rise
    assert buckets[650].expected == pytest.approx(45, abs=1)


def test_a_season_is_expected():
    values = seasonal(288 * 6)
    buckets = score_series(rows(values), LIMITS)
    usual = np.array([bucket.expected for bucket in buckets])[288 * 4 :]
    assert np.corrcoef(usual, values[288 * 4 :])[0, 1] > 0.9
    assert not alarms(buckets)


KNOWN = seasonal(420)
KNOWN[400] = 300
VARIANTS = {
    "counts": rows(KNOWN),
    "not counts": rows(KNOWN * 0.37),
    "steady": rows(KNOWN * 0.01 + 50),
    "gap": rows(KNOWN)[:310] + [Observation(row.timestamp, row.second + 90 * 86_400, row.value) for row in rows(KNOWN)[310:]],
    "hours": rows(KNOWN[:120], 3600),
    "uneven": [Observation(row.timestamp, row.second + 130 * (at % 3), row.value) for at, row in enumerate(rows(KNOWN))],
}
WHOLE = {name: score_series(series, LIMITS) for name, series in VARIANTS.items()}


@pytest.mark.parametrize("name", VARIANTS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_the_result_of_a_row_depends_on_no_later_one(name, data):
    series = VARIANTS[name]
    cut = data.draw(st.integers(1, len(series)))
    assert score_series(series[:cut], LIMITS) == WHOLE[name][:cut]


def test_later_values_do_not_change_earlier_results():
    changed = [Observation(row.timestamp, row.second, row.value + (0.5 if at >= 350 else 0)) for at, row in enumerate(VARIANTS["counts"])]
    assert score_series(changed, LIMITS)[:350] == WHOLE["counts"][:350]


def test_a_gap_is_not_taken_for_silence():
    steady = poisson(20, 288 * 4)
    before, after = rows(steady)[: 288 * 2], rows(steady)[288 * 3 :]
    found = score_series(before + after, LIMITS)
    assert not alarms(found)
    assert found[-1].expected == pytest.approx(20, rel=0.1)


def test_silence_in_an_observed_hour_counts():
    values = poisson(0.05, 1200)
    expected = np.array([bucket.expected for bucket in score_series(rows(values), LIMITS)])[600:]
    assert expected.mean() == pytest.approx(0.05, rel=0.5)


def test_the_first_day_is_only_listened_to():
    values = poisson(20, 300)
    values[200] = 500
    assert all(bucket.score == 0 for bucket in score_series(rows(values), LIMITS)[:288])
    assert score_series(rows(values[:1]), LIMITS)[0].expected == values[0]


@pytest.mark.parametrize(
    ("cadence", "minutes", "real"),
    [
        (60, 1, True),
        (300, 5, True),
        (420, 6, True),
        (1800, 30, True),
        (3600, 60, True),
        (86_400, 60, False),
        (10, 5, False),
        (7200, 60, False),
    ],
)
def test_buckets_of_a_minute_to_an_hour_are_on_the_real_clock(cadence, minutes, real):
    clock = BucketClock.of([START + at * float(cadence) for at in range(20)])
    assert (clock.minutes, clock.real) == (minutes, real)


def test_real_minutes_are_those_of_the_timestamps():
    seconds = [START + 60.0 * minute for minute in (0, 5, 10, 25, 30)]
    assert (BucketClock.of(seconds).minutes_of(seconds, 10**6) - START // 60).tolist() == [0, 5, 10, 25, 30]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 40_000_000), min_size=2, max_size=40))
def test_places_on_the_clock_increase_by_a_bucket_and_gaps_stay_bounded(steps):
    seconds = [START + float(second) for second in np.cumsum([0, *steps])]
    clock = BucketClock.of(seconds)
    steps_taken = np.diff(clock.minutes_of(seconds, 40_000))
    assert (steps_taken >= clock.minutes).all()
    assert (steps_taken < 40_000 + 2 * 10_080 + 60).all()


def test_a_long_gap_is_cut_by_whole_weeks():
    seconds = [START + 300.0 * at for at in range(20)] + [START + 400 * 86_400.0]
    minutes = BucketClock.of(seconds).minutes_of(seconds, 40_320)
    assert (minutes[-1] - seconds[-1] // 60) % 10_080 == 0
    assert minutes[-1] - minutes[-2] < 40_320 + 2 * 10_080


def test_whole_numbers_are_counts_as_they_are():
    assert Scale.of(np.array([3.0, 0.0, 7.0])) == Scale()
    assert Scale().counts(np.array([3.0, 2.6])).tolist() == [3, 3]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 1e9), st.floats(0.001, 2.0))
def test_scaled_values_scatter_about_as_counts_do(level, scatter):
    values = level * np.random.default_rng(1).lognormal(0, scatter, 288)
    scale = Scale.of(values)
    counts = scale.counts(values)
    assert 3 < counts.mean() < 400
    usual = np.median(values)
    assert scale.values(scale.counts(np.array([usual])).astype(float))[0] == pytest.approx(usual, rel=0.6)


def test_a_constant_that_is_no_whole_number_is_a_steady_count():
    assert score_series(rows([0.5] * 400), LIMITS)[-1].expected == pytest.approx(0.5, rel=0.05)
    assert not alarms(score_series(rows([0.0] * 400), LIMITS))


def test_a_file_is_read_with_its_other_columns_passed_over(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("label, Value ,Timestamp\nx,3,2014-04-01 00:00:00\ny,4.5,2014-04-01T00:05:00Z\n\n")
    assert load_series(path) == [Observation("2014-04-01 00:00:00", START, 3.0), Observation("2014-04-01T00:05:00Z", START + 300.0, 4.5)]
    path.write_text("timestamp,value\n1396310400,1\n1396310700,2\n")
    assert [row.second for row in load_series(path)] == [START, START + 300]
    path.write_text("timestamp,value\n0,1\n60,2\n")
    assert [row.second for row in load_series(path)] == [0, 60]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no column timestamp, value"),
        ("time,value\n1,2\n", "no column timestamp"),
        ("timestamp,value\n", "has no rows"),
        ("timestamp,value\nyesterday,2\n", "line 2: timestamp"),
        ("timestamp,value\n0,1\n60,many\n", "line 3: the value 'many' is not a number"),
        ("timestamp,value\n0,1\n60,\n", "line 3: the value '' is not a number"),
        ("timestamp,value\n0,1\n60\n", "line 3: the value '' is not a number"),
        ("timestamp,value\n0,-1\n", "line 2: the value -1 is below zero"),
        ("timestamp,value\n0,nan\n", "line 2: the value 'nan' is not a finite number"),
        ("timestamp,value\n60,1\n60,1\n", "line 3: 60 is the same time as the previous row"),
        ("timestamp,value\n60,1\n0,1\n", "line 3: 0 is before the previous row"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path, text, complaint):
    path = tmp_path / "series.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        load_series(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing\.csv does not exist"):
        load_series(tmp_path / "nothing.csv")


def written(path, values):
    path.write_text("timestamp,value\n" + "".join(f"{START + 300 * at},{value:g}\n" for at, value in enumerate(values)))
    return str(path)


def test_the_command_prints_every_row_or_the_alarms(tmp_path):
    values = poisson(20, 400)
    values[350:356] += 80
    path = written(tmp_path / "series.csv", values)
    buckets = orjson.loads(CliRunner().invoke(app, ["series", path, "--json"]).stdout)["buckets"]
    assert [list(bucket) for bucket in buckets] == [["timestamp", "value", "expected", "score", "alarm"]] * 400
    assert [bucket["value"] for bucket in buckets] == values.tolist()
    assert all(bucket["alarm"] == (bucket["score"] >= 6) for bucket in buckets)
    listed = CliRunner().invoke(app, ["series", path]).stdout.splitlines()
    assert listed[0] == f"400 rows, {sum(bucket['alarm'] for bucket in buckets)} alarms"
    assert len(listed) == 1 + sum(bucket["alarm"] for bucket in buckets)


def test_alarm_p_moves_the_limit_and_not_the_scores(tmp_path):
    path = written(tmp_path / "series.csv", poisson(20, 400))
    usual, eager = (
        orjson.loads(CliRunner().invoke(app, ["series", path, "--json", *more]).stdout)["buckets"] for more in ([], ["--alarm-p", "0.01"])
    )
    assert [bucket["score"] for bucket in usual] == [bucket["score"] for bucket in eager]
    assert all(bucket["alarm"] == (bucket["score"] >= 2) for bucket in eager)
    assert isinstance(CliRunner().invoke(app, ["series", path, "--alarm-p", "0"]).exception, ConfigurationError)


def test_bursts_that_a_series_often_has_are_no_alarms_and_a_far_larger_one_is_one_alarm():
    values = poisson(20, 288 * 4)
    for at in range(40, values.size, 144):  # every twelve hours, at other times of the day
        values[at + at // 6 % 70 : at + at // 6 % 70 + 12] += 200
    largest = 288 * 3 + 200
    values[largest : largest + 12] += 3000
    assert alarms(score_series(rows(values[:largest]), LIMITS, method="seasonal"))
    found = [alarm for alarm in alarms(score_series(rows(values), LIMITS)) if alarm >= 288 * 2]
    assert len(found) == 1
    assert largest <= found[0] < largest + 12


def test_a_burst_after_a_day_of_rest_is_an_alarm_of_its_own():
    values = poisson(20, 288 * 5)
    for at in (288 * 2, 288 * 2 + 100, 288 * 4):
        values[at : at + 12] += 3000
    found = alarms(score_series(rows(values), LIMITS))
    assert [at // 144 * 144 for at in found] == [288 * 2, 288 * 4]


def test_a_smaller_alarm_p_asks_for_a_longer_return_period():
    values = poisson(20, 288 * 4)
    values[288 * 3 : 288 * 3 + 12] += 3000
    buckets = score_series(rows(values), LIMITS, 1e-6)
    highest = max(bucket.score for bucket in buckets)
    assert highest > 6
    assert not alarms(score_series(rows(values), LIMITS, 10 ** -(2 * highest)))
