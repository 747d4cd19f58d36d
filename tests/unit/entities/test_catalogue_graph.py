"""Walks along company → industry → sector → market, country and parent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.graph import MARKET
from squall.entities.entity import Entity


def company(name: str, **facts: str) -> Entity:
    return Entity(f"company:{name}", EntityKind.COMPANY, name, **facts)  # type: ignore[arg-type]


JAPAN = Entity("country:japan", EntityKind.COUNTRY, "Japan")
BANK = company("bank", sector="Financials", industry="Banks", country="country:japan")
BROKER = company("broker", parent="company:bank")
CHIEF = Entity("person:chief", EntityKind.PERSON, "Chief", parent="company:broker")
MAKER = company("maker", sector="Industrials")
SMALL = Catalogue([JAPAN, BANK, BROKER, CHIEF, MAKER])


def test_ancestors_are_told_nearest_first() -> None:
    assert SMALL.ancestors("company:bank") == ("industry:banks", "country:japan", "sector:financials", MARKET)
    assert SMALL.ancestors("person:chief")[:2] == ("company:broker", "company:bank")
    assert SMALL.ancestors("company:maker") == ("sector:industrials", MARKET)


def test_members_of_a_sector_are_its_companies_and_what_belongs_to_them() -> None:
    assert SMALL.members("sector:financials") == ("company:bank", "company:broker", "person:chief")
    assert SMALL.members("sector:financials", EntityKind.COMPANY) == ("company:bank", "company:broker")
    assert SMALL.members(MARKET, EntityKind.COMPANY) == ("company:maker", "company:bank", "company:broker")
    assert SMALL.members("country:japan", EntityKind.PERSON) == ("person:chief",)


def test_what_is_unknown_has_neither_ancestors_nor_members() -> None:
    assert SMALL.ancestors("company:nobody") == SMALL.members("sector:nothing") == ()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_walk_ends_and_is_the_same_up_and_down_whatever_the_parents(pairs: list[tuple[int, int]]) -> None:
    parents = dict(pairs)
    circles = Catalogue(company(str(number), parent=f"company:{parents[number]}" if number in parents else "") for number in range(10))
    for entity in circles:
        assert entity.id not in circles.ancestors(entity.id)
        for upper in circles.ancestors(entity.id):
            assert entity.id in circles.members(upper)
