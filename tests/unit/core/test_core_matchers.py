from __future__ import annotations

import pytest

from squall.core.errors import ConfigurationError
from squall.core.matchers import Matcher, all_match, parse, parse_all
from squall.core.records import Severity
from tests.support.alert_mail import alert


@pytest.mark.parametrize("text", ["topic=Energy*", " TOPIC = Energy* ", "topic='Energy*'", 'topic="Energy*"'])
def test_a_matcher_is_label_and_pattern_however_it_is_written(text: str) -> None:
    assert parse(text) == Matcher("topic", "Energy*")
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize("text", ["", "topic", "topic=", "=x", "colour=red", "topic=''"])
def test_what_is_no_matcher_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert refused.value.hint or text == "topic=''"


def test_all_matchers_must_match_and_none_mean_nothing() -> None:
    one = alert(topic="Energy | Oil", severity=Severity.CRITICAL)
    assert all_match(parse_all(["topic=energy*", "severity=critical"]), one)
    assert not all_match(parse_all(["topic=energy*", "severity=warning"]), one)
    assert not all_match((), one)
