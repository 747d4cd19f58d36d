from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.grouping import Moment, Reason
from alerts.notifier import Notifier
from core.alert_settings import AlertSettings
from core.records import AlertState, SeriesKind, Severity
from core.text import document_id
from storage.rows import Silence
from tests.support.alert_mail import alert

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DESK = {"name": "desk", "to": ("desk@example.org",)}
OPS = {"name": "ops", "url": "https://ops.example.org/hook"}
MARKET = {"kind": SeriesKind.MARKET}


def moment(seconds=0.0, wall=None):
    return Moment(START + timedelta(seconds=seconds), START + timedelta(seconds=seconds if wall is None else wall))


def firing(topic="Energy | Oil", **changes):
    return alert(id=document_id("test", topic), topic=topic, **changes)


def resolved(topic="Energy | Oil", **changes):
    return firing(topic, state=AlertState.RESOLVED, resolved_at=START + timedelta(hours=9), **changes)


class Story:
    """Updates and looks at given seconds; `told` keeps what was sent."""

    def __init__(self, **changes):
        self.settings = AlertSettings(**changes)
        self.notifier = Notifier(self.settings)
        self.silences, self.acknowledged, self.told = [], set(), []

    def update(self, seconds, *alerts, wall=None):
        for item in alerts:
            self.notifier.update(item, moment(seconds, wall))
        return self.look(seconds, wall)

    def look(self, seconds, wall=None):
        self.notifier = Notifier(self.settings, self.notifier.dump())  # a restart before every look
        notices = self.notifier.due(moment(seconds, wall), self.silences, self.acknowledged)
        self.told += notices
        return notices


def said(notices):
    return [(notice.receiver, notice.reason, [item.topic for item in notice.alerts]) for notice in notices]


def silence(*matchers, start=0.0, end=3600.0):
    return Silence("s1", matchers, "ann", "planned", START + timedelta(seconds=start), START + timedelta(seconds=end))


def test_a_storm_is_one_message_after_group_wait_the_most_improbable_first():
    story = Story()
    assert story.update(0, firing("A", p_value=1e-6), firing("B", p_value=1e-9)) == []
    assert story.update(20, firing("C", severity=Severity.CRITICAL)) == []
    assert said(story.look(30)) == [("default", Reason.FIRING, ["C", "B", "A"])]
    assert story.look(60) == []


def test_an_alert_that_resolves_before_group_wait_sends_nothing():
    story = Story()
    story.update(0, firing())
    story.update(20, resolved())
    assert story.look(4000) == []


def test_what_comes_later_waits_for_group_interval_and_is_told_first():
    story = Story()
    story.update(0, firing("A"))
    story.look(30)
    story.update(60, firing("B"))
    assert story.look(329) == []
    (notice,) = story.look(330)
    assert said([notice]) == [("default", Reason.MORE_FIRING, ["B", "A"])]
    assert notice.fresh == 1


def test_news_in_a_group_that_was_told_long_ago_waits_for_group_wait_only():
    story = Story()
    story.update(0, firing("A"))
    story.look(30)
    story.update(3000, firing("B"))
    assert story.look(3029) == []
    assert said(story.look(3030)) == [("default", Reason.MORE_FIRING, ["B", "A"])]


def test_an_escalation_has_a_reason_of_its_own():
    story = Story()
    story.update(0, firing())
    story.look(30)
    story.update(900, firing(severity=Severity.CRITICAL))
    assert said(story.look(930)) == [("default", Reason.ESCALATED, ["Energy | Oil"])]


def test_the_end_is_told_once_and_the_group_starts_afresh():
    story = Story()
    story.update(0, firing())
    story.look(30)
    story.update(900, resolved())
    assert said(story.look(930)) == [("default", Reason.RESOLVED, ["Energy | Oil"])]
    assert story.look(100_000) == []
    story.update(100_060, firing("B"))
    assert said(story.look(100_090)) == [("default", Reason.FIRING, ["B"])]
    assert len({notice.key for notice in story.told}) == 3


def test_what_keeps_firing_is_repeated_unless_somebody_acknowledged_it():
    story = Story(repeat_interval_seconds=3600)
    story.update(0, firing())
    story.look(30)
    assert story.look(3629) == []
    assert said(story.look(3630)) == [("default", Reason.REPEAT, ["Energy | Oil"])]
    story.acknowledged = {firing().id}
    assert story.look(20_000) == []
    story.update(20_100, resolved())
    assert said(story.look(20_130)) == [("default", Reason.RESOLVED, ["Energy | Oil"])]


def test_a_wait_is_over_when_either_clock_says_so():
    stalled, replay = Story(), Story()
    stalled.update(0, firing())
    replay.update(0, firing())
    assert stalled.look(0, wall=29) == []
    assert [notice.reason for notice in stalled.look(0, wall=30)] == [Reason.FIRING]
    assert [notice.reason for notice in replay.look(60, wall=0.1)] == [Reason.FIRING]


