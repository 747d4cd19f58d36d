from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.core.matchers import LABELS, LONGEST, Matcher, Operator, all_match, any_of, fits, parse, parse_all
from squall.core.records import Severity
from tests.support.alert_mail import alert

WORDS = st.text(alphabet="abC |$.*?+()[]{}^-\\'\"~=!éß\n", min_size=1, max_size=12)
NAMES = st.text(alphabet="abC |$.é\n", min_size=1, max_size=12)
REGEXES = st.recursive(
    st.sampled_from(["a", "b", "C", " ", r"\|", r"\.", ".", "[ab]", "[^a]", r"\w", "$", "^"]),
    lambda part: st.one_of(
        st.tuples(part, part).map("".join),
        st.tuples(part, part).map("|".join),
        part.map(lambda inner: f"(?:{inner})*"),
        part.map(lambda inner: f"({inner})?"),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("text", ["topic=Energy*", " TOPIC = Energy* ", "topic='Energy*'", 'topic="Energy*"'])
def test_a_matcher_is_label_and_pattern_however_it_is_written(text: str) -> None:
    assert parse(text) == Matcher("topic", "Energy*")
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "operator", "pattern"),
    [
        ("severity!=warning", Operator.NOT_EQUAL, "warning"),
        ("topic=~Energy.*|Macro", Operator.REGEX, "Energy.*|Macro"),
        ('topic !~ "Gold.*"', Operator.NOT_REGEX, "Gold.*"),
        ("topic=a!=b", Operator.EQUAL, "a!=b"),
        ("topic='~x'", Operator.EQUAL, "~x"),
    ],
)
def test_the_operators_are_alertmanagers(text: str, operator: Operator, pattern: str) -> None:
    assert parse(text) == Matcher("topic" if "topic" in text else "severity", pattern, operator)


@given(st.sampled_from(LABELS), st.sampled_from(Operator), WORDS)
def test_what_is_written_is_read_back(label: str, operator: Operator, pattern: str) -> None:
    try:
        matcher = parse(f'{label}{operator}"{pattern}"')
    except ConfigurationError:
        assert operator in {Operator.REGEX, Operator.NOT_REGEX}
        return
    assert (matcher.pattern, matcher.operator) == (pattern, operator)
    assert parse(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["", "topic", "topic=", "=x", "colour=red", "topic=''", "topic!~", "topic~x", "!=x", "topic!x"])
def test_what_is_no_matcher_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert refused.value.hint or text == "topic=''"


@pytest.mark.parametrize("pattern", ["(a", "a{2000}", r"(a)\1", "(?=a)", "(((a{100}){100}){100})", r"(\pL{100}){100}", "[z-a]", "*"])
def test_a_regular_expression_that_re2_does_not_know_or_that_is_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="regular expression is not valid") as refused:
        parse(f"topic=~{pattern}")
    assert "RE2" in refused.value.hint


def test_a_pattern_is_of_bounded_length_and_one_within_it_compiles() -> None:
    assert parse("topic=" + "?" * LONGEST).matches(alert(topic="é" * LONGEST))
    with pytest.raises(ConfigurationError, match=r"pattern has 501 characters"):
        parse("topic=" + "x" * (LONGEST + 1))


def test_all_matchers_must_match_and_none_mean_nothing() -> None:
    one = alert(topic="Energy | Oil", severity=Severity.CRITICAL)
    assert all_match(parse_all(["topic=energy*", "severity=critical"]), one)
    assert not all_match(parse_all(["topic=energy*", "severity=warning"]), one)
    assert all_match(parse_all(["topic=~energy.*", "topic!~.*gas", "severity!=warning"]), one)
    assert not all_match((), one)


@given(NAMES, NAMES)
def test_without_wildcards_equal_is_equality_of_the_whole_label_in_any_case(pattern: str, topic: str) -> None:
    same = pattern.lower() == topic.lower()
    assert Matcher("topic", pattern).matches_value(topic) is same
    assert Matcher("topic", pattern, Operator.NOT_EQUAL).matches_value(topic) is not same
    assert Matcher("topic", re.escape(pattern), Operator.REGEX).matches_value(topic) is same


@given(REGEXES, NAMES)
def test_a_regular_expression_matches_the_whole_label_as_in_alertmanager(pattern: str, topic: str) -> None:
    """Alertmanager compiles ^(?:pattern)$; on these patterns, which mean the same to it and to Python, both must agree."""
    assume(not (topic.endswith("\n") and "$" in pattern))  # Python's $ also matches before a last line feed
    expected = re.fullmatch(f"(?:{pattern})", topic, re.IGNORECASE | re.DOTALL | re.ASCII) is not None
    assume(r"\w" not in pattern or topic.isascii())
    assert Matcher("topic", pattern, Operator.REGEX).matches_value(topic) is expected
    assert Matcher("topic", pattern, Operator.NOT_REGEX).matches_value(topic) is not expected


@given(WORDS, WORDS)
def test_wildcards_match_as_a_search_by_hand_does(pattern: str, text: str) -> None:
    def by_hand(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(by_hand(pattern[1:], text[at:]) for at in range(len(text) + 1))
        return bool(text) and pattern[0] in {"?", text[0]} and by_hand(pattern[1:], text[1:])

    assert fits(pattern, text) is by_hand(pattern.lower(), text.lower())


@given(st.lists(WORDS.filter(str.strip), min_size=1, max_size=3), WORDS)
def test_several_patterns_are_one_regular_expression(patterns: list[str], text: str) -> None:
    import re2

    assert bool(re2.search(any_of(patterns), text)) is any(fits(pattern.strip(), text) for pattern in patterns)


def test_a_pattern_may_stand_for_whole_words_within_a_name() -> None:
    import re2

    within = any_of(["exxon", "harbor u*"], within=True)
    assert [name for name in ("Exxon Mobil", "EXXON", "The Harbor Union", "Exxons", "Sexxon") if re2.search(within, name)] == [
        "Exxon Mobil",
        "EXXON",
        "The Harbor Union",
    ]
    with pytest.raises(ConfigurationError, match="is not a pattern"):
        any_of([" "])


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*a){20}", "(a?){50}a{50}"])
def test_patterns_that_backtrack_elsewhere_take_no_time_here(pattern: str) -> None:
    matcher, text = parse(f"topic=~{pattern}"), "a" * 50_000 + "!"
    began = time.process_time()
    assert not matcher.matches_value(text)
    assert time.process_time() - began < 2


def test_lone_surrogates_match_nothing_and_break_nothing() -> None:
    assert not parse("topic=~\ud800x").matches(alert())
    assert not fits("a*", "\ud800")
    assert fits("*", "\ud800")
