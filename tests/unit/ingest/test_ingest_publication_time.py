from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.dates.publication_time import TimeFormatError, parse_time, zone
from squall.core.errors import ConfigurationError

MOMENT = datetime(2011, 8, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2011-08-01T04:00Z",
        "2011-08-01T04:00:00Z",
        "2011-08-01 04:00:00 UTC",
        "2011/08/01 04:00Z",
        "2011-08-01T04:00:00.000+00:00",
        "2011-08-01T00:00-04:00",
        "20110801T040000Z",
        "20110801040000",
        "Mon, 01 Aug 2011 04:00:00 GMT",
        "Mon, 01 Aug 2011 00:00:00 EDT",
        "Mon Aug 01 04:00:00 +0000 2011",
        "Aug 1, 2011 04:00",
        "1312171200",
        "1312171200000",
        "1312171200.0",
        "1312171200.00",
        "1312171200000.0",
        1312171200,
        1312171200.0,
        1312171200000,
        1312171200000000,
        1312171200000000000,
        20110801040000,
        20110801040000.0,
        201108010400,
        datetime(2011, 8, 1, 0, 0, tzinfo=ZoneInfo("America/New_York")),
    ],
)
def test_every_form_of_one_moment_is_that_moment(value: object) -> None:
    assert parse_time(value, UTC) == MOMENT


def test_a_day_is_its_midnight() -> None:
    assert parse_time("2011-08-01", UTC) == parse_time(date(2011, 8, 1), UTC) == datetime(2011, 8, 1, tzinfo=UTC)
    assert parse_time(20110801, UTC) == parse_time(20110801.0, UTC) == parse_time("20110801", UTC) == datetime(2011, 8, 1, tzinfo=UTC)


def test_a_time_without_a_zone_takes_the_given_one_or_is_refused() -> None:
    assert parse_time("2011-08-01 00:00", ZoneInfo("America/New_York")) == MOMENT
    with pytest.raises(TimeFormatError, match="no time zone"):
        parse_time("2011-08-01 00:00", None)


def test_an_explicit_format_decides_between_day_and_month() -> None:
    assert parse_time("01/08/2011 04:00", UTC, "%d/%m/%Y %H:%M") == MOMENT
    with pytest.raises(TimeFormatError):
        parse_time("01/08/2011 04:00", UTC)


@pytest.mark.parametrize(
    "value",
    ["2011-08-01 04.30", "2011-08-01T04.30Z", "2011-08-01T04:30.5Z", "2011-08-01 04,30", "20110801T0430.5", "2011-08-01 04:30.5 UTC"],
)
def test_a_fraction_of_an_hour_or_minute_is_refused_and_not_read_as_one_of_a_second(value: str) -> None:
    with pytest.raises(TimeFormatError, match="not a time that is understood"):
        parse_time(value, UTC)


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2011-13-01", True, None, [], {}, "1" * 500, float("nan"), float("inf"), 10**400, "27/08/2008"]
)
def test_what_is_no_time_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(TimeFormatError):
        parse_time(value, UTC)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=60), st.integers(), st.floats(), st.datetimes(), st.dates(), st.booleans(), st.none(), st.binary(max_size=20)
    )
)
def test_any_value_is_a_utc_time_or_refused(value: object) -> None:
    with contextlib.suppress(TimeFormatError):
        assert parse_time(value, UTC).utcoffset() == UTC.utcoffset(None)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_iso_text_comes_back_as_the_same_moment(moment: datetime) -> None:
    assert parse_time(moment.isoformat(), None) == moment.astimezone(UTC)


def test_zone_names() -> None:
    assert zone("utc") is UTC
    assert zone("reject") is None
    assert zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    for name in ("Mars/Base", "../../etc/passwd", ""):
        with pytest.raises(ConfigurationError, match="time zone"):
            zone(name)


@pytest.mark.parametrize(
    "value", ["٢٠١١-٠٨-٠١", "２０１１-08-01T04:00:00Z", "1３12171200", "2０１１0801040000", "Mon, ०१ Aug 2011 04:00:00 GMT", "2011-08-0²"]
)
@pytest.mark.parametrize("time_format", ["", "%Y-%m-%d"])
def test_digits_other_than_0_to_9_are_refused_in_every_form(value: str, time_format: str) -> None:
    with pytest.raises(TimeFormatError, match="digits other than 0 to 9"):
        parse_time(value, UTC, time_format)


def test_a_format_may_hold_letters_of_any_script() -> None:
    assert parse_time("2011年08月01日", UTC, "%Y年%m月%d日") == datetime(2011, 8, 1, tzinfo=UTC)


def test_a_number_or_text_of_any_length_is_refused_and_not_an_accident() -> None:
    for value in (10**5000, -(10**5000), "1" * 5000, "2011-08-01" + " " * 100_000 + "x"):
        for time_format in ("", "%Y-%m-%d"):
            with pytest.raises(TimeFormatError):
                parse_time(value, UTC, time_format)


@given(
    st.from_regex(
        r"\A(19|20)[0-9]{2}-([01][0-9]-[0-3][0-9]|W[0-5][0-9]-[0-9])[T ]"
        r"([0-2][0-9]:[0-6][0-9](:[0-6][0-9]([.,][0-9]{1,9})?)?|[0-2][0-9][:-]{1,2}[0-9])Z\Z"
    )
)
def test_a_usual_time_is_read_as_it_is_behind_a_blank(text: str) -> None:
    def read(value: str) -> datetime | None:
        try:
            return parse_time(value)
        except TimeFormatError:
            return None

    assert read(text) == read(f" {text}")
