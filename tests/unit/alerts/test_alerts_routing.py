import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.notification.quiet_hours import holds_back, is_quiet
from squall.alerts.notification.routing import explain_routes, routes
from squall.core.config.alerts import DAYS, AlertSettings, QuietSettings
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError
from squall.core.matchers import parse
from squall.core.records import SeriesKind, Severity
from tests.support.alert_mail import alert

GUIDE = Path(__file__).parents[3] / "docs" / "alerting.md"
NIGHT = QuietSettings(start="22:00", end="07:00", zone="Europe/Berlin", days=("fri",))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """What the guide shows, loaded as a user would."""
    example = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    (tmp_path / "squall.toml").write_text(example)
    monkeypatch.chdir(tmp_path)
    return load_settings().alerts


@pytest.mark.parametrize(
    ("changes", "receivers"),
    [
        ({"topic": "Energy | Oil"}, ["energy-team"]),
        ({"topic": "ENERGY | oil", "severity": Severity.CRITICAL}, ["pager", "energy-team"]),
        ({"topic": "Macro"}, ["default"]),
        ({"topic": "Macro", "severity": Severity.CRITICAL}, ["pager"]),
        ({"topic": "Source: wire", "kind": SeriesKind.SOURCE}, ["pager"]),
        ({"topic": "$XOM", "kind": SeriesKind.SYMBOL}, ["energy-team"]),
    ],
)
def test_the_guides_example_routes_as_it_says(settings, changes, receivers):
    assert list(routes(settings, alert(**changes))) == receivers
    assert settings.by_name["energy-team"].max_per_hour == 6
    assert settings.sender == "Squall <squall@example.org>"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[alerts.routes]]\nreceiver = "nobody"', "'nobody', which is none of: default"),
        ('[[alerts.receivers]]\nname = "x"', "needs either `to`"),
        ('[[alerts.receivers]]\nname = "x"\nto = ["a@b"]\nurl = "https://x/"', "needs either `to`"),
        ('[[alerts.receivers]]\nname = "x"\nurl = "ftp://x/"', r"alerts\.receivers\.0\.url"),
        ('[[alerts.receivers]]\nname = "default"\nto = ["a@b"]', "give yours another name"),
        ('[[alerts.receivers]]\nname = "x"\nto = ["a"]\n[[alerts.receivers]]\nname = "x"\nto = ["b"]', "x occurs twice"),
        ('[[alerts.routes]]\nreceiver = "default"\ncolour = "red"', "is not a setting"),
        ('[[alerts.routes]]\nreceiver = "default"\nquiet = {start = "22:00", end = "7:00", zone = "Mars/Olympus"}', "not a time zone"),
        ('[[alerts.routes]]\nreceiver = "default"\nquiet = {start = "25:00", end = "07:00"}', r"quiet\.start"),
        ("[alerts]\nto = []", r"alerts\.to"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path, monkeypatch, text, complaint):
    (tmp_path / "squall.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=complaint):
        load_settings()


@pytest.mark.parametrize(
    ("wall", "quiet"),
    [
        ("2026-03-06 20:59", False),  # a Friday, 21:59 in Berlin
        ("2026-03-06 21:00", True),
        ("2026-03-07 05:59", True),  # Saturday morning belongs to Friday night
        ("2026-03-07 06:00", False),
        ("2026-03-07 22:00", False),
        ("2026-03-06 03:00", False),  # Thursday night
        ("2026-07-03 20:00", True),  # in summer an hour earlier
    ],
)
def test_quiet_hours_are_local_and_belong_to_the_day_they_begin_on(wall, quiet):
    assert is_quiet(NIGHT, datetime.fromisoformat(f"{wall}+00:00")) is quiet


@given(st.integers(0, 525_600).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)), st.times(), st.times())
def test_quiet_hours_and_their_complement_fill_every_day(wall, start, end):
    inside, outside = QuietSettings(start=start, end=end), QuietSettings(start=end, end=start)
    assert start == end or is_quiet(inside, wall) is not is_quiet(outside, wall)


