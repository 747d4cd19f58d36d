from squall.backtest.history.subjects import Subject, subjects_of
from squall.core.records import EntityKind, SeriesKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity, Listing
from tests.support.alert_mail import alert

EXXON = Entity(
    "company:exxon",
    EntityKind.COMPANY,
    "Exxon Mobil",
    aliases=("Exxon",),
    former_names=("Esso",),
    listings=(Listing("XOM"), Listing("XONA", "DE")),
)


def subjects(*topics):
    kinds = {"$": SeriesKind.SYMBOL, "S": SeriesKind.SECTOR}
    alerts = [alert(id=f"{n:032x}", topic=topic, kind=kinds.get(topic[0], SeriesKind.TOPIC)) for n, topic in enumerate(topics)]
    return list(subjects_of(alerts, Catalogue([EXXON])).values())


def test_a_symbol_is_its_company_by_every_name_that_a_list_of_events_may_have():
    assert subjects("$XOM") == [Subject("Exxon Mobil", ("XOM", "$XOM", "Exxon", "Esso", "XONA.DE"))]
    assert subjects("$ZZZZ") == [Subject("ZZZZ", ("$ZZZZ",))]


def test_a_sector_and_a_topic_are_called_what_they_are():
    assert subjects("Sector: Banks", "Energy | Oil") == [Subject("Banks", ("Sector: Banks",)), Subject("Energy | Oil")]


def test_an_entity_is_called_as_in_the_catalogue_or_as_texts_call_it():
    known = alert(id="a" * 32, topic="Exxon", kind=SeriesKind.ENTITY, lead_entity="company:exxon")
    found = alert(id="b" * 32, topic="Harbor Union", kind=SeriesKind.ENTITY, lead_entity="found:harbor-union")
    subjects = subjects_of([known, found], Catalogue([EXXON]))
    assert subjects["a" * 32] == Subject("Exxon Mobil", ("Exxon", "Esso", "XOM", "XONA.DE"))
    assert subjects["b" * 32] == Subject("Harbor Union")
