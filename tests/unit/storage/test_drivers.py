"""Who and what drives an alert, from its documents."""

from dataclasses import replace
from datetime import timedelta

from squall.core.records import EntityKind
from squall.storage.queries.alerting.drivers import summarise
from squall.storage.rows.drivers import Drivers, DrivingDocument
from tests.support.alert_mail import NOW

BANK = ("company:harbor", EntityKind.COMPANY, "Harbor Union")
COUNTRY = ("country:fr", EntityKind.COUNTRY, "France")
OTHER = ("company:corran", EntityKind.COMPANY, "Corran")
TITLES = ("Harbor Union halts withdrawals", "Junk rating for Harbor Union debt", "Ministers meet in Paris over lender")


def document(number, title=TITLES[0], named=(BANK,), events=("market_crash",), severity=0.5, copies=0):
    return DrivingDocument(
        f"{number:032x}", title, "", "wire", NOW + timedelta(minutes=number), 0.9, severity, events, copies, tuple(named)
    )


def test_the_name_that_most_documents_have_leads_with_its_number_of_them():
    rows = [document(n) for n in range(41)] + [document(50 + n, "Oil falls", (OTHER,) if n < 3 else (), ()) for n in range(10)]
    found = summarise(rows)
    assert found.documents == 51
    assert (found.lead.name, found.lead.documents) == ("Harbor Union", 41)
    assert [(event.name, event.documents) for event in found.events] == [("market_crash", 41)]


def test_a_country_leads_only_where_nobody_else_stands_out():
    rows = [document(n, named=(COUNTRY, *([BANK] if n < 5 else []))) for n in range(10)]
    assert [lead.name for lead in summarise(rows).leads] == ["Harbor Union", "France"]
    assert [lead.name for lead in summarise([replace(row, named=(COUNTRY,)) for row in rows]).leads] == ["France"]


def test_no_name_leads_by_one_document_or_by_a_small_part():
    assert summarise([document(1)]).lead is None
    rows = [document(n, named=(BANK,) if n < 3 else ()) for n in range(20)]
    assert summarise(rows).lead is None
    assert [event.documents for event in summarise(rows).events] == [20]


def test_a_document_counts_once_for_a_name_however_often_it_stands_in_it():
    rows = [document(n, named=(BANK, ("company:harbor", EntityKind.COMPANY, "Harbor"))) for n in range(4)]
    assert [(lead.name, lead.documents) for lead in summarise(rows).leads] == [("Harbor", 4)]


def test_stories_have_their_counts_and_the_gravest_of_their_documents():
    rows = [document(n, severity=0.3) for n in range(4)]
    rows += [document(9, f"UPDATE 1-{TITLES[0]}", severity=0.8, copies=3), document(10, TITLES[1], events=("rating_cut",), severity=0.6)]
    first, second = summarise(rows).stories
    assert (first.documents, first.copies, first.title, first.severity) == (5, 3, f"UPDATE 1-{TITLES[0]}", 0.8)
    assert first.first_at == NOW
    assert (second.documents, second.event_names) == (1, ("rating_cut",))
    assert summarise(rows).gravest == 0.8


def test_more_stories_than_are_listed_are_counted():
    words = [f"w{n}a w{n}b w{n}c" for n in range(30)]
    found = summarise([document(n, title) for n, title in enumerate(words)])
    assert (len(found.stories), found.story_count) == (10, 30)


def test_nothing_drives_an_alert_without_documents():
    assert summarise([]) == Drivers()


def test_documents_of_a_stored_story_are_one_whatever_they_say_and_others_are_grouped_by_their_headlines():
    rows = [replace(document(n, title), story_id="a") for n, title in enumerate(TITLES)]
    rows += [replace(document(5, TITLES[0]), story_id="b"), document(6, TITLES[1]), document(7, f"UPDATE 1-{TITLES[1]}")]
    stories = summarise(rows).stories
    assert [(story.story_id, story.documents) for story in stories] == [("a", 3), ("", 2), ("b", 1)]
