from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.notification.content import DualTime, Reason
from squall.alerts.notification.policy import NotificationPolicy
from squall.core.config.alerts import AlertSettings
from squall.core.records import AlertState, SeriesKind, Severity
from tests.support.notification_story import DESK, OPS, START, Story, firing, moment, resolved, said

QUIET = {"receiver": "desk", "quiet": {"start": "12:00", "end": "14:00"}}


def test_quiet_hours_hold_back_and_end_with_one_digest_of_all_that_happened():
    story = Story(receivers=(DESK,), routes=(QUIET,))
    story.update(0, firing("A"), firing("B"))
    story.update(3600, resolved("A"))
    assert story.look(7199) == []
    assert story.look(7200) == []
    assert said(story.look(7230)) == [("desk", Reason.DIGEST, ["B", "A"])]
    assert story.look(7600) == []


def test_critical_alerts_pass_quiet_hours_unless_configured_otherwise():
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
    reported = {item.topic for notice in story.sent for item in notice.alerts}
    (digest,) = story.look(3630)
    assert digest.reason is Reason.DIGEST
    assert {item.topic for item in digest.alerts} == set("ABCD") - reported


def test_a_receiver_has_its_own_rate_limit():
    story = Story(receivers=({**DESK, "max_per_hour": 1},), routes=({"receiver": "desk", "topics": ("d*",)},), group_by=("topic",))
    story.update(0, firing("d1"), firing("d2"), firing("a"), firing("b"))
    assert sorted(notice.receiver for notice in story.look(30)) == ["default", "default", "desk"]


def test_an_alert_that_no_longer_matches_its_route_is_still_reported_as_resolved_there():
    routes = ({"receiver": "desk", "severities": ("warning",)}, {"receiver": "ops"})
    story = Story(receivers=(DESK, OPS), routes=routes)
    story.update(0, firing())
    story.look(30)
    story.update(600, firing(severity=Severity.CRITICAL))
    assert said(story.look(630)) == [("desk", Reason.ESCALATED, ["Energy | Oil"]), ("ops", Reason.FIRING, ["Energy | Oil"])]
    story.update(1800, resolved(severity=Severity.CRITICAL))
    assert [notice.receiver for notice in story.look(1830)] == ["desk", "ops"]


def test_groups_of_a_receiver_that_is_gone_are_forgotten():
    before = NotificationPolicy(AlertSettings(receivers=(DESK,), routes=({"receiver": "desk"},)))
    before.update(firing(), moment())
    after = NotificationPolicy(AlertSettings(), before.dump())
    assert after.due(moment(60), [], set()) == []


STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from("ABCM"), st.sampled_from(["fire", "critical", "resolve", "look"])), max_size=60
)


def play(steps, restart, **changes):
    options = AlertSettings(repeat_interval_seconds=3600, **changes)
    notifier, now, state, notices = NotificationPolicy(options), 0, {}, []
    opened = dict.fromkeys("ABCM", 0)

    def advance(until):
        nonlocal notifier
        at = START + timedelta(minutes=now)
        while (stop := notifier.next_due(at)) is not None and stop < START + timedelta(minutes=until):
            notices.extend(notifier.due(DualTime(stop, START), [], set()))
            at = stop
        if restart:
            notifier = NotificationPolicy(options, notifier.dump())

    for minutes, name, action in [*steps, (9000, "A", "look")]:
        advance(now + minutes)
        now += minutes
        at = DualTime(START + timedelta(minutes=now), START)
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
def test_whatever_happens_every_firing_alert_is_reported_once_and_nothing_else(steps, group_by):
    notices, state = play(steps, restart=False, group_by=group_by, max_per_hour=6)
    assert len({notice.key for notice in notices}) == len(notices)
    assert [notice.at.event for notice in notices] == sorted(notice.at.event for notice in notices)
    known = {}
    for notice in notices:
        for item in notice.alerts[: notice.new_count]:
            label = "resolved" if item.state is AlertState.RESOLVED else item.severity.value
            assert known.get(item.id) not in {label, "resolved"}, "notified twice"
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
