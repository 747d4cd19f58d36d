"""Tickers in their usual forms, and what only looks like one."""

from __future__ import annotations

import pytest

from squall.entities.linking.tickers import Proof, ticker_forms
from tests.support.linkers import linked, shipped


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("$AAPL up", ["AAPL"]),
        ("($AAPL)", ["AAPL"]),
        ("$BRK.B and $AAPL,$GE.", ["BRK.B", "AAPL", "GE"]),
        ("Electric (NYSE: GE) falls", ["GE"]),
        ("Apple (NASDAQ:AAPL) rises", ["AAPL"]),
        ("Foo (Nasdaq: FOO; TSX: FOO.A)", ["FOO", "FOO.A"]),
        ("AAPL.O rises", ["AAPL.O"]),
        ("<F.N> falls", ["F.N"]),
        ("[AAPL] rises", ["AAPL"]),
        ("Kirkland (KL) rises", ["KL"]),
    ],
)
def test_the_usual_forms_are_tickers(text: str, symbols: list[str]) -> None:
    forms = [form for form in ticker_forms(text) if form.proof is not Proof.BARE]
    assert [form.symbol for form in forms] == symbols
    assert [text[form.start : form.end].lstrip("$") for form in forms] == symbols


@pytest.mark.parametrize(
    "text",
    [
        *(
            "$10",
            "$1.2bn",
            "US$5 and A$5 and C$3",
            "$A",
            "$US",
            "$bn",
            "$",
            "$$$",
            "a$AAPL",
            "$TOOLONGX",
            "$AAPL2",
            "U.S. Steel",
            "J.P. Morgan",
        ),
        *("see http://x.example/ABC.DE", "mail a@NOK.HE", "[.N]", "[TOP/NEWS]", "e.g. this", "NYSE: 12"),
    ],
)
def test_money_links_and_initials_are_none(text: str) -> None:
    assert [form for form in ticker_forms(text) if form.proof is not Proof.BARE] == []


def test_a_small_cashtag_needs_the_catalogue() -> None:
    assert [form.proof for form in ticker_forms("$aapl $what")] == [Proof.LOOKS, Proof.LOOKS]
    assert linked("buy $aapl $what") == [("$aapl", "AAPL")]


def test_a_ticker_that_no_table_knows_becomes_an_entity_of_its_own() -> None:
    links = shipped().link("Buying $ZZQX and (NYSE: QQZX) today")
    assert [(link.entity, link.symbols) for link in links] == [("found:zzqx", ("ZZQX",)), ("found:qqzx", ("QQZX",))]


def test_what_only_looks_like_a_ticker_is_none_where_no_table_knows_it() -> None:
    assert shipped().link("[ZZQX] (ZZQX) ZZQX.L") == []


def test_a_ticker_in_brackets_confirms_the_name_before_it() -> None:
    for text in ("General Electric (NYSE: GE) cuts jobs", "General Electric Co. (GE) cuts jobs", "General Electric ($GE) cuts jobs"):
        (link,) = shipped().link(text)
        assert (text[link.start : link.end].startswith("General Electric"), link.symbols[0]) == (True, "GE")


def test_a_word_before_its_ticker_in_brackets_is_the_company_whatever_stands_around() -> None:
    text = "People Like The Gap (NYSE: GPS) Between Rich And Poor"
    (link,) = shipped().link(text)
    assert (text[link.start : link.end], link.name) == ("Gap", "Gap")


def test_a_cashtag_elsewhere_decides_between_companies_of_one_name() -> None:
    from tests.support.linkers import company, linker_of

    linker = linker_of(company("Delta Air Lines", "Delta", ticker="DAL", size=5), company("Delta Apparel", "Delta", ticker="DLA", size=2))
    assert linker.link("Delta shares fall")[0].symbols == ("DAL",)
    assert [link.symbols for link in linker.link("$DLA - Delta shares fall")] == [("DLA",), ("DLA",)]
    assert linker.link("Delta shares fall", symbols=["DLA"])[0].symbols == ("DLA",)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("F.N falls", "F"),
        ("BRK.B slips", "BRK.B"),
        ("BRK-B slips", "BRK.B"),
        ("0700.HK falls", "0700.HK"),
        ("7203.T falls", "7203.T"),
        ("005930.KS", "005930.KS"),
        ("AAPL falls 3%", "AAPL"),
        ("I like TSLA", "TSLA"),
        ("PFE 33.1", "PFE"),
        ("Long PFE into the print", "PFE"),
    ],
)
def test_bare_tickers_link_where_the_catalogue_knows_them(text: str, symbol: str) -> None:
    assert [symbol in link.symbols for link in shipped().link(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "F.N. Souza paints",
        "AB.A is a bucket",
        "PFE is three letters",
        "USB ports are everywhere",
        "MET police arrest man",
        "CIA says so",
        "COVID cases up",
        "AAPL BEATS ESTIMATES AS CEO QUITS",
        "GDP falls, CPI up",
        "#MSFT",
    ],
)
def test_other_capitals_are_no_tickers(text: str) -> None:
    assert [link.name for link in shipped().link(text) if link.symbols] == []
