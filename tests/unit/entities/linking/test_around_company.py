"""Spans of the network that hold a company's name and more: when that leaves them the company's, and when they are another name."""

from __future__ import annotations

import pytest

from squall.entities.linking.found.around_company import is_same_company
from tests.support.linkers import shipped
from tests.unit.entities.linking.test_word_odds import word_chances

SAME = (
    ("GFI Gold Fields Ltd. Ask $GFI $NEM", "GFI Gold Fields", "Gold Fields"),
    ("Den demerger talk lifts stock", "Den demerger", "Den"),
    ("Head of Ford India quits", "Ford India", "Ford"),
    ("Visa Europe is a win", "Visa Europe", "Visa"),
    ("Pact Group buys rival", "Pact Group", "Pact"),
    ("Cannabis company Acreage secures loan", "Cannabis company Acreage", "Acreage"),
)
OTHERS = (
    ("GFI Gold Fields Ltd. Ask", "GFI Gold Fields", "Gold Fields"),
    ("OCL Iron bags coal mine", "OCL Iron", "Iron"),
    ("University of Phoenix enrols more", "University of Phoenix", "Phoenix"),
    ("Director Antoine de Saint steps down", "Antoine de Saint", "Saint"),
    ("Rocket Lab launches", "Rocket Lab", "Rocket"),
    ("Smith & Nephew falls", "Smith & Nephew", "Smith"),
    ("cooper basin gas flows", "cooper basin", "cooper"),
    ("India Cements gains", "India Cements", "Cements"),
)


def _is_same(text: str, span: str, company: str) -> bool:
    begin, start = text.index(span), text.index(company)
    return is_same_company(text, begin, start, start + len(company), begin + len(span))


@pytest.mark.parametrize(("text", "span", "company"), SAME)
def test_a_ticker_a_small_word_a_country_and_a_legal_form_leave_a_name_the_company_s(text: str, span: str, company: str) -> None:
    assert _is_same(text, span, company)


@pytest.mark.parametrize(("text", "span", "company"), OTHERS)
def test_other_words_make_another_name_of_it(text: str, span: str, company: str) -> None:
    assert not _is_same(text, span, company)


def _linked(text: str, span: str, sure: str) -> list[str]:
    start = text.index(span)
    links = shipped().link(
        text, names=[(start, start + len(span), "ORG")], names_within=[(0, len(text))], chances=word_chances(text, 0.995, sure)
    )
    return [link.entity for link in links]


def test_a_span_of_a_company_and_a_country_is_no_name_of_its_own() -> None:
    assert not any(entity.startswith("found:") for entity in _linked("He will take over as Ford India head", "Ford India", "Ford"))


def test_a_span_over_several_names_is_each_of_them() -> None:
    assert _linked("Demand falls at Microsoft and Pfizer this year", "Microsoft and Pfizer", "Microsoft") == [
        "company:microsoft-corporation",
        "company:pfizer-inc",
    ]


def test_a_span_that_a_company_s_name_begins_is_another_s() -> None:
    entities = _linked("Sunrise Proteins fined by regulator", "Sunrise Proteins", "Zorn")
    assert entities == ["found:sunrise-proteins"]
