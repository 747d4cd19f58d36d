"""Names that the catalogue lacks, from the network's spans."""

from __future__ import annotations

import pytest

from squall.core.records import MOST_MENTIONS, EntityKind
from squall.entities.linking.found.names import found_entity
from tests.support.linkers import company, linker_of

LINKER = linker_of(company("Tesla", ticker="TSLA"))


def spans(text: str, *names: tuple[str, str]) -> list[tuple[int, int, str]]:
    """(start, end, label) of each name's next occurrence."""
    found, at = [], 0
    for name, label in names:
        at = text.index(name, at)
        found.append((at, at + len(name), label))
        at += len(name)
    return found


@pytest.mark.parametrize(
    "name",
    ["Lehman Brothers", "the Lehman Brothers", "LEHMAN BROTHERS'", "Lehman Brothers Inc.", "Lehman Brothers’s", " Lehman  Brothers,"],
)
def test_forms_of_one_name_are_one_entity(name: str) -> None:
    entity = found_entity(name)
    assert entity is not None
    assert entity.id == "found:lehman-brothers"


def test_a_name_that_only_the_network_knows_becomes_an_entity() -> None:
    text = "Lehman Brothers files for bankruptcy in New York, says Richard Fuld"
    links = LINKER.link(text, names=spans(text, ("Lehman Brothers", "ORG"), ("New York", "LOC"), ("Richard Fuld", "PER")))
    assert [(link.entity, link.kind) for link in links] == [
        ("found:lehman-brothers", EntityKind.ORGANISATION),
        ("found:new-york", EntityKind.PLACE),
        ("found:richard-fuld", EntityKind.PERSON),
    ]


def test_a_short_form_is_merged_with_the_longer_name_of_the_text() -> None:
    text = "Lehman collapses: Lehman Brothers files, Fuld out. Richard Fuld led Lehman"
    names = spans(text, ("Lehman", "ORG"), ("Lehman Brothers", "ORG"), ("Fuld", "PER"), ("Richard Fuld", "PER"), ("Lehman", "ORG"))
    links = LINKER.link(text, names=names)
    assert [link.entity for link in links] == ["found:lehman-brothers"] * 2 + ["found:richard-fuld"] * 2 + ["found:lehman-brothers"]
    assert [link.first for link in links] == [True, False, True, False, False]


def test_a_span_loses_its_possessive_and_the_signs_around_it() -> None:
    text = "“Wachovia's” troubles"
    (link,) = LINKER.link(text, names=[(0, 12, "ORG")])
    assert text[link.start : link.end] == "Wachovia"


def test_a_found_name_that_the_catalogue_has_links_there() -> None:
    assert LINKER.link("tesla is here, Xy", names=[(0, 5, "ORG")])[0].entity == "company:tesla"


def test_a_ticker_in_brackets_gives_its_symbol_to_the_name_the_network_found() -> None:
    text = "Lehman Brothers Holdings (NYSE: LEH) falls"
    (link,) = LINKER.link(text, names=spans(text, ("Lehman Brothers Holdings", "ORG")))
    assert (link.entity, link.symbols) == ("found:lehman-brothers", ("LEH",))


def test_a_name_of_the_catalogue_within_a_longer_one_of_the_network_gives_way() -> None:
    linker = linker_of(company("York", size=2))
    text = "New York Stock Club opens"
    (link,) = linker.link(text, names=spans(text, ("New York Stock Club", "ORG")))
    assert link.entity == "found:new-york-stock-club"


def test_spans_outside_the_text_empty_or_overlapping_are_left_out() -> None:
    text = "Wachovia falls"
    names = [(0, 8, "ORG"), (3, 8, "ORG"), (5, 5, "ORG"), (-1, 4, "ORG"), (9, 99, "ORG"), (9, 14, "FOO")]
    assert [(link.start, link.end) for link in LINKER.link(text, names=names)] == [(0, 8)]


def test_of_5000_names_the_first_are_kept() -> None:
    text = "Ab " * 5_000
    links = LINKER.link(text, names=[(3 * number, 3 * number + 2, "ORG") for number in range(5_000)])
    assert (len(links), links[-1].start) == (MOST_MENTIONS, 3 * (MOST_MENTIONS - 1))
