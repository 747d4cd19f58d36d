"""Names that are words too: the context decides. Examples of our own, apart from the files that judge."""

from __future__ import annotations

import pytest

from tests.support.linkers import company, linked, linker_of, shipped

COMPANIES = (
    "Apple Falls On Weak Sales",
    "Boeing Awards Contract",
    "Santos profit rises",
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


PERSONS_AND_THINGS = (
    "Harrison Ford Hurt In Crash",
    "Fiona Apple cancels dates",
    "William H. Macy injured",
    "Governor Abbott sent troops",
    "Simon Wolfson resigns",
    "Tesla died penniless in 1943",
    "Ford Foundation gives $20 million",
    "Nets lose at Barclays Center",
    "Barclays Premier League Name To Go",
    "River Trent bursts its banks",
    "Temple Of Nike Reopens",
    "Halifax Port Workers Locked Out",
    "He fell ill in Nice on Monday",
    "Orange County Faces Budget Hole",
    "An Apple A Day Keeps Doctors Away",
    "Visa Rules Tightened For Students",
    "GAP between rich and poor",
    "Next Week In Markets",
    "Boots On The Ground",
)


@pytest.mark.parametrize("text", PERSONS_AND_THINGS)
def test_a_person_a_place_or_a_thing_of_the_name_is_no_company(text: str) -> None:
    assert [link.name for link in shipped().link(text) if link.entity.startswith("company:")] == []


FUNCTION_WORDS = ("the", "and", "will", "link", "shares")


@pytest.mark.parametrize(
    "text", ["FOO AND BAR", "THE LINK BETWEEN RICH AND POOR", "BANK SHARES FALL", "And shares fall", "WILL POWELL CUT"]
)
def test_aliases_that_are_function_words_never_link_and_ordinary_ones_need_context(text: str) -> None:
    linker = linker_of(company("Zorgblat", *FUNCTION_WORDS))
    assert linker.link(text) == []
    assert [link.start for link in linker.link("LINK SHARES FALL")] == [0]


CLASSES = (
    "Energy stocks rally",
    "Global shares fall as yields rise",
    "Tech shares fall",
    "Why healthcare stocks are falling today",
    "Health stocks rally",
    "Semiconductor shares slide on export rules",
    "Star shares fall",
    "STAR SHARES FALL",
    "Life insurance profit falls",
    "Credit shares fall",
    "World shares fall",
    "Research shows profit fell",
    "Royal shares rise",
)


@pytest.mark.parametrize("text", CLASSES)
def test_a_word_for_a_class_of_companies_or_of_a_hundred_names_is_none_of_them(text: str) -> None:
    assert [link.name for link in shipped().link(text) if link.entity.startswith("company:")] == []


@pytest.mark.parametrize("text", WORDS)
def test_an_ordinary_word_is_none(text: str) -> None:
    assert [link.entity for link in shipped().link(text) if link.entity.startswith("company:") and link.role == "subject"] == []


def test_the_network_decides_where_it_saw_a_name() -> None:
    text = "People go to Target on Sundays"
    assert linked(text, names=[], names_within=[(0, len(text))]) == []
    assert linked(text, names=[(13, 19, "ORG")], names_within=[(0, len(text))]) == [("Target", "TGT")]
    quiet = "Quiet day at the docks. "
    long = quiet * 3 + text  # the network read the first and the last sentence: its silence on those between says nothing
    assert linked(long, names=[], names_within=[(0, 24), (72, len(long))]) == []
    assert linked(text, names=[], names_within=[(0, 6)]) == linked(text) == linked(text + ". " + quiet, names_within=[(32, 50)])
    assert linked("Target price is what people hope for", names=[(0, 6, "ORG")]) == []  # a fixed phrase is none, whatever the network says
    assert linked("Total is calm", names=[(0, 5, "LOC")]) != [("Total", "TTE.PA")]


def test_a_short_form_means_the_company_that_the_text_names_in_full() -> None:
    text = "Target Corporation reports. People like target, and Target likes people"
    assert [text[link.start : link.end] for link in shipped().link(text)] == ["Target Corporation", "Target"]


def test_an_alias_of_one_letter_links_nothing_by_itself() -> None:
    linker = linker_of(company("Zorgblat", "A", "X", "the", "of the", ticker="ZORG"))
    assert linker.link("A man of the town drew an X. Plan A failed. THE X FACTOR") == []
    assert [link.start for link in linker.link("Sales at X shares fall, X CEO says")] == [9, 24]


def test_two_companies_of_one_name_are_told_apart_by_size_and_always_alike() -> None:
    small, large = company("Apollo Mining", "Apollo", size=1), company("Apollo Global", "Apollo", size=5)
    texts = [linker.link("Apollo shares fall")[0].name for linker in (linker_of(small, large), linker_of(large, small))]
    assert texts == ["Apollo Global"] * 2


def test_an_entity_with_very_many_aliases_is_bounded() -> None:
    linker = linker_of(company("Zorgblat", *(f"Zorg{number} Blat" for number in range(10_000))))
    assert len(linker.link("Zorg1 Blat and Zorg9999 Blat and Zorgblat")) == 2


def test_a_country_within_another_name_is_none() -> None:
    assert linked("Xyzzy of India wins") == [("India", "country:india")]
    assert [entity for _, entity in linked("Royal Bank of Narnia and Central Bank of India rise")] != ["country:india"]


def test_commodities_are_written_small() -> None:
    assert [name for name, _ in linked("gold slips as dollar firms")] == ["gold", "dollar"]
    assert linked("she wins gold medal") == []
