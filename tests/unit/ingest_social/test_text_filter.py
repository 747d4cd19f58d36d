"""Which posts are wanted."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from squall.ingest.social.text_filter import FilterOptions, TextFilter


def wants(text: str, **options: object) -> bool:
    return TextFilter(FilterOptions.model_validate(options), _names).wants(text)


def _names(text: str) -> Collection[str]:
    return {"company:ford-motor"} if "Ford" in text else {"country:spain"} if "Spain" in text else set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A bank fails", True),
        ("BANK!", True),
        ("bank", True),
        ("embankment", False),
        ("banks", False),
        ("bank_note", False),
        ("a Profit\n WARNING from", True),
        ("profit warnings", False),
        ("bankruptcies everywhere", True),
        ("#bankrupt", True),
        ("nonbankrupt", False),
        ("Die GROSSE Krise", True),
        ("今天银行倒闭了", True),
        ("今天银行", False),
        ("", False),
    ],
)
def test_keywords_are_whole_words_in_any_case_and_a_star_leaves_the_end_open(text: str, wanted: bool) -> None:
    assert wants(text, keywords=["bank", "profit  warning", "bankrupt*", "große krise", "银行倒闭"]) is wanted


@pytest.mark.parametrize(
    ("cashtags", "text", "wanted"),
    [
        (True, "buy $F now", True),
        (True, "$5 and $100m", False),
        (["$f", "TSLA"], "buy $F", True),
        (["F"], "buy $GM", False),
        (False, "buy $F", False),
    ],
)
def test_cashtags_are_any_or_those_that_are_listed(cashtags: object, text: str, wanted: bool) -> None:
    assert wants(text, cashtags=cashtags, keywords=["zzz"]) is wanted


@pytest.mark.parametrize(
    ("companies", "text", "wanted"),
    [
        (True, "Ford recalls", True),
        (True, "Spain votes", False),
        (["company:ford-motor"], "Ford", True),
        (["company:gm"], "Ford", False),
        (["country:spain"], "Spain", True),
    ],
)
def test_companies_are_any_or_the_entities_that_are_listed(companies: object, text: str, wanted: bool) -> None:
    assert wants(text, companies=companies) is wanted


def test_without_a_choice_every_post_is_wanted() -> None:
    assert wants("my cat", languages=["en"])


@pytest.mark.parametrize(
    ("declared", "wanted"), [(["en"], True), (["en-GB"], True), (["EN_us"], True), (["de", "en"], True), (["de"], False), ([], False)]
)
def test_a_post_must_declare_one_of_the_languages(declared: list[str], wanted: bool) -> None:
    assert TextFilter(FilterOptions(languages=("en",)), _names).wants_language(declared) is wanted


@pytest.mark.parametrize("keyword", ["", "a", "*", "a*", "ba*nk", "  "])
def test_a_keyword_that_would_match_nearly_everything_is_refused(keyword: str) -> None:
    with pytest.raises(ValidationError, match="is no keyword"):
        FilterOptions(keywords=(keyword,))


@given(st.text(max_size=200))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert wants(text, keywords=["bank", "ßa*", "i̇i"], cashtags=True) in {True, False}


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_keyword_between_spaces_is_always_found(before: str, after: str) -> None:
    assert wants(f"{before} bank {after}", keywords=["bank"])
