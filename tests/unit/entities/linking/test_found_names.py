"""Names that the catalogue lacks, from the network's spans."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.records import MOST_MENTIONS, EntityKind
from squall.entities.linking.found.names import found_entity
from squall.entities.linking.link import Role
from tests.support.linkers import company, linker_of, shipped

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


@pytest.mark.parametrize("mark", ["UPDATE 1-", "WRAPUP 12-", "RPT-UPDATE 3-", "CORRECTED-", "Body.\nUPDATE 2-"])
def test_an_agencys_mark_before_a_name_takes_nothing_from_it(mark: str) -> None:
    text = f"{mark}Kodak files for bankruptcy"
    assert [link.entity for link in LINKER.link(text, names=spans(text, ("Kodak", "ORG")))] == ["found:kodak"]


def test_a_word_behind_a_number_is_part_of_a_products_name() -> None:
    for text in ("Tesla halts the 737-Kodak", "A 737 Kodak lands"):
        assert "found:kodak" not in [link.entity for link in LINKER.link(text, names=spans(text, ("Kodak", "ORG")))]


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
    text = "Abx " * 5_000
    links = LINKER.link(text, names=[(4 * number, 4 * number + 3, "ORG") for number in range(5_000)])
    assert (len(links), links[-1].start) == (MOST_MENTIONS, 4 * (MOST_MENTIONS - 1))


def found(text: str, *names: tuple[str, str], linker: object = None) -> list[tuple[str, str]]:
    """(what the text says, id) of the subjects that are linked with the network's spans."""
    links = (linker or LINKER).link(text, names=spans(text, *names), names_within=[(0, len(text))])  # type: ignore[attr-defined]
    return [(text[link.start : link.end], link.entity) for link in links if link.role is Role.SUBJECT]


FORMS = ("", " Inc", " Inc.", " Holdings Inc", " Holdings plc", " Group", " Co., Ltd.", " Corporation", " AG", " S.A.", " N.V.", " LLC")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["Lehman Brothers", "Nintendo", "Merrill Lynch", "Research in Motion", "Citrix Systems"])
def test_a_name_with_any_legal_form_is_the_catalogue_s(name: str, form: str) -> None:
    linker = shipped()
    known = linker.named(name).id
    assert known.startswith("company:")
    assert linker.named(name + form).id == known
    text = f"{name}{form} said on Monday that it would cut jobs"
    assert [entity for _, entity in found(text, (name + form, "ORG"), linker=linker)] == [known]


def test_a_beginning_with_a_legal_form_and_a_word_left_of_a_group_are_names_of_others() -> None:
    linker = linker_of(company("Ocwen Financial"), company("Summit"))
    assert linker.named("Ocwen").id == "company:ocwen-financial"
    assert linker.named("Ocwen plc").id == "found:ocwen"
    assert linker.named("Summit Inc").id == "company:summit"
    assert linker.named("Summit Group").id == "found:summit"


def test_a_short_form_means_the_company_that_the_text_names_with_its_legal_form() -> None:
    linker = linker_of(company("Zorgblat Brothers"), company("Zorgblat Mining"))
    text = "Zorgblat fails: Zorgblat Brothers Holdings Inc files"
    assert [entity for _, entity in found(text, ("Zorgblat", "ORG"), ("Zorgblat Brothers Holdings Inc", "ORG"), linker=linker)] == [
        "company:zorgblat-brothers"
    ] * 2


def test_the_exchange_and_the_symbol_of_a_ticker_in_brackets_are_no_names() -> None:
    text = "Tesla (NYSE: TSLA) rises"
    assert found(text, ("Tesla", "ORG"), ("NYSE", "ORG"), ("TSLA", "ORG")) == [("Tesla", "company:tesla")]
    assert found("A maker of cars (TSLA) rises", ("TSLA", "ORG")) == []
    assert found("Quux Mining (CNSX: QXM) rises", ("Quux Mining", "ORG"), ("CNSX", "ORG"), ("QXM", "ORG")) == [
        ("Quux Mining", "found:quux-mining")
    ]


NO_NAMES = (
    *("Group", "plc", "Inc.", "the Company", "Bank", "New", "Reg", "UPDATE 2", "RPT", "Q3", "2014", "FY12", "January", "Sept"),
    *("USD", "EU1N2YS01R0", "Greek", "CEO", "ETF", "Net", "International Holdings", "Energy Group", "BBB", "Aa3"),
)


@pytest.mark.parametrize("name", NO_NAMES)
def test_words_of_a_class_that_names_nobody_are_no_entities(name: str) -> None:
    assert found(f"traders said that {name} is what was meant", (name, "ORG")) == []


def test_an_ordinary_word_is_a_name_only_where_the_words_around_it_say_so() -> None:
    assert found("Traders say Autonomy shares fall", ("Autonomy", "ORG")) == [("Autonomy", "found:autonomy")]
    assert found("Autonomy shares fall", ("Autonomy", "ORG")) == []  # as "Steelmaker shares fall"
    assert found("New Harvest Rules Come Into Force", ("Harvest", "ORG")) == []
    assert found("they like harvest better", ("harvest", "ORG")) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [("SinoQuuxing falls", "Quuxing"), ("Write to a.b@quux.com now", "quux"), ("O'Quux falls", "Quux"), ("see https://quux.com/x", "quux")],
)
def test_a_span_that_is_cut_from_a_word_or_an_address_is_none(text: str, span: str) -> None:
    assert found(text, (span, "ORG")) == []


