"""Names that are words too: the context decides. Examples of our own, apart from the files that judge."""

from __future__ import annotations

import pytest

from tests.support.linkers import linked, shipped

COMPANIES = (
    "Target raises its outlook",
    "Sales at Target rose 3% in the quarter",
    "TARGET CUTS OUTLOOK",
    "Gap shares fall 10% after results",
    "Next says full-price sales rose 4%",
    "Visa profit beats estimates",
    "Shell to sell its stake in refinery",
    "Meta to lay off 10,000 employees",
    "Best Buy posts record quarter",
    "Ford recalls 100,000 trucks",
    "Orange CEO steps down",
    "Boots owner seeks buyer for stake in Boots",
)
WORDS = (
    "Farmers say apple crops were hit by frost",
    "Apple growers fear frost",
    "Goldman cuts its price target",
    "Fed misses inflation target",
    "Gap between rich and poor widens",
    "the gap narrows",
    "Next week the Fed meets",
    "What comes next for oil",
    "Visa applications surge",
    "Shell companies used to launder money",
    "Block trades surge",
    "Meta analysis shows drug works",
    "Best buy of the week",
    "Orange juice for breakfast",
    "boots on the ground",
    "Harrison Ford hurt in crash",
    "first quarter results are next",
    "He was shot in the square",
)


@pytest.mark.parametrize("text", COMPANIES)
def test_a_word_that_does_what_companies_do_is_one(text: str) -> None:
    assert [name for name, entity in linked(text) if "." in entity or entity.isupper()] != []


@pytest.mark.parametrize("text", WORDS)
def test_an_ordinary_word_is_none(text: str) -> None:
    assert [link.entity for link in shipped().link(text) if link.entity.startswith("company:") and link.role == "subject"] == []


def test_the_network_decides_where_it_saw_a_name() -> None:
    text = "Target is where people go"
    assert linked(text) == []
    assert linked(text, names=[(0, 6, "ORG")]) == [("Target", "TGT")]
    assert linked("Total is calm", names=[(0, 5, "LOC")]) != [("Total", "TTE.PA")]


def test_a_short_form_means_the_company_that_the_text_names_in_full() -> None:
    text = "Target Corporation reports. People like target, and Target likes people"
    assert [text[link.start : link.end] for link in shipped().link(text)] == ["Target Corporation", "Target"]


def test_a_country_within_another_name_is_none() -> None:
    assert linked("Xyzzy of India wins") == [("India", "country:india")]
    assert [entity for _, entity in linked("Royal Bank of Narnia and Central Bank of India rise")] != ["country:india"]


def test_commodities_are_written_small() -> None:
    assert [name for name, _ in linked("gold slips as dollar firms")] == ["gold", "dollar"]
    assert linked("she wins gold medal") == []