def test_a_silence_keeps_out_what_matches_until_it_ends():
    story = Story()
    story.silences = [silence("topic=energy*", "severity=warning")]
    story.update(0, firing(), firing("Macro"))
    (notice,) = story.look(30)
    assert said([notice]) == [("default", Reason.FIRING, ["Macro"])]
    assert notice.silenced == 1
    assert story.look(3600) == []  # the silence has ended; group_wait begins
    assert said(story.look(3630)) == [("default", Reason.MORE_FIRING, ["Energy | Oil", "Macro"])]


def test_nobody_hears_of_an_alert_that_lived_and_died_in_silence():
    story = Story()
    story.silences = [silence("kind=topic")]
    story.update(0, firing())
    story.update(600, resolved())
    assert story.look(4000) == []


def test_a_critical_alert_is_not_kept_out_by_a_silence_for_warnings():
    story = Story()
    story.silences = [silence("severity=warning")]
    story.update(0, firing())
    story.look(30)
    story.update(60, firing(severity=Severity.CRITICAL))
    assert said(story.look(90)) == [("default", Reason.FIRING, ["Energy | Oil"])]


def test_a_silence_without_matchers_mutes_nothing():
    story = Story()
    story.silences = [silence()]
    story.update(0, firing())
    assert len(story.look(30)) == 1


def test_a_market_alert_lists_its_topics_instead_of_telling_of_each():
    story = Story()
    story.update(0, firing("A"), firing("$X", kind=SeriesKind.SYMBOL), firing("All topics", **MARKET))
    (notice,) = story.look(30)
    assert said([notice]) == [("default", Reason.FIRING, ["All topics"])]
    assert [item.topic for item in notice.inhibited] == ["$X", "A"]
    story.update(600, firing("B"))
    assert story.look(1200) == []
    story.update(1800, resolved("All topics", **MARKET), resolved("A"))
    assert {item.topic for notice in story.look(1830) for item in notice.alerts} == {"All topics", "$X", "B"}


def test_missing_data_is_told_of_even_in_a_market_storm():
    story = Story()
    source = firing("Source: wire", kind=SeriesKind.SOURCE, test="no data")
    topic = firing("Macro", test="no data")
    story.update(0, firing("All topics", **MARKET), source, topic)
    (notice,) = story.look(30)
    assert {item.topic for item in notice.alerts} == {"All topics", "Source: wire", "Macro"}


def test_an_alert_told_before_the_market_broke_is_told_to_be_over_after_it():
    story = Story()
    story.update(0, firing("A"))
    story.look(30)
    story.update(60, firing("All topics", **MARKET))
    story.look(330)
    story.update(700, resolved("A"))
    assert story.look(1000) == []
    story.update(1100, resolved("All topics", **MARKET))
    assert said(story.look(1130)) == [("default", Reason.RESOLVED, ["All topics", "A"])]


def test_a_market_alert_inhibits_nothing_for_those_who_do_not_see_it():
    routes = ({"receiver": "desk", "topics": ("energy*",)},)
    story = Story(receivers=(DESK,), routes=routes)
    story.update(0, firing(), firing("All topics", **MARKET))
    assert said(story.look(30)) == [("default", Reason.FIRING, ["All topics"]), ("desk", Reason.FIRING, ["Energy | Oil"])]
    silenced = Story()
    silenced.silences = [silence("kind=market")]
    silenced.update(0, firing(), firing("All topics", **MARKET))
    assert said(silenced.look(30)) == [("default", Reason.FIRING, ["Energy | Oil"])]


QUIET = {"receiver": "desk", "quiet": {"start": "12:00", "end": "14:00"}}


def test_quiet_hours_hold_back_and_end_with_one_digest_of_all_that_happened():
    story = Story(receivers=(DESK,), routes=(QUIET,))
    story.update(0, firing("A"), firing("B"))
    story.update(3600, resolved("A"))
    assert story.look(7199) == []
    assert story.look(7200) == []
    assert said(story.look(7230)) == [("desk", Reason.DIGEST, ["B", "A"])]
    assert story.look(7600) == []


def test_critical_alerts_pass_quiet_hours_unless_told_not_to():
    story = Story(receivers=(DESK,), routes=(QUIET,))
    story.update(0, firing("A"), firing("B", severity=Severity.CRITICAL))
    assert said(story.look(30)) == [("desk", Reason.FIRING, ["B"])]
    strict = {**QUIET, "quiet": {**QUIET["quiet"], "critical_passes": False}}
    held = Story(receivers=(DESK,), routes=(strict,))
    held.update(0, firing("B", severity=Severity.CRITICAL))
    assert held.look(30) == []


