"""Search of the catalogue: what is found, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.search import NameSearch
from squall.entities.entity import Entity, Listing
from squall.entities.names import name_key

ALPEN = Entity("company:alpenbank", EntityKind.COMPANY, "Alpenbank", ("Hausbank",), ("Gebirgskasse",), (Listing("ALPB", "DE"),), size=2)
BANK = Entity("company:bank", EntityKind.COMPANY, "Bank of Alpen", (), (), (Listing("BRK.B"),), size=5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alpen", [ALPEN, BANK]),
        ("Bank", [BANK]),
        ("haus", [ALPEN]),
        ("Gebirgs", [ALPEN]),
        ("$ALPB.DE", [ALPEN]),
        ("alpb", [ALPEN]),
        ("<BRK.B>", [BANK]),
        ("brk-b", [BANK]),
        ("company:bank", [BANK]),
        ("enbank", []),
        ("", []),
        ("\n", []),
        ("$", []),
        ("ALPB.DE\n$BRK.B", []),
    ],
)
def test_a_name_an_alias_a_former_name_and_a_ticker_find_an_entity(text: str, found: list[Entity]) -> None:
    assert NameSearch([ALPEN, BANK]).find(text, 10) == found


def test_the_best_match_comes_first() -> None:
    names = ["Other Gap", "Gap Stores", "Gap", "Gapping"]
    entities = [Entity(f"company:{i}", EntityKind.COMPANY, name, size=6 - i) for i, name in enumerate(names)]
    assert [entity.name for entity in NameSearch(entities).find("gap", 10)] == ["Gap", "Gap Stores", "Gapping", "Other Gap"]


def test_what_ships_is_found_by_a_former_name(catalogue: Catalogue) -> None:
    assert catalogue.find("Valeant")[0].id == "company:bausch-health-companies-inc"


@given(st.lists(st.text(max_size=12), max_size=8), st.text(max_size=6))
def test_a_search_finds_what_a_walk_over_all_names_finds(names: list[str], text: str) -> None:
    entities = [Entity(f"company:{i}", EntityKind.COMPANY, name) for i, name in enumerate(names)]
    key = name_key(text)
    wanted = {entity.id for entity in entities if key and f" {key}" in f" {name_key(entity.name)}"}
    assert {entity.id for entity in NameSearch(entities).find(text, 100)} == wanted