def test_hours_that_end_where_they_start_are_the_whole_day():
    weekend = QuietSettings(start="00:00", end="00:00", days=("sat", "sun"))
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    assert [DAYS[day] for day in range(7) if is_quiet(weekend, monday + timedelta(days=day, hours=13))] == ["sat", "sun"]


def test_matchers_are_read_and_mistakes_named():
    assert parse("topic='Energy*'").matches(alert(topic="energy | oil"))
    assert not parse("severity=critical").matches(alert())
    assert parse("kind=topic").matches(alert())
    assert parse("topic=*m&a*").matches(alert(topic="M&A | Investments"))
    for text, complaint in (("colour=red", "no label 'colour'"), ("topic", "not a matcher"), ("topic=", "not a matcher")):
        with pytest.raises(ConfigurationError, match=complaint):
            parse(text)


def test_of_two_routes_to_one_receiver_the_first_counts():
    quiet = {"start": "22:00", "end": "07:00"}
    both = AlertSettings(routes=({"receiver": "default", "continue": True, "quiet": quiet}, {"receiver": "default"}))
    assert routes(both, alert())["default"] is not None


ROUTES = st.lists(
    st.fixed_dictionaries(
        {
            "receiver": st.sampled_from(["default", "desk"]),
            "topics": st.sampled_from([(), ("Energy*",), ("Macro", "$*")]),
            "kinds": st.sampled_from([(), ("topic",), ("symbol", "source")]),
            "severities": st.sampled_from([(), ("critical",)]),
            "continue": st.booleans(),
        }
    ),
    max_size=4,
)


@given(ROUTES, st.sampled_from(["Energy | Oil", "Macro", "$XOM"]), st.sampled_from(Severity))
def test_the_explanation_of_the_routes_is_what_they_do(configured, topic, severity):
    settings = AlertSettings(receivers=({"name": "desk", "to": ("desk@example.org",)},), routes=tuple(configured))
    one = alert(topic=topic, kind=SeriesKind.SYMBOL if topic[0] == "$" else SeriesKind.TOPIC, severity=severity)
    verdicts = explain_routes(settings, one)
    by_hand = []
    for route in settings.routes:
        fitting = not route.topics or any(topic.lower().startswith(pattern.lower().rstrip("*")) for pattern in route.topics)
        if fitting and (not route.kinds or one.kind in route.kinds) and (not route.severities or severity in route.severities):
            by_hand.append(route.receiver)
            if not route.goes_on:
                break
    assert [verdict.receiver for verdict in verdicts if verdict.matched] == (by_hand or ["default"])
    assert list(routes(settings, one)) == list(dict.fromkeys(by_hand or ["default"]))
    assert all(bool(verdict.because) is verdict.reached for verdict in verdicts)
    assert not any(verdict.matched for verdict in verdicts if not verdict.reached)


def test_a_route_says_which_condition_failed_or_how_each_was_met(settings):
    pager, energy, source = explain_routes(settings, alert(topic="Energy | Oil"))
    assert (pager.matched, pager.because) == (False, ("severity warning is none of: critical",))
    assert (energy.matched, energy.because) == (True, ("topic 'Energy | Oil' matches 'Energy*'",))
    assert (source.reached, source.matched, source.because) == (False, False, ())


def test_quiet_hours_hold_warnings_back_and_critical_alerts_only_where_they_are_told_to():
    night = datetime.fromisoformat("2026-03-06 21:00+00:00")
    critical = alert(severity=Severity.CRITICAL)
    assert holds_back(NIGHT, alert(), night)
    assert not holds_back(NIGHT, critical, night)
    assert holds_back(NIGHT.model_copy(update={"critical_passes": False}), critical, night)
    assert not holds_back(None, alert(), night)
