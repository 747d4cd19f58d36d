"""Dates as feeds and people write them: each is read as a whole, or refused with the part that is not understood."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel.dates import format_datetime
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from squall.core.dates import zones
from squall.core.dates.names import LANGUAGES
from squall.core.dates.publication_time import TimeFormatError, parse_time

AFTERNOON = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mar 2, 2026 2:05 PM",
        "March 2nd, 2026 at 2:05 p.m.",
        "Mon, 2, Mar 2026 14:5",
        "Monday, 02-Mar-26 14:05:00 GMT",
        "Mon Mar  2 14:05:00 2026",
        "Mon Mar  2 09:05:00 EST 2026",
        "02 Monday, Mar 2026 14:05",
        "2:05PM, 2 Mar 2026",
        "14:05 2 March 2026",
        "14:05 02.03.2026 -0000",
        "2026/03/02 14:05",
        "2026.03.02 14:05",
        "2026-3-2 14:05:00",
        "2026-03-02 at 14:05",
        "202603021405",
        "2026-W10-1T14:05",
        "2026-03-02T14:05:00+0000",
        "02.03.2026 14:05",
        "2. 3. 2026 14:05",
        "2026. 03. 02. 14:05",
        "Mo., 2. März 2026, 14:05 Uhr",
        "lundi 2 mars 2026 à 14h05",
        "mar, 2 mar 2026 14:05",
        "lunes, 2 de marzo de 2026 14:05",
        "2 marca 2026 14:05",
        "2 марта 2026 г., 14:05",
        "2026年3月2日(月) 14時05分",
        "2026년 3월 2일 오후 2:05",
        "2026年3月2日 下午2:05",
        "Δευ, 02 Μαρ 2026 14:05:00",
        "2026-március-02T14:05",
        "2 มี.ค. 2026 14:05",
        "2026-03-02 | 14:05",
    ],
)
def test_each_form_of_one_afternoon_is_that_afternoon(text: str) -> None:
    assert parse_time(text, UTC) == AFTERNOON


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 02 Mar 2026 15:05:00 CET", AFTERNOON),
        ("Mon, 02 Mar 2026 23:05:00 JST", AFTERNOON),
        ("Mon Mar 02 2026 15:05:00 GMT+0100", AFTERNOON),
        ("Mon Mar 02 2026 15:05:00 GMT+0100 (Central European Standard Time)", AFTERNOON),
        ("2026-03-02 15:05:00 +0100 CET", AFTERNOON),
        ("2026-03-02T15:05:00+01:00[Europe/Berlin]", AFTERNOON),
        ("2026-03-02 15:05 Europe/Berlin", AFTERNOON),
        ("2 Mar 2026 15:05:00 (CET)", AFTERNOON),
        ("Mon, 02 Mar 2026 07:05:00 -700", AFTERNOON),
        ("Mon, 02 Mar 2026 07:05:00 MST-07:00", AFTERNOON),
        ("2026-03-02 09:05 ET", AFTERNOON),
        ("2026-07-02 10:05 ET", datetime(2026, 7, 2, 14, 5, tzinfo=UTC)),
        ("9:05 AM ET, March 2, 2026", AFTERNOON),
        ("2011-07-01 12:00 MSK", datetime(2011, 7, 1, 8, 0, tzinfo=UTC)),
        ("2026-03-02T24:00:00Z", datetime(2026, 3, 3, tzinfo=UTC)),
        ("2026-03-02T14:05:60Z", datetime(2026, 3, 2, 14, 5, 59, tzinfo=UTC)),
        ("2026-03-02 12:05 AM", datetime(2026, 3, 2, 0, 5, tzinfo=UTC)),
        ("2026-03-02 12:05 PM", datetime(2026, 3, 2, 12, 5, tzinfo=UTC)),
        ("2026-03-02+01:00", datetime(2026, 3, 1, 23, 0, tzinfo=UTC)),
        ("2026-061", datetime(2026, 3, 2, tzinfo=UTC)),
        ("Thu, 01 Jan 04 19:48:21 GMT", datetime(2004, 1, 1, 19, 48, 21, tzinfo=UTC)),
    ],
)
def test_a_zone_and_half_of_the_day_count(text: str, moment: datetime) -> None:
    assert parse_time(text, UTC) == moment


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Mon, 02 Mar 2026 14:05:00 XYZ", "XYZ"),
        ("Mon, 02 Mar 2026 02:05:00 A", "military"),
        ("Mon, 02 Mar 2026 14:05:00 GMT/BST", "understood"),
        ("Mon, 02 Mar 2026 14:05:00 +0100 (PST)", "contradict"),
        ("Mon, 02 Mar 2026 14:05:00 --0700", "exactly one day"),
        ("2026-03-02T14:05:00:-0700", "exactly one day"),
        ("2026-03-02T14:05:00+25:00", "offset"),
        ("2 March 2026 14:05 PM", "twelve hours"),
        ("2 March 2026 25:05", "time of day"),
        ("10:00 2 March 2026 11:00", "exactly one day"),
        ("29 Feb 2026 10:00", "no day 29"),
        ("2 March 2026 foo", "foo"),
        ("Mon Tue, 2 March 2026", "Mon Tue"),
        ("Published 2 March 2026 14:05", "Published"),
        ("02/03/2026 14:05", "format"),
        ("27-08-2008", "format"),
        ("2 listopad 2026", "10 or 11"),
        ("2026", "exactly one day"),
        ("2026-03", "exactly one day"),
        ("2026-W10", "W"),
        ("March 2026", "exactly one day"),
        ("2 March 14:05", "exactly one day"),
        ("14:05", "exactly one day"),
        ("2026-03-02x14:05", "x"),
        ("yesterday", "yesterday"),
        ("2 hours ago", "ago"),
        ("2026-03-02T14:05:00Z and later", "later"),
    ],
)
def test_what_is_understood_in_part_is_refused_and_the_part_named(text: str, part: str) -> None:
    with pytest.raises(TimeFormatError, match=re.escape(part)):
        parse_time(text, UTC)


@pytest.mark.parametrize(
    ("name", "setting", "language", "hours"),
    [
        ("IST", "UTC", "en-IN", 5.5),
        ("IST", "UTC", "hi", 5.5),
        ("IST", "Asia/Kolkata", "", 5.5),
        ("IST", "Europe/Dublin", "en", 1),
        ("IST", "UTC", "en-ie", 1),
        ("IST", "UTC", "he", 2),
        ("BST", "UTC", "en_GB", 1),
        ("BST", "Europe/London", "", 1),
        ("BST", "UTC", "bn", 6),
        ("CST", "UTC", "", -6),
        ("CST", "America/New_York", "en-us", -6),
        ("CST", "UTC", "zh-CN", 8),
        ("CST", "Asia/Shanghai", "en", 8),
        ("EST", "UTC", "en-AU", 10),
        ("PST", "UTC", "fil", 8),
        ("AST", "UTC", "ar-SA", 3),
    ],
)
def test_an_abbreviation_of_several_zones_is_told_by_the_setting_or_the_language(
    name: str, setting: str, language: str, hours: float
) -> None:
    local = AFTERNOON.astimezone(timezone(timedelta(hours=hours)))
    naive = UTC if setting == "UTC" else ZoneInfo(setting)
    assert parse_time(f"{local:%a, %d %b %Y %H:%M:%S} {name}", naive, language=language) == AFTERNOON


@pytest.mark.parametrize("name", ["IST", "BST", "AST", "GST", "AMT"])
def test_an_abbreviation_of_several_zones_is_refused_where_nothing_tells(name: str) -> None:
    with pytest.raises(TimeFormatError, match="set the time zone"):
        parse_time(f"Mon, 02 Mar 2026 14:05:00 {name}", UTC, language="en")


def test_the_table_agrees_with_the_time_zone_database() -> None:
    """Every abbreviation in use in 2026 is known, with the offset that it has there among its offsets."""
    for name in sorted(available_timezones()):
        for month in (1, 7):
            local = datetime(2026, month, 1, 12, tzinfo=ZoneInfo(name))
            short = local.tzname() or ""
            if short.isalpha() and len(short) > 1 and name != "Factory":
                assert zones.is_abbreviation(short), (name, short)
                assert local.utcoffset() in zones.offsets_of(short, local.replace(tzinfo=None)), (name, short)


FORMS = (
    "%a, %d %b %Y %H:%M:%S",
    "%d %B %Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %I:%M:%S %p",
    "%B %d, %Y %I:%M:%S %p",
    "%A, %d-%b-%Y %H:%M:%S",
)
FIRST, LAST = datetime(1990, 1, 1), datetime(2090, 1, 1)  # noqa: DTZ001
MOMENTS = st.datetimes(min_value=FIRST, max_value=LAST).map(lambda each: each.replace(microsecond=0))
CLEAR = sorted(name for name in zones.abbreviations() if len(name) > 1 and len(zones.offsets_of(name, FIRST)) == 1)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(MOMENTS, st.sampled_from(FORMS), st.sampled_from(CLEAR))
def test_every_zone_in_every_form_comes_back_as_the_same_moment(local: datetime, form: str, zone: str) -> None:
    (offset,) = zones.offsets_of(zone, local)
    assert parse_time(f"{local:{form}} {zone}", None) == local.replace(tzinfo=timezone(offset))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    MOMENTS,
    st.sampled_from(FORMS),
    st.integers(-48, 56),
    st.sampled_from(["{}{:02}{:02}", "{}{:02}:{:02}", "GMT{}{:02}:{:02}", "UTC{}{:02}{:02}"]),
)
def test_every_offset_in_every_form_comes_back_as_the_same_moment(local: datetime, form: str, quarters: int, written: str) -> None:
    minutes = quarters * 15
    zone = written.format("-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60)
    assert parse_time(f"{local:{form}} {zone}", None) == local.replace(tzinfo=timezone(timedelta(minutes=minutes)))


SPELT = sorted(set(LANGUAGES) - {"ja", "ko", "zh", "vi", "ga"})  # months in one word


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(MOMENTS, st.sampled_from(SPELT), st.sampled_from(["d MMM yyyy HH:mm:ss", "EEE, dd MMM yyyy HH:mm:ss", "EEEE d MMMM yyyy, HH:mm:ss"]))
def test_months_and_days_in_the_languages_of_the_news_are_read(local: datetime, language: str, form: str) -> None:
    assert parse_time(format_datetime(local, form, locale=language), UTC, language=language) == local.replace(tzinfo=UTC)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(MOMENTS, st.sampled_from(FORMS), st.data())
@example(datetime(2026, 3, 2, 14, 5), FORMS[0], None)  # noqa: DTZ001
def test_a_word_that_nobody_knows_anywhere_in_a_date_refuses_it(local: datetime, form: str, data: st.DataObject | None) -> None:
    words = f"{local:{form}}".split()
    place = data.draw(st.integers(0, len(words))) if data else 1
    junk = data.draw(st.sampled_from(["xyzzy", "12345", "99:99", "#", "Q", "5.5.5", "+99", "<b>", "2026"])) if data else "xyzzy"
    with pytest.raises(TimeFormatError):
        parse_time(" ".join([*words[:place], junk, *words[place:]]), UTC)


ALPHABET = [
    *"0123456789:/.,-+()[] TZ|'",
    "Mar",
    "mars",
    " AM",
    "pm",
    "GMT",
    "CET",
    "IST",
    "년",
    "月",
    "日",
    "時",
    "Uhr",
    "Europe/Berlin",
    "2026",
    "14:05",
    "de",
    "ß",
    "\u0301",
    "\x00",
]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(ALPHABET), max_size=14).map("".join), st.sampled_from(["", "de", "en-IN", "xx", "../../x", "zh_Hans_CN", "ß"])
)
def test_text_made_of_the_parts_of_dates_is_a_time_or_refused(text: str, language: str) -> None:
    with contextlib.suppress(TimeFormatError):
        assert parse_time(text, UTC, language=language).tzinfo is UTC
