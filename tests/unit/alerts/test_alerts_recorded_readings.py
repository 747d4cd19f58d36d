from __future__ import annotations

import numpy as np

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.minutes import minute_of
from squall.alerts.recorded_readings import readings_to_record
from squall.core.config.settings import DetectorSettings
from squall.core.series import MARKET
from tests.support.alert_stream import MIDNIGHT

SETTINGS = DetectorSettings(history_days=3)
START = minute_of(MIDNIGHT)
DAY = 1440


def counts(days: int = 4, seed: int = 3) -> Counts:
    rng = np.random.default_rng(seed)
    negative = np.stack([rng.poisson(0.2, days * DAY), np.zeros(days * DAY, dtype=np.int64), rng.poisson(0.4, days * DAY)])
    return Counts(("Markets", "IPO", MARKET), START, negative, negative * 3)


def test_a_row_every_five_minutes_holds_the_count_of_the_hour_before() -> None:
    table, method = counts(), Detector(SETTINGS)
    rows = [row for row in readings_to_record(method, table, START + 3 * DAY, START + 3 * DAY + 63, 60) if row.series == "Markets"]
    ends = [minute_of(row.time) for row in rows]
    assert ends == [START + 3 * DAY + minute for minute in range(5, 65, 5)]
    assert [row.observed for row in rows] == [int(table.negative[0, end - START - 60 : end - START].sum()) for end in ends]
    assert {(row.kind.value, row.window_minutes) for row in rows} == {("topic", 60)}


def test_the_band_holds_what_is_expected_and_nine_tenths_of_calm_windows() -> None:
    table = counts(days=6)
    rows = [row for row in readings_to_record(Detector(SETTINGS), table, START + 4 * DAY, START + 6 * DAY - 1, 60) if row.series == MARKET]
    assert all(row.expected_low <= row.expected <= row.expected_high for row in rows)
    inside = np.mean([row.expected_low <= row.observed <= row.expected_high for row in rows])
    assert 0.8 < inside <= 1.0


def test_recorded_readings_do_not_depend_on_how_a_run_is_cut() -> None:
    table, method, begin = counts(), Detector(SETTINGS), START + 3 * DAY
    whole = readings_to_record(method, table, begin, begin + 60, 60)
    parts = [row for minute in range(60) for row in readings_to_record(method, table, begin + minute, begin + minute + 1, 60)]
    assert sorted(parts, key=lambda row: (row.series, row.time)) == sorted(whole, key=lambda row: (row.series, row.time))


def test_a_series_without_documents_or_expectation_is_left_out() -> None:
    table = counts()
    silent = Counts(table.topics, START, table.negative * np.array([[1], [0], [1]]), table.total * np.array([[1], [0], [1]]))
    rows = readings_to_record(Detector(SETTINGS), silent, START + 3 * DAY, START + 3 * DAY + 30, 60)
    assert all(row.total or row.expected for row in rows)
