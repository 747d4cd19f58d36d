"""Whose counts add up to those of a sector, a country's companies, or an owner with what it owns."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.entities import EntitySettings
from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.groups import GroupKind, Groups, groups_when_needed, is_group
from squall.entities.entity import Entity


def company(name: str, **facts: str) -> Entity:
    return Entity(f"company:{name}", EntityKind.COMPANY, name, **facts)  # type: ignore[arg-type]


JAPAN = Entity("country:japan", EntityKind.COUNTRY, "Japan")
BANK = company("bank", sector="Financials", industry="Banks", country="country:japan")
BROKER = company("broker", parent="company:bank")
CHIEF = Entity("person:chief", EntityKind.PERSON, "Chief", parent="company:broker", country="country:japan")
BOURSE = Entity("index:topix", EntityKind.INDEX, "Topix", country="country:japan")
MAKER = company("maker", sector="Industrials")
SMALL = Groups(Catalogue([JAPAN, BANK, BROKER, CHIEF, BOURSE, MAKER]))


def test_a_sector_is_the_sum_of_its_companies_and_those_that_they_own_without_people() -> None:
    assert SMALL.members("sector:financials") == SMALL.members("industry:banks") == ("company:bank", "company:broker")
    assert set(SMALL.members("market")) == {"company:bank", "company:broker", "company:maker"}


def test_the_members_of_a_country_are_its_companies_and_neither_itself_nor_its_index() -> None:
    assert SMALL.members("country:japan") == ("company:bank", "company:broker")


def test_an_owner_is_added_to_what_it_owns_and_who_owns_nothing_has_no_members() -> None:
    assert SMALL.members("company:bank") == ("company:bank", "company:broker")
    assert SMALL.members("company:broker") == SMALL.members("person:chief") == SMALL.members("sector:none") == ()


def test_only_sectors_industries_and_the_market_are_groups() -> None:
    groups = {name for name in ("market", "sector:financials", "industry:banks", "country:japan", "company:bank") if is_group(name)}
    assert groups == {"market", "sector:financials", "industry:banks"}
    assert set(SMALL.of_kind(GroupKind.SECTOR)) == {"sector:financials", "sector:industrials"}
    assert SMALL.of_kind(GroupKind.INDUSTRY) == {"industry:banks": ("company:bank", "company:broker")}


def test_what_a_company_belongs_to_is_told_nearest_first_by_name_and_kind() -> None:
    assert [(node.kind, node.name) for node in SMALL.above("company:broker")] == [
        (EntityKind.COMPANY, "bank"),
        (GroupKind.INDUSTRY, "Banks"),
        (EntityKind.COUNTRY, "Japan"),
        (GroupKind.SECTOR, "Financials"),
        (GroupKind.MARKET, "Market"),
    ]
    assert SMALL.above("found:nobody") == ()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_circle_of_owners_ends_and_counts_nobody_twice(pairs: list[tuple[int, int]]) -> None:
    owners = dict(pairs)
    parents = [f"company:{owners[number]}" if number in owners else "" for number in range(10)]
    circles = Groups(Catalogue(company(str(number), parent=parent) for number, parent in enumerate(parents)))
    for number in range(10):
        members = circles.members(f"company:{number}")
        assert len(members) == len(set(members))
        assert not members or members[0] == f"company:{number}"


def test_of_what_ships_every_company_below_a_sector_is_in_it_and_the_market_has_them_all() -> None:
    catalogue = Catalogue.open(EntitySettings())
    shipped = Groups(catalogue)
    sectors = shipped.of_kind(GroupKind.SECTOR)
    assert len(sectors) == 11
    assert set().union(*map(set, sectors.values())) == set(shipped.members("market"))
    assert set(shipped.members("sector:energy")) == set(catalogue.members("sector:energy", EntityKind.COMPANY))
    assert "company:youtube" in shipped.members("company:alphabet-inc")


def test_the_catalogue_is_read_once_for_all_threads() -> None:
    read: list[Catalogue] = []

    def opened() -> Catalogue:
        read.append(Catalogue([JAPAN, BANK]))
        return read[-1]

    groups = groups_when_needed(opened)
    found: list[Groups] = []
    threads = [threading.Thread(target=lambda: found.append(groups())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1
    assert len(found) == 4
    assert len(read) == 1
