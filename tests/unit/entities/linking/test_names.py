"""Names as headlines write them."""

from __future__ import annotations

import pytest

from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.linker import Linker
from tests.support.linkers import company, linked, linker_of, shipped


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Apple's profit beats estimates", [("Apple", "AAPL")]),
        ("Sainsbury's sales slip", [("Sainsbury's", "SBRY.L")]),
        ("Sainsburys sales slip", [("Sainsburys", "SBRY.L")]),
        ("VOLKSWAGEN ADMITS CHEATING", [("VOLKSWAGEN", "VOW3.DE")]),
        ("volkswagen admits cheating", [("volkswagen", "VOW3.DE")]),
        ("Nestlé to sell unit", [("Nestlé", "NESN.SW")]),
        ("Nestle to sell unit", [("Nestle", "NESN.SW")]),
        ("Nestle\u0301 to sell unit", [("Nestle\u0301", "NESN.SW")]),
        ("Ne\u00adstle to sell unit", [("Ne\u00adstle", "NESN.SW")]),
        ("🚗🚗 Volkswagen 👍🏽 up", [("Volkswagen", "VOW3.DE")]),
        ("AT&T to spin off", [("AT&T", "T")]),
        ("AT&amp;T to spin off", [("AT&amp;T", "T")]),
        ("J.P. Morgan profit falls", [("J.P. Morgan", "JPM")]),
        ("JPMorgan profit falls", [("JPMorgan", "JPM")]),
        ("JP Morgan profit falls", [("JP Morgan", "JPM")]),
        ("Johnson and Johnson recalls", [("Johnson and Johnson", "JNJ")]),
        ("Coca Cola profit", [("Coca Cola", "KO")]),
        ("Bank of  America profit", [("Bank of  America", "BAC")]),
        ("UPDATE 1-Ford to recall 1 million cars", [("Ford", "F")]),
        ("RPT-UPDATE 2-GE profit falls", [("GE", "GE")]),
        ("VW, BofA and StanChart fall", [("VW", "VOW3.DE"), ("BofA", "BAC"), ("StanChart", "STAN.L")]),
        ("New York Times to charge", [("New York Times", "NYT")]),
        ("R.I.M. cuts jobs", [("R.I.M", "BB.TO")]),
        ("Lehman's Fuld testifies", [("Lehman", "LEH"), ("Fuld", "person:dick-fuld")]),
        ("citibank fined", [("citibank", "company:citibank")]),
        ("worldcom collapses", [("worldcom", "company:worldcom")]),
        ("Abengoa seeks protection", [("Abengoa", "company:abengoa")]),
        ("Thomas Cook shares plunge", [("Thomas Cook", "TCG.L")]),
        ("Sabena, Railtrack and Livedoor", [(name, f"company:{name.lower()}") for name in ("Sabena", "Railtrack", "Livedoor")]),
    ],
)
def test_a_name_is_found_in_the_forms_headlines_use(text: str, found: list[tuple[str, str]]) -> None:
    assert linked(text) == found


def test_the_longest_name_wins() -> None:
    linker = linker_of(company("Bank of America"), company("Bank of America Merrill Lynch"), company("America Movil", "America"))
    assert [link.name for link in linker.link("Bank of America Merrill Lynch and Bank of America")] == [
        "Bank of America Merrill Lynch",
        "Bank of America",
    ]


def test_names_do_not_reach_across_a_sentence_s_end() -> None:
    linker = linker_of(company("Best Buy"))
    assert linker.link("He is the Best. Buy it at Best Buy shares")[0].start == 26


def test_names_inside_words_are_none() -> None:
    linker = linker_of(company("Ensco"), company("Uber"))
    assert linker.link("Gruber and Enscorp met in Uberlandia") == []


def test_a_beginning_that_one_company_has_means_it() -> None:
    linker = linker_of(company("Ocwen Financial", ticker="OCN"), company("Boston Scientific"), company("Boston Properties"))
    assert [link.name for link in linker.link("Ocwen falls while Boston freezes")] == ["Ocwen Financial"]


def test_a_beginning_that_a_much_larger_company_has_means_that_one() -> None:
    linker = linker_of(company("Goldmann Sachs", ticker="GS", size=6), company("Goldmann Mining", size=1))
    assert [link.symbols for link in linker.link("Goldmann profit falls")] == [("GS",)]


@pytest.mark.parametrize(
    "said", ["Zorgblat Pharma", "Zorgblat Pharm", "Zorgblat Pharmaceutical", "Zorgblat", "Zorgblat Pharmaceuticals Inc"]
)
def test_last_words_are_shortened_as_in_headlines(said: str) -> None:
    linker = linker_of(company("Zorgblat Pharmaceuticals", "Zorgblat Pharmaceuticals Inc.", ticker="ZORG"))
    assert [link.symbols for link in linker.link(f"{said} up 5%")] == [("ZORG",)]


def test_letters_one_by_one_are_an_abbreviation_only_with_dots() -> None:
    linker = linker_of(company("Zorgblat", "ZRB"))
    assert [link.start for link in linker.link("Z.R.B. falls, z.r.b. Z R B")] == [0]


def test_a_fund_is_not_meant_by_the_beginning_of_its_name() -> None:
    linker = linker_of(company("Zorgblat Income Fund"), company("Blatzorg Acquisition Corp II"), company("Zorgblat Bitcoin ETF"))
    assert linker.link("Zorgblat falls, Blatzorg rises") == []
    assert [link.name for link in linker.link("Zorgblat Income Fund falls")] == ["Zorgblat Income Fund"]


def test_legal_forms_alone_are_no_names() -> None:
    assert linker_of(company("The Company", "Company", "Holdings", "the Group")).link("The Company and its Holdings, the Group") == []


def test_a_name_given_by_the_caller_is_looked_up_and_else_an_entity_of_its_own() -> None:
    linker = shipped()
    assert [linker.named(name).id for name in ("Apple", "$AAPL", "AAPL", "apple's", "NESTLÉ")] == [
        *["company:apple-inc"] * 4,
        linker.named("Nestle").id,
    ]
    assert linker.named("Zorgblat Holdings plc").id == "found:zorgblat"
    with pytest.raises(ValueError, match="is no name"):
        linker.named(" ?! ")


def read_by_the_network(text: str, **words: tuple[float, float]) -> list[str]:
    """Return who is linked where the network says of each word how likely it is of an organisation's name, and goes on with one."""
    chances = [(at := text.index(word), at + len(word), *said) for word, said in words.items()]
    found = shipped().link(text, names_within=[(0, len(text))], chances=chances)
    return [link.entity for link in found]


def test_the_rest_of_a_name_that_begins_before_is_not_the_company_of_that_name() -> None:
    text = "Shares slide as Harbor Union Bank rout spreads"
    assert read_by_the_network(text, Harbor=(0.9, 0.01), Union=(0.95, 0.95), Bank=(0.95, 0.95)) == []
    assert read_by_the_network(text, Harbor=(0.1, 0.01), Union=(0.95, 0.05), Bank=(0.95, 0.95)) == ["company:union-bank-of-india"]


def test_of_the_companies_that_claim_one_alias_the_hundred_largest_are_weighed() -> None:
    claims = [company(f"Firm{number} Zorx", "Bigalp", size=number % 6) for number in range(300)]
    catalogue = Catalogue(claims)
    form = Dictionary(catalogue).form("bigalp")
    assert form is not None
    assert len(form.entities) == 100
    assert min(entity.size for entity in form.entities) == 4
    assert Linker(catalogue).link("Bigalp shares fall")[0].entity == form.entities[0].id
