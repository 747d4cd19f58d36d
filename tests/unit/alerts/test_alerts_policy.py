from squall.alerts.notification.content import Reason
from squall.core.records import SeriesKind, Severity
from tests.support.notification_story import DESK, MARKET, Story, firing, resolved, said, silence


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


def test_a_later_alert_waits_for_group_interval_and_is_listed_first():
    story = Story()
    story.update(0, firing("A"))
    story.look(30)
    story.update(60, firing("B"))
    assert story.look(329) == []
    (notice,) = story.look(330)
    assert said([notice]) == [("default", Reason.MORE_FIRING, ["B", "A"])]
    assert notice.new_count == 1


def test_a_new_alert_in_an_old_group_waits_for_group_wait_only():
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


def test_the_resolved_notice_is_sent_once_and_the_group_starts_afresh():
    story = Story()
    story.update(0, firing())
    story.look(30)
    story.update(900, resolved())
    assert said(story.look(930)) == [("default", Reason.RESOLVED, ["Energy | Oil"])]
    assert story.look(100_000) == []
    story.update(100_060, firing("B"))
    assert said(story.look(100_090)) == [("default", Reason.FIRING, ["B"])]
    assert len({notice.key for notice in story.sent}) == 3


def test_an_alert_that_still_fires_is_repeated_unless_it_is_acknowledged():
    story = Story(repeat_interval_seconds=3600)
    story.update(0, firing())
    story.look(30)
    assert story.look(3629) == []
    assert said(story.look(3630)) == [("default", Reason.REPEAT, ["Energy | Oil"])]
    story.acknowledged = {firing().id}
    assert story.look(20_000) == []
    story.update(20_100, resolved())
    assert said(story.look(20_130)) == [("default", Reason.RESOLVED, ["Energy | Oil"])]


def test_incidents_are_acknowledged_once_at_once_and_mails_say_nothing_of_it():
    pager = {"name": "pager", "channel": "pagerduty", "secret": "0" * 32}
    story = Story(receivers=[DESK, pager], routes=[{"receiver": "desk", "continue": True}, {"receiver": "pager"}])
    story.update(0, firing("A"), firing("B"))
    story.acknowledged = {firing("A").id, firing("B").id}
    assert story.look(20) == []  # nobody was told yet of what is acknowledged
    first = [("desk", Reason.FIRING, ["A", "B"]), ("pager", Reason.FIRING, ["A", "B"])]
    assert said(story.look(30)) == [*first, ("pager", Reason.ACKNOWLEDGED, ["A", "B"])]
    assert story.look(60) == []
    story.update(900, firing("C"))
    assert said(story.look(930)) == [("desk", Reason.MORE_FIRING, ["C", "A", "B"]), ("pager", Reason.MORE_FIRING, ["C", "A", "B"])]
    assert story.look(940) == []
    story.acknowledged.add(firing("C").id)
    assert said(story.look(950)) == [("pager", Reason.ACKNOWLEDGED, ["A", "B", "C"])]
    story.update(2000, resolved("C"))
    assert [notice.reason for notice in story.look(2030)] == [Reason.RESOLVED, Reason.RESOLVED, Reason.ACKNOWLEDGED]
    assert len({(notice.receiver, notice.key) for notice in story.sent}) == len(story.sent)


def test_an_alert_that_only_waits_to_be_resolved_is_repeated_when_something_follows():
    story = Story(repeat_interval_seconds=3600)
    story.update(0, firing(current_minutes=60, current=4))
    story.look(30)
    story.notifier.refresh(firing(current_minutes=60, current=0))
    assert story.look(20_000) == []
    story.notifier.refresh(firing(current_minutes=60, current=1))
    assert said(story.look(20_060)) == [("default", Reason.REPEAT, ["Energy | Oil"])]


def test_an_alert_about_a_silent_source_is_repeated_though_it_has_no_documents():
    story = Story(repeat_interval_seconds=3600)
    story.update(0, firing(test="no data", current_minutes=60, current=0))
    story.look(30)
    assert said(story.look(3630)) == [("default", Reason.REPEAT, ["Energy | Oil"])]


def test_a_wait_is_over_when_either_clock_says_so():
    stalled, replay = Story(), Story()
    stalled.update(0, firing())
    replay.update(0, firing())
    assert stalled.look(0, wall=29) == []
    assert [notice.reason for notice in stalled.look(0, wall=30)] == [Reason.FIRING]
    assert [notice.reason for notice in replay.look(60, wall=0.1)] == [Reason.FIRING]


def test_a_silence_mutes_matching_alerts_until_it_ends():
    story = Story()
    story.silences = [silence("topic=energy*", "severity=warning")]
    story.update(0, firing(), firing("Macro"))
    (notice,) = story.look(30)
    assert said([notice]) == [("default", Reason.FIRING, ["Macro"])]
    assert notice.silenced == 1
    assert story.look(3600) == []  # the silence has ended; group_wait begins
    assert said(story.look(3630)) == [("default", Reason.MORE_FIRING, ["Energy | Oil", "Macro"])]


