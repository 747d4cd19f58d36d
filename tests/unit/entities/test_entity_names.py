"""Keys, slugs and short forms of names."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from squall.entities.names import MOST_NAME_CHARS, legal_short_form, name_key, short_forms, slug

WORDS = ["Apple", "The", "A", "B.", "S.A.", "Inc.", "Inc.,", "Group", "Holdings", "& Co.", "AG", "of", "plc", "(publ)", "/DE/", "é", "x"]
NAMES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))


@given(NAMES)
def test_a_key_is_its_own_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(NAMES)
def test_case_and_surrounding_punctuation_do_not_change_a_key(name: str) -> None:
    assert name_key(f" “{name}”, ") == name_key(name)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,'&-", max_size=60))
def test_capitals_do_not_change_a_key(name: str) -> None:
    assert name_key(name.upper()) == name_key(name)


@given(NAMES)
def test_a_slug_has_no_space_and_names_the_same(name: str) -> None:
    assert " " not in slug(name)
    assert name_key(slug(name)) == name_key(name)


@given(NAMES)
@example("THE 0")
@example("/0/ 0")
def test_no_short_form_is_empty_or_a_single_letter(name: str) -> None:
    assert [form for form in short_forms(name) if len(name_key(form)) < 2 and len(name_key(name)) > 1] == []


@given(NAMES)
def test_short_forms_are_beginnings_or_insides_of_the_name(name: str) -> None:
    assert [form for form in short_forms(name) if name_key(form) not in name_key(name.replace("/DE/", ""))] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J.P. Morgan", "JP Morgan"),
        ("Société Générale", "societe generale"),
        ("AT&T", "at and t"),
        ("McDonald’s", "McDonalds"),
        ("S.p.A.", "SpA"),
        ("Ørsted", "Orsted"),
        ("ＡＰＰＬＥ", "Apple"),
        ("Yahoo!", "yahoo"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("Apple Inc.", "Apple"),
        ("Bank of America Corporation", "Bank of America"),
        ("BANK OF AMERICA CORP /DE/", "BANK OF AMERICA"),
        ("JPMorgan Chase & Co.", "JPMorgan Chase"),
        ("El Puerto de Liverpool, S.A.B. de C.V.", "El Puerto de Liverpool"),
        ("Xiamen International Airport Co.,Ltd", "Xiamen International Airport"),
        ("AB Volvo (publ)", "Volvo"),
        ("A.P. Moller - Maersk A/S", "A.P. Moller - Maersk"),
        ("Henkel AG & Co. KGaA", "Henkel"),
        ("PT Astra International Tbk", "Astra International"),
        ("X Corp", "X Corp"),
        ("Company", "Company"),
        ("The Bank of Corporation", "Bank of Corporation"),
    ],
)
def test_the_legal_form_is_left_out_where_a_name_remains(full: str, short: str) -> None:
    assert legal_short_form(full) == short


def test_group_and_holding_are_left_out_one_after_another() -> None:
    assert short_forms("Alibaba Group Holding Limited") == ("Alibaba Group Holding", "Alibaba")
    assert short_forms("HSBC Holdings plc") == ("HSBC Holdings", "HSBC")


def test_a_name_without_end_is_cut() -> None:
    assert len(name_key("a" * 100_000)) == MOST_NAME_CHARS
