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
    return list(subjects_of(alerts, lambda: Catalogue([EXXON])).values())


def test_a_symbol_is_its_company_by_every_name_that_a_list_of_events_may_have():
    assert subjects("$XOM") == [Subject("Exxon Mobil", ("XOM", "$XOM", "Exxon", "Esso", "XONA.DE"))]
    assert subjects("$ZZZZ") == [Subject("ZZZZ", ("$ZZZZ",))]


def test_a_sector_and_a_topic_are_called_what_they_are():
    assert subjects("Sector: Banks", "Energy | Oil") == [Subject("Banks", ("Sector: Banks",)), Subject("Energy | Oil")]


def test_the_catalogue_is_not_opened_for_topics():
    def refuse():
        raise AssertionError

    assert subjects_of([alert(topic="Macro")], refuse)["ab" * 16] == Subject("Macro")
