from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana.clickhouse_macros import expand, interval_seconds, variables_in
from squall.dashboards.grafana.variable_formats import Selection, format_variable
from squall.storage.panels import panel_names, panel_sql

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 6, tzinfo=UTC)
FROM, TO = 1772323200, 1772344800
HARMLESS = re.compile(r"[A-Za-z0-9%+&=_.~:@$,-]*")
values = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)


def run(sql: str, **variables: Selection) -> str:
    return expand(sql, start=START, end=END, interval=60, variables=variables)


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("$__fromTime $__toTime", f"toDateTime({FROM}) toDateTime({TO})"),
        ("$__fromTime_ms", f"fromUnixTimestamp64Milli({FROM}000)"),
        ("$__timeFilter(r.time)", f"r.time >= toDateTime({FROM}) AND r.time <= toDateTime({TO})"),
        ("$__timeFilter_ms(at)", f"at >= fromUnixTimestamp64Milli({FROM}000) AND at <= fromUnixTimestamp64Milli({TO}000)"),
        ("$__timeInterval(at)", "toStartOfInterval(toDateTime(at), INTERVAL 60 second)"),
        ("$__timeInterval_ms(at)", "toStartOfInterval(toDateTime64(at, 3), INTERVAL 60000 millisecond)"),
        ("$__interval_s", "60"),
        ("$__timeFilter(f(a, b))", f"f(a, b) >= toDateTime({FROM}) AND f(a, b) <= toDateTime({TO})"),
    ],
)
def test_macros_of_time_expand_as_the_plugin_does(sql: str, expanded: str) -> None:
    assert run(sql) == expanded


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("$__timeFilters(a)", r"unknown macro \$__timeFilters"),
        ("$__timeFilter", "takes 1 argument, not 0"),
        ("$__timeFilter(a, b)", "takes 1 argument, not 2"),
        ("$__timeFilter(a", "unclosed bracket"),
        ("$__conditionalAll(a)", "takes a condition and a variable"),
        ("$__conditionalAll(a, b)", "not a variable"),
        ("${nobody}", r"variable \$nobody is not defined"),
        ("${topic:shouting}", "unknown format 'shouting'"),
    ],
)
def test_what_the_plugin_does_not_support_is_an_error(sql: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        run(sql, topic=Selection(("a",)))


def test_a_condition_is_dropped_when_all_or_nothing_is_selected() -> None:
    sql = "$__conditionalAll(f(topic, '${topic:queryparam}'), $topic)"
    assert run(sql, topic=Selection(("a", "b"), multi=True, is_all=True)) == "1=1"
    assert run(sql, topic=Selection((), multi=True)) == "1=1"
    assert run(sql, topic=Selection(("a b", "c"), multi=True)) == "f(topic, 'var-topic=a+b&var-topic=c')"


def test_conditions_expand_inside_each_other() -> None:
    sql = "$__conditionalAll(a AND $__conditionalAll(b, $two), $one)"
    assert run(sql, one=Selection(("x",)), two=Selection((), is_all=True)) == "a AND 1=1"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "'a','b'"),
        ("csv", "a,b"),
        ("pipe", "a|b"),
        ("glob", "{a,b}"),
        ("text", "a + b"),
        ("json", '["a","b"]'),
        ("singlequote", "'a','b'"),
        ("doublequote", '"a","b"'),
        ("sqlstring", "'a','b'"),
        ("percentencode", "%7Ba%2Cb%7D"),
        ("queryparam", "var-topic=a&var-topic=b"),
    ],
)
def test_several_values_are_written_as_grafana_writes_them(name: str, written: str) -> None:
    assert format_variable("topic", Selection(("a", "b"), multi=True), name) == written


@given(values)
def test_no_value_can_end_the_string_it_stands_in(chosen: list[str]) -> None:
    many = format_variable("topic", Selection(tuple(chosen), multi=True), "queryparam")
    one = format_variable("topic", Selection((chosen[0],)), "percentencode")
    assert HARMLESS.fullmatch(many)
    assert HARMLESS.fullmatch(one)
    assert "$" not in one
    assert [unquote_plus(pair.partition("=")[2]) for pair in many.split("&")] == chosen
    assert unquote(one) == chosen[0]


@pytest.mark.parametrize("name", panel_names())
def test_queries_use_only_the_formats_that_let_no_value_out(name: str) -> None:
    for used in re.findall(r"\$\{\w+(?::(\w+))?\}", panel_sql(name)):
        assert used in {"queryparam", "percentencode"}


@pytest.mark.parametrize("name", panel_names())
def test_a_value_with_quotes_changes_nothing_of_a_query_but_one_string(name: str) -> None:
    hostile, marker = "\\' OR 1 = 1) -- \"", "VALUE"
    used = variables_in(panel_sql(name))
    sql = run(panel_sql(name), **{each: Selection((hostile,)) for each in used})
    plain = run(panel_sql(name), **{each: Selection((marker,)) for each in used})
    assert sql.count("'") == plain.count("'")
    assert "OR 1 = 1" not in sql


def test_a_macro_that_comes_in_with_a_value_stays_inside_its_string() -> None:
    sql = "has(f('${topic:queryparam}'), topic)"
    assert run(sql, topic=Selection(("$__fromTime $__nothing",), multi=True)) == f"has(f('var-topic=toDateTime({FROM})+$__nothing'), topic)"


@pytest.mark.parametrize(("hours", "seconds"), [(1 / 60, 1), (1, 5), (6, 20), (24, 60), (240, 900)])
def test_the_interval_is_round(hours: float, seconds: int) -> None:
    assert interval_seconds(START, START + timedelta(hours=hours)) == seconds
