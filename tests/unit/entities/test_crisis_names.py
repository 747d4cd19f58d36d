"""Which headlines of a crisis count as naming its company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from squall.entities.catalogue.catalogue import Catalogue
from tests.support.crisis_names import company_names, is_known, named_headlines
from tests.support.linkers import company, linker_of

START = datetime(2012, 5, 28, 5, 49, tzinfo=UTC)
EVENT = {"id": "tnk", "entity": "TNK-BP", "aliases": "TNK-BP;TNK;Steve Jobs", "about": "tnk|fridman", "start": START.isoformat()}


def test_a_headline_counts_once_where_it_is_about_the_crisis_and_has_the_name() -> None:
    titles = ["UPDATE 1-TNK-BP head quits", "UPDATE 1-TNK-BP head quits", "Fridman quits", "BTNK quits tnk", "TNK: crisis", "Shell quits"]
    headlines = [
        *((START, title) for title in titles),
        (START + timedelta(hours=7), "TNK later"),
        (START - timedelta(hours=1), "TNK before"),
    ]
    found = list(named_headlines(EVENT, headlines))
    assert [headline.title[headline.start : headline.end] for headline in found] == ["TNK-BP", "TNK"]


def test_people_and_places_of_the_list_are_no_names_of_companies() -> None:
    assert company_names(EVENT) == ["TNK-BP", "TNK"]


def test_a_company_is_known_by_any_of_its_names() -> None:
    for name, known in (("TNK", True), ("TNK-BP Holding", True), ("Tesla", False)):
        entity = company(name)
        assert is_known(EVENT, Catalogue([entity]), linker_of(entity)) is known
