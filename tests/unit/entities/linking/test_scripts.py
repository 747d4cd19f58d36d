"""Names in scripts without capitals, or without spaces between words."""

from __future__ import annotations

import pytest

from squall.entities.catalogue.common_words import is_common
from squall.entities.linking.folding import fold
from tests.support.linkers import company, linker_of

LINKER = linker_of(
    *(company(name) for name in ("苹果", "ホンダ", "みずほ", "삼성전자", "LG화학", "롯데이", "טבע", "أرامكو", "ปตท", "ตก", "茅")),
    company("トヨタ自動車", "トヨタ"),
    *(company(name) for name in ("Сбербанк", "上海浦东发展银行股份有限公司第一号", "Applon")),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("苹果股价下跌", ["苹果"]),
        ("今天苹果，明天", ["苹果"]),
        ("Applon发布新手机", ["Applon"]),
        ("トヨタ自動車が減産", ["トヨタ自動車"]),
        ("トヨタが減産", ["トヨタ"]),
        ("ホンダは増産", ["ホンダ"]),
        ("みずほは増益", ["みずほ"]),
        ("삼성전자가 실적 발표", ["삼성전자"]),
        ("삼성전자에서는", ["삼성전자"]),
        ("LG화학은 하락", ["LG화학"]),
        ("롯데이가 상승", ["롯데이"]),
        ("טבע נופלת", ["טבע"]),
        ("أرامكو ترفع", ["أرامكو"]),
        ("ข่าวปตท.ลด", ["ปตท"]),
        ("หุ้นไข่ตก", ["ตก"]),
        ("сбербанк растет", ["сбербанк"]),
        ("上海浦东发展银行股份有限公司第一号跌", ["上海浦东发展银行股份有限公司第一号"]),
    ],
)
def test_a_name_is_found_where_its_script_ends_words(text: str, names: list[str]) -> None:
    assert [text[link.start : link.end] for link in LINKER.link(text)] == names


@pytest.mark.parametrize("text", ["アホンダラ", "삼성전자들", "אטבעא", "茅台涨"])
def test_a_name_within_a_run_that_is_a_word_is_none_and_one_character_needs_context(text: str) -> None:
    assert LINKER.link(text) == []


def test_a_syllable_of_hangul_stays_whole() -> None:
    assert fold("삼성").text == " 삼성 "
    assert linker_of(company("삼성")).link("서산 시장") == []


def test_two_chinese_characters_are_a_name_one_needs_context() -> None:
    assert [is_common(name) for name in ("苹果", "茅", "GE", "טב")] == [False, True, True, True]