DAY = 86_400


def test_nothing_is_sent_about_history_until_event_time_has_caught_up():
    story = Story()
    story.update(0, firing(), firing("Macro"), wall=40 * DAY)
    story.update(600, resolved("Macro"), wall=40 * DAY + 600)
    assert story.look(30 * DAY, wall=40 * DAY + 700) == []
    assert story.look(39 * DAY + 800, wall=40 * DAY + 710) == []  # less than a day behind: group_wait begins
    assert said(story.look(39 * DAY + 830, wall=40 * DAY + 740)) == [("default", Reason.FIRING, ["Energy | Oil"])]


def test_history_is_sent_when_it_is_asked_for_and_never_when_everything_counts_as_history():
    asked, never = Story(notify_history=True), Story(history_after_seconds=0)
    for story, wall in ((asked, 40 * DAY), (never, 0)):
        story.update(0, firing(), wall=wall)
        story.look(60, wall + 60)
    assert said(asked.sent) == [("default", Reason.FIRING, ["Energy | Oil"])]
    assert never.sent == []


def test_an_alert_that_begins_and_ends_during_a_silence_is_never_reported():
    story = Story()
    story.silences = [silence("kind=topic")]
    story.update(0, firing())
    story.update(600, resolved())
    assert story.look(4000) == []


def test_a_silence_for_warnings_does_not_mute_a_critical_alert():
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


def test_a_market_alert_lists_its_topics_instead_of_reporting_each():
    story = Story()
    story.update(0, firing("A"), firing("$X", kind=SeriesKind.SYMBOL), firing("All topics", **MARKET))
    (notice,) = story.look(30)
    assert said([notice]) == [("default", Reason.FIRING, ["All topics"])]
    assert [item.topic for item in notice.inhibited] == ["$X", "A"]
    story.update(600, firing("B"))
    assert story.look(1200) == []
    story.update(1800, resolved("All topics", **MARKET), resolved("A"))
    assert {item.topic for notice in story.look(1830) for item in notice.alerts} == {"All topics", "$X", "B"}


NAME = {"kind": SeriesKind.ENTITY, "lead": "Harbor Union", "lead_entity": "found:harbor-union", "document_ids": ("a", "b", "c")}
LED = {"lead": "Harbor Union", "lead_entity": "found:harbor-union", "lead_documents": 30, "named_documents": 51}


def test_the_alert_about_a_name_covers_topic_and_market_that_are_mostly_about_it():
    story = Story()
    market = firing("All topics", **(MARKET | {"document_ids": ("b", "c", "d")}))
    story.update(0, firing("Financials", **LED), market, firing("Gold", **(LED | {"lead_documents": 20})), firing("Harbor Union", **NAME))
    (notice,) = story.look(30)
    assert said([notice]) == [("default", Reason.FIRING, ["Harbor Union", "Gold"])]
    assert {item.topic for item in notice.inhibited} == {"All topics", "Financials"}
    story.update(600, resolved("Financials"))
    assert story.look(700) == []
    story.update(900, resolved("Harbor Union", **NAME))
    assert {item.topic for notice in story.look(930) for item in notice.alerts if notice.reason is not Reason.RESOLVED} <= {
        "All topics",
        "Harbor Union",
    }


def test_an_alert_about_a_name_covers_nothing_that_is_graver_or_about_somebody_else():
    story = Story()
    graver = firing("Financials", **LED, severity=Severity.CRITICAL)
    other = firing("Energy", **(LED | {"lead_entity": "found:alpenbank"}))
    story.update(0, graver, other, firing("Harbor Union", **NAME))
    (notice,) = story.look(30)
    assert [item.topic for item in notice.alerts] == ["Financials", "Harbor Union", "Energy"]
    assert notice.inhibited == ()


def test_numbers_that_are_brought_up_to_date_leave_it_known_whom_an_alert_is_about():
    story = Story()
    story.update(0, firing("Financials", **LED), firing("Harbor Union", **NAME))
    story.notifier.refresh(firing("Financials", observed=99, named_documents=0, lead=""))
    (notice,) = story.look(30)
    [covered] = notice.inhibited
    assert (covered.topic, covered.observed, covered.lead) == ("Financials", 99, "Harbor Union")


def test_a_no_data_alert_is_never_inhibited():
    story = Story()
    source = firing("Source: wire", kind=SeriesKind.SOURCE, test="no data")
    topic = firing("Macro", test="no data")
    story.update(0, firing("All topics", **MARKET), source, topic)
    (notice,) = story.look(30)
    assert {item.topic for item in notice.alerts} == {"All topics", "Source: wire", "Macro"}


def test_an_inhibited_alert_that_was_reported_is_reported_as_resolved_after_the_market_alert():
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