def test_a_span_that_touches_or_covers_part_of_a_name_of_the_rules_belongs_to_it() -> None:
    linker = linker_of(company("Zorgblat Brothers"))
    for part in (("Brothers Quuxing", "ORG"), ("Quuxing", "ORG"), ("Brothers", "PER")):
        assert found("Zorgblat Brothers Quuxing falls", part, linker=linker) == [("Zorgblat Brothers", "company:zorgblat-brothers")]
    assert found("Zorgblat Brothers, Quuxing fall", ("Quuxing", "ORG"), linker=linker)[1] == ("Quuxing", "found:quuxing")


@pytest.mark.parametrize(
    "text",
    [
        "LONDON, Sept 9 (Reuters) - Quuxing falls",
        "Banks sink. LONDON/PARIS, Sept. 9 (Thomson Reuters Foundation/Reuters) - Quuxing falls",
        "LONDON, Sept. 9, 2011 /PRNewswire/ -- Quuxing falls",
        "By JANE DOE\nLONDON (AP) — Quuxing falls",
        "Quuxing falls (Reporting by Jane Doe in London; additional reporting by John Roe; Editing by Jim Poe)",
        "Quuxing falls\nReporting by Jane Doe in London",
    ],
)
def test_datelines_bylines_and_agencies_are_no_entities(text: str) -> None:
    marked = [(name, label) for name, label in (("LONDON", "LOC"), ("PARIS", "LOC"), ("London", "LOC"), ("Reuters", "ORG")) if name in text]
    marked += [(name, "PER") for name in ("JANE DOE", "Jane Doe", "John Roe", "Jim Poe") if name in text] + [("Quuxing", "ORG")]
    marked.sort(key=lambda name: text.index(name[0]))
    assert found(text, *marked) == [("Quuxing", "found:quuxing")]


def test_a_place_or_a_person_in_the_story_itself_is_an_entity() -> None:
    text = "By 2030 Quuxing will leave London, Jane Doe told (Reuters) - the rest"
    assert found(text, ("Quuxing", "ORG"), ("London", "LOC"), ("Jane Doe", "PER")) == [
        *(("Quuxing", "found:quuxing"), ("London", "found:london"), ("Jane Doe", "found:jane-doe")),
    ]


@pytest.mark.parametrize(
    ("text", "span", "said"),
    [
        ("Quuxing's rise", "Quuxing's", "Quuxing"),
        ("QUUXING’S RISE", "QUUXING’S", "QUUXING"),
        ("Quuxing, at last", "Quuxing,", "Quuxing"),
        ("Quuxing-owned mines", "Quuxing-owned", "Quuxing"),
        ("ex-Quuxing chief", "ex-Quuxing", "Quuxing"),
        ("Quuxing\u200b\u200e rises", "Quuxing\u200b\u200e", "Quuxing"),
        ("\ufeffQuuxing rises", "\ufeffQuuxing", "Quuxing"),
        ("Quuxe\u0301 rises", "Quuxe", "Quuxe\u0301"),
        ("Quuxing and rise", "Quuxing and", "Quuxing"),
        ("exchange Mt. Quux files", "exchange Mt. Quux", "Mt. Quux"),
        ("Quuxing Affirms Outlook", "Quuxing Affirms", "Quuxing"),
    ],
)
def test_a_span_holds_the_name_and_nothing_else(text: str, span: str, said: str) -> None:
    ((name, _),) = found(text, (span, "ORG"))
    assert name == said


@given(st.text(max_size=60))
def test_ids_hold_letters_digits_and_hyphens(name: str) -> None:
    entity = found_entity(name)
    assert entity is None or re.fullmatch(r"found:[\w-]+", entity.id)
    assert entity is None or not set("\u202e\u200b\n\0") & set(entity.name)


@given(st.text(alphabet="aB \u0301\u200b-'.@(", max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_whatever_the_span_links_lie_in_the_text_on_whole_letters(text: str, start: int, end: int) -> None:
    for link in LINKER.link(text, names=[(start, end, "ORG")]):
        assert text[link.start].isalnum()
        assert text[link.end : link.end + 1] != "\u0301"
        assert not text[link.start : link.end].endswith("\u200b")


def test_a_company_in_a_person_s_name_is_none() -> None:
    linker = shipped()
    assert found("Harrison Ford stars again", ("Harrison Ford", "PER"), linker=linker) == [("Harrison Ford", "found:harrison-ford")]
    assert "company:apple-inc" not in dict(map(reversed, found("Fiona Apple sings", ("Fiona", "PER"), ("Apple", "ORG"), linker=linker)))  # type: ignore[arg-type]
    assert found("An apple a day keeps doctors away", linker=linker) == []


def test_time_is_in_proportion_to_a_text_of_datelines_and_credits() -> None:
    from time import process_time

    def seconds(count: int) -> float:
        text = "LONDON (Reuters) Reporting by Jane Doe (By " * count
        names = [(43 * number, 43 * number + 6, "LOC") for number in range(count)]
        start = process_time()
        LINKER.link(text, names=names)
        return process_time() - start

    assert seconds(8_000) < 24 * max(seconds(1_000), 0.01)
