"""Silences before they are stored: when they hold, and what they would match."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from squall.core.errors import ConfigurationError
from squall.core.matchers import parse_all
from squall.core.records import Alert, AlertState, SeriesKind
from squall.storage.queries.alerting.silence_preview import preview_silence
from squall.storage.queries.alerting.silences import ended_silence, extended_silence, matchers_of, new_silence
from squall.storage.rows.alerting import Silence
from tests.support.alert_mail import alert

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def silence(starts_at: datetime | None = None, ends_at: datetime = NOW + HOUR, matcher: str = "topic=Energy*") -> Silence:
    return new_silence([matcher], "ann", "OPEC", NOW, starts_at, ends_at)


def test_a_silence_starts_now_or_later_and_never_in_the_past() -> None:
    assert silence().starts_at == NOW
    assert silence(NOW + HOUR, NOW + 2 * HOUR).starts_at == NOW + HOUR
    assert silence(NOW - HOUR).starts_at == NOW


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "words"),
    [
        (None, NOW, "is over already"),
        (None, NOW - HOUR, "is over already"),
        (NOW + 2 * HOUR, NOW + HOUR, "is before its start"),
        (NOW + HOUR, NOW + HOUR, "is before its start"),
        (None, NOW + timedelta(days=367), "more than a year"),
    ],
)
def test_a_time_that_is_no_time_is_refused(starts_at: datetime | None, ends_at: datetime, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        silence(starts_at, ends_at)
    assert refused.value.hint


def test_a_silence_that_is_ended_mutes_nothing_from_then_on_and_a_planned_one_never_does() -> None:
    ended = ended_silence(silence(), NOW + HOUR / 2)
    assert (ended.starts_at, ended.ends_at) == (NOW, NOW + HOUR / 2)
    planned = ended_silence(silence(NOW + HOUR, NOW + 2 * HOUR), NOW)
    assert planned.starts_at == planned.ends_at == NOW


def test_a_silence_gets_a_later_or_an_earlier_end_and_keeps_everything_else() -> None:
    made = silence()
    later = extended_silence(made, NOW + 3 * HOUR, NOW + HOUR / 2)
    assert later == replace(made, ends_at=NOW + 3 * HOUR)
    assert extended_silence(later, NOW + HOUR, NOW).ends_at == NOW + HOUR
    with pytest.raises(ConfigurationError, match="is over already"):
        extended_silence(made, NOW, NOW + HOUR / 2)
    with pytest.raises(ConfigurationError, match="more than a year"):
        extended_silence(made, NOW + timedelta(days=400), NOW)


def test_a_stored_silence_that_can_not_be_read_mutes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    broken = replace(silence(), matchers=("topic=Energy*", "region=europe"))
    assert matchers_of(broken) == ()
    assert "no label 'region'" in caplog.text


class Alerts:
    def __init__(self, *alerts: Alert) -> None:
        self._alerts = list(alerts)

    def latest(self, states: None = None, limit: int = 100) -> list[Alert]:
        return self._alerts[:limit]


OIL = alert(id="a1" * 16, topic="Energy | Oil")
OLD = alert(id="a2" * 16, topic="Energy | Oil", state=AlertState.RESOLVED, resolved_at=NOW)
XOM = alert(id="a3" * 16, topic="$XOM", kind=SeriesKind.SYMBOL)


def test_a_preview_shows_the_open_and_the_past_alerts_that_all_matchers_match() -> None:
    shown = preview_silence(Alerts(OIL, OLD, XOM), parse_all(["topic=energy*", "severity!=critical"]))
    assert ([row.id for row in shown.open], [row.id for row in shown.past]) == ([OIL.id], [OLD.id])
    assert (shown.tried, shown.matches_nothing) == (3, False)
    assert [(row.matched, row.values[:1]) for row in shown.matchers] == [(2, ("Energy | Oil",)), (3, ("warning",))]


@pytest.mark.parametrize(
    ("matcher", "nearest"),
    [
        ("topic=Enrgy*", "Energy | Oil"),
        ("topic=$XON", "$XOM"),
        ("severity=crtical", "critical"),
        ("kind=sybmol", "symbol"),
        ("topic=Oil", "Energy | Oil"),
    ],
)
def test_a_matcher_that_matches_nothing_is_told_what_is_spelled_alike(matcher: str, nearest: str) -> None:
    shown = preview_silence(Alerts(OIL, OLD, XOM), parse_all([matcher]))
    assert shown.matches_nothing
    assert nearest in shown.matchers[0].nearest
    assert shown.matchers[0].values == ()


def test_a_matcher_of_a_topic_that_never_had_an_alert_is_not_called_a_mistake() -> None:
    (row,) = preview_silence(Alerts(), parse_all(["topic=~gold.*|ipo"])).matchers
    assert (set(row.values), row.nearest, row.matched) == ({"Gold | Metals | Materials", "IPO"}, (), 0)


def test_matchers_that_match_alone_but_not_together_are_told_apart() -> None:
    shown = preview_silence(Alerts(OIL, XOM), parse_all(["topic=Energy*", "kind=symbol"]))
    assert shown.matches_nothing
    assert [row.matched for row in shown.matchers] == [1, 1]