def test_beyond_the_rate_limit_everything_is_collected_in_one_digest():
    story = Story(max_per_hour=2, group_by=("topic",))
    story.update(0, *(firing(name) for name in "ABCD"))
    assert len(story.look(30)) == 2
    assert story.look(3629) == []
    told = {item.topic for notice in story.told for item in notice.alerts}
    (digest,) = story.look(3630)
    assert digest.reason is Reason.DIGEST
    assert {item.topic for item in digest.alerts} == set("ABCD") - told


def test_a_receiver_has_its_own_rate_limit():
    story = Story(receivers=({**DESK, "max_per_hour": 1},), routes=({"receiver": "desk", "topics": ("d*",)},), group_by=("topic",))
    story.update(0, firing("d1"), firing("d2"), firing("a"), firing("b"))
    assert sorted(notice.receiver for notice in story.look(30)) == ["default", "default", "desk"]


def test_an_alert_that_no_longer_fits_its_route_is_still_told_to_be_over_there():
    routes = ({"receiver": "desk", "severities": ("warning",)}, {"receiver": "ops"})
    story = Story(receivers=(DESK, OPS), routes=routes)
    story.update(0, firing())
    story.look(30)
    story.update(600, firing(severity=Severity.CRITICAL))
    assert said(story.look(630)) == [("desk", Reason.ESCALATED, ["Energy | Oil"]), ("ops", Reason.FIRING, ["Energy | Oil"])]
    story.update(1800, resolved(severity=Severity.CRITICAL))
    assert [notice.receiver for notice in story.look(1830)] == ["desk", "ops"]


def test_groups_of_a_receiver_that_is_gone_are_forgotten():
    before = Notifier(AlertSettings(receivers=(DESK,), routes=({"receiver": "desk"},)))
    before.update(firing(), moment())
    after = Notifier(AlertSettings(), before.dump())
    assert after.due(moment(60), [], set()) == []


STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from("ABCM"), st.sampled_from(["fire", "critical", "resolve", "look"])), max_size=60
)


def play(steps, restart, **changes):
    options = AlertSettings(repeat_interval_seconds=3600, **changes)
    notifier, now, state, notices = Notifier(options), 0, {}, []
    opened = dict.fromkeys("ABCM", 0)

    def advance(until):
        nonlocal notifier
        at = START + timedelta(minutes=now)
        while (stop := notifier.next_due(at)) is not None and stop < START + timedelta(minutes=until):
            notices.extend(notifier.due(Moment(stop, START), [], set()))
            at = stop
        if restart:
            notifier = Notifier(options, notifier.dump())

    for minutes, name, action in [*steps, (9000, "A", "look")]:
        advance(now + minutes)
        now += minutes
        at = Moment(START + timedelta(minutes=now), START)
        if action == "fire" and name not in state:
            opened[name] += 1
            state[name] = firing(f"{name}{opened[name]}", kind=SeriesKind.MARKET if name == "M" else SeriesKind.TOPIC)
        elif action == "critical" and name in state:
            state[name] = state[name].model_copy(update={"severity": Severity.CRITICAL})
        elif action == "resolve" and name in state:
            notifier.update(state.pop(name).model_copy(update={"state": AlertState.RESOLVED, "resolved_at": at.event}), at)
        if action in {"fire", "critical"} and name in state:
            notifier.update(state[name], at)
        notices.extend(notifier.due(at, [], set()))
    return notices, state


@settings(max_examples=30, deadline=None)
@given(STEPS, st.sampled_from([(), ("topic",)]))
def test_whatever_happens_nothing_is_told_twice_or_out_of_nowhere_and_what_fires_is_told(steps, group_by):
    notices, state = play(steps, restart=False, group_by=group_by, max_per_hour=6)
    assert len({notice.key for notice in notices}) == len(notices)
    assert [notice.at.event for notice in notices] == sorted(notice.at.event for notice in notices)
    known = {}
    for notice in notices:
        for item in notice.alerts[: notice.fresh]:
            label = "resolved" if item.state is AlertState.RESOLVED else item.severity.value
            assert known.get(item.id) not in {label, "resolved"}, "told twice"
            assert label != "resolved" or item.id in known or notice.reason is Reason.DIGEST
            known[item.id] = label
    for notice in notices:
        recent = [other for other in notices if timedelta(0) <= notice.at.event - other.at.event < timedelta(hours=1)]
        assert len(recent) <= 6
    for name, item in state.items():
        assert known.get(item.id) == item.severity.value or (name != "M" and "M" in state)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_restarts_change_nothing(steps):
    assert play(steps, restart=True)[0] == play(steps, restart=False)[0]


@pytest.mark.parametrize("group_by", [("topic",), ("kind",), ("topic", "kind")])
def test_group_by_makes_a_message_for_each(group_by):
    story = Story(group_by=group_by)
    story.update(0, firing("A"), firing("$X", kind=SeriesKind.SYMBOL))
    assert len(story.look(30)) == 2
