"""The detector of names, on mentions made here: what is evidence, what it is worth, what of it is one alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from squall.alerts.detection.names.evidence import RECURS, WINDOWS, gather, strengths
from squall.alerts.detection.names.history import BUCKET_MINUTES, MOST_RECENT, NameHistory, Said, Title
from squall.alerts.detection.names.reading import Name, NameReading
from squall.alerts.detection.names.watch import NameWatch
from squall.alerts.lifecycle import Change
from squall.alerts.minutes import minute_of
from squall.alerts.names.budget import Budget
from squall.alerts.names.lifecycle import REST_MINUTES, NameAlerts
from squall.alerts.names.records import name_alert_record
from squall.core.gravity.levels import LEVELS, level_of
from squall.core.records import AlertState, EntityKind, SeriesKind, Severity
from squall.storage.rows.mentions import CountedMention

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = minute_of(START)
DAY = 1440
GRAVE = (
    "Harbor Union halts withdrawals",
    "Harbor Union faces fraud inquiry",
    "Regulators seize Harbor Union after run",
    "Harbor Union fails",
)


def told(minute, title, severity=0.7, entity="company:harbor-union", kind=EntityKind.COMPANY, document="", events=(), p_negative=0.9):
    name = entity.partition(":")[2].replace("-", " ").title()
    at = START + timedelta(minutes=minute)
    return CountedMention(document or f"{minute}:{title}", at, title, entity, kind, name, (), p_negative, severity, events)


def calm(days, per_day=2, entity="company:harbor-union", kind=EntityKind.COMPANY, severity=0.02, seed=1):
    """Return what is said of a name on calm days, a headline unlike the next."""
    minutes = np.sort(np.random.default_rng(seed).integers(0, days * DAY, days * per_day))
    return [
        told(int(minute), f"Alpha{number} beta{number} gamma{number}", severity, entity, kind, p_negative=0.1)
        for number, minute in enumerate(minutes)
    ]


def watch(size=4):
    return NameWatch(lambda entity: size if entity.startswith("company:") else -1, FIRST)


def scores(mentions, size=4):
    return [reading.score for reading in watch(size).read(sorted(mentions, key=lambda mention: mention.published_at))]


def alerts_of(mentions, per_day=3.0, sizes=4):
    """Return the changes that mentions bring, and the alerts that are open at the end."""
    found = NameAlerts(per_day, FIRST, DAY)
    return found.advance(watch(sizes).read(mentions)), found


@pytest.mark.parametrize(
    ("severity", "p_negative", "level"),
    [(0.0, 0.99, 0), (0.1, 0.9, 1), (0.1, 0.2, 0), (0.26, 0.1, 1), (0.3, 0.1, 2), (0.55, 0.0, 3), (0.9, 0.0, 4)],
)
def test_a_document_counts_by_its_severity_or_by_a_negative_tone_beside_some_of_it(severity, p_negative, level):
    assert level_of(severity, p_negative) == level < LEVELS


@pytest.mark.parametrize(("documents", "shape", "mean"), [(2, 0.5, 0.1), (3, 3.0, 2.0), (40, 3.0, 1.0)])
def test_the_tail_of_whole_numbers_is_that_of_the_negative_binomial(documents, shape, mean):
    found = strengths(np.array([[float(documents)]]), shape, np.array([[mean]]))
    assert found[0, 0] == pytest.approx(-np.log10(nbinom.sf(documents - 1, shape, shape / (shape + mean))), rel=1e-6)


def test_one_document_is_no_burst_however_rare():
    assert strengths(np.array([[1.0]]), 0.5, np.array([[1e-6]]))[0, 0] == 0


def history_of(mentions):
    history = NameHistory()
    for mention in mentions:
        level = level_of(mention.severity, mention.p_negative)
        published = minute_of(mention.published_at) * 60_000
        history.add(Said(published, mention.document_id, Title(mention.title), mention.severity, mention.p_negative, (), level))
    return history


def test_a_retelling_says_nothing_new_and_another_event_does():
    history = history_of([told(0, GRAVE[0]), told(5, "UPDATE 1-" + GRAVE[0]), told(9, "Blast at Harbor Union branch kills two")])
    assert next(said.novelty for said in history.recent) == 1.0
    assert [said.novelty < RECURS for said in history.recent] == [False, True, False]


def test_the_past_ends_half_a_day_before_what_is_judged_and_older_counts_are_forgotten():
    assert FIRST % BUCKET_MINUTES == 0
    history = history_of([told(minute, f"one{minute} two{minute}") for minute in (0, 700, 800, 1500, 2300)])
    assert history.past(FIRST + 800, 56)[0] == 0
    assert history.past(FIRST + 1450, 56)[0] == 2
    assert history.past(FIRST + 2300, 56)[0] == 3
    assert history.last_minute == FIRST + 4 * BUCKET_MINUTES
    assert history.past(FIRST + 60 * DAY, 56)[0] == 0
    assert history.last_minute == 0


@given(st.lists(st.tuples(st.integers(0, 20 * DAY), st.floats(0, 1), st.floats(0, 1)), max_size=60))
@settings(max_examples=40, deadline=None)
def test_counts_of_the_past_by_half_days_are_those_of_the_documents(rows):
    rows.sort()
    one, other = NameHistory(), NameHistory()
    for number, (minute, severity, negative) in enumerate(rows):
        level = level_of(severity, negative)
        one.add(Said((FIRST + minute) * 60_000, str(number), Title(f"a{number}"), severity, negative, (), level))
        other.count(FIRST + minute, [int(each <= level) for each in range(LEVELS)])
    assert list(one.past(FIRST + 25 * DAY, 56)) == list(other.past(FIRST + 25 * DAY, 56))
    assert one.past(FIRST + 25 * DAY, 56)[0] == len(rows)


def test_memory_of_a_name_that_everybody_writes_of_is_bounded():
    history = history_of([told(minute // 10, f"x{minute} y{minute}") for minute in range(3000)])
    assert len(history.recent) == MOST_RECENT


def test_the_same_burst_is_stronger_evidence_about_a_name_that_is_never_grave():
    burst = [told(30 * DAY + 10 * number, title) for number, title in enumerate(GRAVE)]
    often = [told(hour * 60, f"k{hour} l{hour} m{hour}", 0.7) for hour in range(0, 29 * 24, 6)]
    minute = FIRST + 30 * DAY + 40
    quiet, busy = (gather(history_of([*past, *burst]), minute, 30) for past in ([], often))
    assert quiet.new.strength > busy.new.strength + 2
    assert quiet.new.window in WINDOWS
    assert quiet.new.expected < busy.new.expected


def test_what_is_negative_without_severity_makes_no_burst_past_a_limit():
    rows = [told(10 * number, f"Loss{number} of{number}", 0.0) for number in range(6)]
    assert gather(history_of(rows), FIRST + 60, 1).new.strength == 0


def test_a_grave_document_weighs_more_about_whom_many_follow():
    one = told(20 * DAY, GRAVE[0], 0.9)
    assert scores([one], size=6)[-1] > scores([one], size=0)[-1]
    place = replace(one, entity="found:harbor", kind=EntityKind.PLACE)
    assert scores([one], size=0)[-1] > scores([place])[-1]


def test_graver_is_more_and_every_further_story_is_more():
    mild, grave = (scores([told(20 * DAY, GRAVE[0], severity)])[-1] for severity in (0.4, 0.9))
    assert grave > mild
    burst = scores([told(20 * DAY + number, title) for number, title in enumerate(GRAVE)])
    assert burst == sorted(burst)


def test_one_grave_document_about_a_large_company_is_a_flash_and_the_burst_after_it_updates_the_alert():
    background = calm(25)
    burst = [told(26 * DAY + 7 * number, title, 0.95, events=("insolvency", "fraud")) for number, title in enumerate(GRAVE)]
    changes, found = alerts_of([*background, *burst], sizes=6)
    assert next(change.change for change in changes) is Change.FIRED
    assert {change.change for change in changes[1:]} == {Change.UPDATED}
    flash, last = name_alert_record(changes[0]), None
    assert flash.test == "flash"
    assert (flash.kind, flash.topic, flash.lead_entity) == (SeriesKind.ENTITY, "Harbor Union", "company:harbor-union")
    assert (flash.severity, flash.state, flash.gravest) == (Severity.CRITICAL, AlertState.FIRING, 0.95)
    assert flash.events == ("fraud", "insolvency")
    assert flash.document_ids == (burst[0].document_id,)
    last = name_alert_record(changes[-1])
    assert last.id == flash.id
    assert (last.test, last.fired_at) == ("burst", flash.fired_at)
    assert last.observed >= 3
    ends = found.end(FIRST + 40 * DAY)
    assert [(change.change, change.minute) for change in ends] == [(Change.RESOLVED, FIRST + 26 * DAY + 21 + REST_MINUTES)]
    assert name_alert_record(ends[0]).resolved_at == START + timedelta(days=26, minutes=21 + REST_MINUTES)


def test_country_and_place_of_the_same_documents_are_the_companys_alert():
    rows = []
    for number, title in enumerate(GRAVE):
        minute, document = 26 * DAY + 9 * number, f"d{number}"
        rows += [
            told(minute, title, 0.9, document=document, events=("fraud",)),
            told(minute, title, 0.9, "country:ruritania", EntityKind.COUNTRY, document=document, events=("fraud",)),
            told(minute, title, 0.9, "place:strelsau", EntityKind.PLACE, document=document, events=("fraud",)),
        ]
    changes, found = alerts_of([*calm(25), *rows], per_day=20)
    fired = [change.alert for change in changes if change.change is Change.FIRED]
    assert [alert.name.entity for alert in fired] == ["company:harbor-union"]
    [alert] = found.open
    assert alert.name.entity == "company:harbor-union"
    assert set(alert.also) == {"country:ruritania", "place:strelsau"}


def test_whom_a_document_names_beside_the_crisis_it_is_about_has_no_alert_of_its_own():
    first = [told(26 * DAY + number, title, 0.95, events=("insolvency",)) for number, title in enumerate(GRAVE)]
    minute, title = 26 * DAY + 60, "Alpenbank shares slide 23 percent as rout of Harbor Union spreads"
    rout = [told(minute, title, 0.9, entity, document="rout") for entity in ("company:alpenbank", "company:harbor-union")]
    changes, found = alerts_of([*calm(25), *first, *rout], per_day=50)
    assert [change.alert.name.entity for change in changes if change.change is Change.FIRED] == ["company:harbor-union"]
    assert [set(alert.also) for alert in found.open] == [{"company:alpenbank"}]


def evidence_about(name, minute, score, *documents, kind=EntityKind.ORGANISATION, size=-1):
    """Return a reading of a found name that documents drive."""
    told_by = tuple(Said(FIRST * 60_000, document, Title(document), 0.9, 0.9, (), 4) for document in documents)
    about = Name(f"found:{name}", kind, name, size=size)
    return NameReading(about, FIRST + minute, score, 60, 3, 0.1, 1e-9, 3, told_by, documents[-1])


@pytest.mark.parametrize(("ticker", "is_told"), [("HUN", False), ("XYZ", True), ("Hun", True)])
def test_a_ticker_that_fits_the_name_of_an_alert_and_stands_beside_it_once_belongs_to_it(ticker, is_told):
    found = NameAlerts(3.0, FIRST, DAY)
    changes = found.advance(
        [
            evidence_about(ticker, 26 * DAY - 5, 5.0, "x", "y", kind=EntityKind.COMPANY),  # as tickers are found
            evidence_about("Harbor Union", 26 * DAY, 20.0, "a", "b", "c"),
            evidence_about(ticker, 26 * DAY + 5, 20.0, "x", "y", "c", "z", kind=EntityKind.COMPANY),
        ]
    )
    fired = [change.alert.name.name for change in changes if change.change is Change.FIRED]
    assert fired == ["Harbor Union", *([ticker] if is_told else [])]


@pytest.mark.parametrize(
    ("other", "kind", "size", "belongs"),
    [
        ("Harbor Union", EntityKind.COMPANY, -1, True),
        ("harbor", EntityKind.ORGANISATION, -1, True),
        ("Harbor", EntityKind.PLACE, -1, False),
        ("Harbor", EntityKind.PERSON, -1, False),
        ("Harbor Union", EntityKind.COMPANY, 0, False),  # the catalogue knows it, and its short forms
        ("Harbor Union Bank Trust", EntityKind.COMPANY, -1, False),  # the full name says more
        ("Harbor Freight", EntityKind.COMPANY, -1, False),
        ("Union Bank", EntityKind.COMPANY, -1, False),
        ("Harborside Union", EntityKind.COMPANY, -1, False),
    ],
)
def test_what_is_said_of_a_short_form_of_a_name_belongs_to_its_alert(other, kind, size, belongs):
    found = NameAlerts(3.0, FIRST, DAY)
    about = evidence_about(other, 26 * DAY + 5, 30.0, "x", "y", kind=kind, size=size)
    changes = found.advance([evidence_about("Harbor Union Bank", 26 * DAY, 20.0, "a", "b", "c"), about])
    whom = [(change.change, change.alert.name.name) for change in changes]
    assert whom == [(Change.FIRED, "Harbor Union Bank"), (Change.UPDATED, "Harbor Union Bank") if belongs else (Change.FIRED, other)]
    bank = changes[-1].alert
    assert not belongs or (bank.peak.score, bank.peak.name.name, [name.name for name in bank.also.values()]) == (
        30.0,
        "Harbor Union Bank",
        [other],
    )


def test_a_candidate_of_a_short_form_becomes_part_of_the_alert_with_its_next_evidence():
    found = NameAlerts(3.0, FIRST, DAY)
    changes = found.advance(
        [
            evidence_about("Harbor", 26 * DAY - 5, 5.0, "x"),
            evidence_about("Harbor Union", 26 * DAY, 20.0, "a", "b", "c"),
            evidence_about("Harbor", 26 * DAY + 5, 25.0, "y", "z"),
        ]
    )
    assert [(change.change, change.alert.name.name, change.alert.peak.score) for change in changes] == [
        (Change.FIRED, "Harbor Union", 20.0),
        (Change.UPDATED, "Harbor Union", 25.0),
    ]
    assert [alert.name.name for alert in found.open] == ["Harbor Union"]


def falls_with_it(severity):
    """A crisis of Harbor Union in which a headline names Alpenbank, and then headlines about Alpenbank alone."""
    crisis = [told(26 * DAY + number, title, 0.9, events=("insolvency",)) for number, title in enumerate(GRAVE)]
    minute, title = 26 * DAY + 60, "Alpenbank shares slide 23 percent as rout of Harbor Union spreads"
    rout = [told(minute, title, 0.9, entity, document="rout") for entity in ("company:alpenbank", "company:harbor-union")]
    after = [
        told(26 * DAY + 90 + number, title.replace("Harbor Union", "Alpenbank"), severity, "company:alpenbank")
        for number, title in enumerate(GRAVE)
    ]
    changes, found = alerts_of([*calm(25), *crisis, *rout, *after], per_day=50)
    return [change.alert.name.entity for change in changes if change.change is Change.FIRED], found


def test_whom_an_alert_tells_of_already_has_one_of_its_own_only_if_something_graver_happens_to_it():
    fired, found = falls_with_it(0.85)
    assert fired == ["company:harbor-union"]
    assert [alert.name.entity for alert in found.open] == ["company:harbor-union"]
    fired, _ = falls_with_it(0.97)
    assert fired == ["company:harbor-union", "company:alpenbank"]


def test_a_company_takes_over_the_candidate_of_its_country():
    title = "Ruritania faces collapse of a bank"
    country = told(26 * DAY, title, 0.95, "country:ruritania", EntityKind.COUNTRY, document="a", events=("fraud",))
    company = told(26 * DAY, title, 0.95, "found:harbor-union", EntityKind.ORGANISATION, document="a", events=("fraud",))
    _, found = alerts_of([*calm(25), country, company])
    assert [alert.name.entity for alert in found.open] == ["found:harbor-union"]


def test_other_documents_about_another_name_are_another_alert():
    one = [told(26 * DAY + number, title, 0.9) for number, title in enumerate(GRAVE)]
    other = [
        told(26 * DAY + number, title.replace("Harbor Union", "Alpenbank"), 0.9, "company:alpenbank") for number, title in enumerate(GRAVE)
    ]
    rows = sorted([*one, *other], key=lambda row: row.published_at)
    changes, _ = alerts_of([*calm(25), *rows], per_day=50)
    assert {change.alert.name.entity for change in changes if change.change is Change.FIRED} == {
        "company:harbor-union",
        "company:alpenbank",
    }


def stream(days, seed, per_day=15):
    """Return bursts of one to four documents, more and less grave, each about one of many names."""
    rng = np.random.default_rng(seed)
    found = []
    for burst in range(days * per_day):
        minute, name, severity = int(rng.integers(0, days * DAY)), f"company:c{rng.integers(3000)}", float(rng.beta(2, 2))
        for place in range(int(rng.integers(1, 5))):
            found.append(told(minute + 11 * place, f"t{burst}-{place} u{place}{burst}", severity, name, document=f"{burst}-{place}"))
    return sorted(found, key=lambda row: (row.published_at, row.document_id))


@pytest.mark.parametrize("per_day", [1.0, 5.0])
def test_the_budget_of_alerts_a_day_holds_by_itself(per_day):
    changes, _ = alerts_of(stream(90, 3), per_day=per_day)
    fired = [change for change in changes if change.change is Change.FIRED and change.minute >= FIRST + 30 * DAY]
    assert 0.6 * per_day <= len(fired) / 60 <= 1.4 * per_day


def test_an_alert_depends_on_nothing_that_comes_later():
    rows = stream(40, 5)
    whole, _ = alerts_of(rows, per_day=5)
    until = FIRST + 30 * DAY
    part, _ = alerts_of([row for row in rows if minute_of(row.published_at) < until], per_day=5)
    early = lambda changes: [  # noqa: E731 - an end is told when something follows it
        (change.change, change.minute, change.alert.name.entity)
        for change in changes
        if change.minute < until and change.change is not Change.RESOLVED
    ]
    assert early(part) == early(whole)
    assert part


def test_the_limit_is_the_score_that_as_many_candidates_reach_as_the_budget_has():
    budget = Budget(2.0, FIRST)
    for number in range(280):
        budget.add(FIRST + number * DAY // 10, float(number % 10))
    assert budget.limit(FIRST + 28 * DAY, ()) == 8.0
    assert budget.limit(FIRST + 28 * DAY + 60, [9.5] * 40) == 9.0


def test_what_was_learnt_is_forgotten_after_four_weeks():
    budget = Budget(2.0, FIRST)
    for number in range(100):
        budget.add(FIRST + number, 30.0)
    assert budget.limit(FIRST + 27 * DAY, ()) > 20
    assert budget.limit(FIRST + 60 * DAY, ()) < 10


def test_a_feed_with_less_than_its_budget_raises_no_alert_about_little():
    changes, _ = alerts_of([told(day * DAY, f"a{day} b{day}", 0.4, f"company:c{day}") for day in range(20)], per_day=50)
    assert changes == []


def test_no_alert_is_raised_before_there_is_history():
    changes, _ = alerts_of([told(60 + number, title, 0.99) for number, title in enumerate(GRAVE)])
    assert changes == []


def test_what_happened_before_there_was_history_raises_no_alert_when_little_follows():
    found = NameAlerts(3.0, FIRST, DAY)
    changes = found.advance([evidence_about("Harbor Union", DAY - 60, 20.0, "a", "b"), evidence_about("Harbor Union", DAY + 60, 5.0, "c")])
    assert [change for change in changes if change.change is Change.FIRED] == []
    changes = found.advance([evidence_about("Harbor Union", DAY + 90, 15.0, "c", "d")])
    assert [change.change for change in changes] == [Change.FIRED]


def test_names_of_which_nothing_is_said_are_forgotten():
    names = watch()
    list(names.read([told(0, "a b c", entity="company:gone"), told(60 * DAY, "d e f", entity="company:here")]))
    assert len(names) == 1
