from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.minutes import minute_of
from squall.backtest.history.event_matching import compare, matches
from squall.backtest.history.events import Event, identify
from squall.core.records import Alert, AlertState, EntityKind, SeriesKind, Severity
from squall.core.text import document_id
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity, Listing

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VOLKSWAGEN = Entity("company:volkswagen-ag", EntityKind.COMPANY, "Volkswagen", aliases=("VW",), listings=(Listing("VOW3", "DE"),))
AFTER, UNTIL = minute_of(NOON - 2 * DAY), minute_of(NOON + 2 * DAY)


def alert(fired=NOON, topic="Markets", kind=SeriesKind.TOPIC, test="burst"):
    return Alert(
        id=document_id(topic, fired.isoformat()),
        topic=topic,
        kind=kind,
        test=test,
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        window_start=fired - timedelta(hours=1),
        window_end=fired,
        observed=40,
        expected=5.0,
        p_value=1e-9,
        negative_share=0.8,
        expected_share=0.2,
        method="test",
        opened_at=fired,
        fired_at=fired,
        updated_at=fired,
    )


def event(start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=5), name="crash", topics=("Markets",)):
    return Event(start, end, name, topics)


def card(alerts, events):
    return compare(alerts, events, AFTER, UNTIL, series=3)


def test_an_alert_about_the_topic_within_the_event_finds_it():
    found = card([alert()], [event()])
    assert [item.event.name for item in found.matched] == ["crash"]
    assert found.median_delay_minutes == 60
    assert found.false == ()


@pytest.mark.parametrize("fired", [NOON - timedelta(hours=1, minutes=1), NOON + timedelta(hours=5, minutes=1)])
def test_one_that_fired_outside_is_false(fired):
    found = card([alert(fired)], [event()])
    assert [item.event.name for item in found.missed] == ["crash"]
    assert len(found.false) == 1
    assert found.false_per_topic_day == pytest.approx(1 / 12)


def test_the_ends_of_an_event_belong_to_it():
    for fired in (event().start, event().end):
        assert matches(alert(fired), event())


def test_another_topic_is_false_but_the_market_and_events_of_any_topic_match():
    assert not matches(alert(topic="Earnings"), event())
    assert matches(alert(topic="All topics", kind=SeriesKind.MARKET), event())
    assert matches(alert(topic="Earnings"), event(topics=()))


def test_an_alert_counts_for_every_event_that_it_matches():
    found = card([alert()], [event(name="one"), event(name="two", topics=())])
    assert [item.event.name for item in found.matched] == ["one", "two"]


def test_the_first_alert_gives_the_delay():
    late, early = alert(NOON + timedelta(hours=1)), alert(topic="All topics", kind=SeriesKind.MARKET)
    assert card([early, late], [event()]).matched[0].delay_minutes == 60


def test_an_event_outside_the_span_is_neither_found_nor_missed():
    found = card([], [event(NOON + 3 * DAY, NOON + 4 * DAY), event(NOON - 9 * DAY, NOON - 2 * DAY)])
    assert found.found == ()
    assert len(found.outside) == 2
    assert found.detection is None
    assert found.median_delay_minutes is None


@given(
    st.lists(st.tuples(st.integers(-2800, 2800), st.sampled_from(["Markets", "Macro"])), max_size=8),
    st.integers(-2000, 2000),
    st.integers(0, 2000),
)
def test_every_alert_matches_or_is_false_and_every_event_is_found_or_missed(fired, start, length):
    alerts = [alert(NOON + timedelta(minutes=minute), topic) for minute, topic in fired]
    events = [event(NOON + timedelta(minutes=start), NOON + timedelta(minutes=start + length))]
    found = card(alerts, events)
    assert len(found.false) + sum(any(matches(one, known) for known in events) for one in alerts) == len(alerts)
    assert len(found.matched) + len(found.missed) + len(found.outside) == 1


def about(entity, name):
    return alert(topic=name, kind=SeriesKind.ENTITY).model_copy(update={"lead_entity": entity})


def test_an_alert_about_an_entity_matches_an_event_about_the_same_and_one_that_says_nothing():
    volkswagen = about("company:volkswagen-ag", "Volkswagen")
    [known] = identify([replace(event(), names=("VW", "VOW3.DE"))], Catalogue([VOLKSWAGEN]))
    assert known.entities == {"company:volkswagen-ag"}
    assert matches(volkswagen, known)
    assert not matches(about("company:ford", "Ford"), known)
    assert matches(about("found:alpenbank", "Alpenbank"), replace(event(), names=("ALPENBANK",)))
    assert matches(volkswagen, event(topics=()))
    assert not matches(volkswagen, event())
    assert not matches(about("company:ford", "Ford"), replace(event(topics=()), names=("Volkswagen",)))
    assert not matches(about("company:volkswagen-ag", "Volkswagen").model_copy(update={"fired_at": NOON + 2 * DAY}), known)
