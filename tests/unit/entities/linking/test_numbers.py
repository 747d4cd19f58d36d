"""Names that are numbers, or begin with digits: amounts and years are none."""

from __future__ import annotations

import pytest

from tests.support.linkers import company, linked, linker_of, shipped


@pytest.mark.parametrize(
    "text",
    [
        "HSBC cuts 1,800 jobs",
        "Fire kills 111 in factory",
        "Police say 888 people were held",
        "In 1847 the city was founded",
        "Shares worth 888 change hands",
        "888 shares sold",
        "It paid $888, or 888% more, for 1.888 of 1606",
        "FIRE KILLS 111",
        "1 800 jobs go",
        "It raised $3M and lost 1.3M",
    ],
)
def test_amounts_counts_and_years_are_no_companies(text: str) -> None:
    names = [text[link.start : link.end] for link in shipped().link(text)]
    assert [name for name in names if name[0].isdigit()] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1-800-Flowers shares fall", "1-800-Flowers"),
        ("3M to cut jobs", "3M"),
        ("888 Holdings slips", "888 Holdings"),
        ("8x8 beats", "8x8"),
    ],
)
def test_names_with_letters_among_their_digits_link(text: str, name: str) -> None:
    assert [found for found, _ in linked(text)] == [name]


def test_a_number_is_a_company_where_network_or_ticker_say_so() -> None:
    linker = linker_of(company("888 Holdings", "888", ticker="EIHDF"))
    text = "888 warns on profit"
    assert linker.link(text) == []
    assert [link.start for link in linker.link(text, names=[(0, 3, "ORG")])] == [0]
    assert [link.start for link in linker.link(text, symbols=["EIHDF"])] == [0]
    assert linker.link("It sold 1,888 cars", names=[(8, 13, "ORG")], symbols=["EIHDF"])[:1] == linker.link("It sold 1,888 cars")[:1]


def test_a_number_stays_a_number_beside_the_full_name() -> None:
    text = "888 Holdings falls as 888 people leave"
    assert [link.start for link in shipped().link(text)] == [0]
