"""Tickers in their usual forms, and what only looks like one."""

from __future__ import annotations

import pytest

from squall.entities.linking.link import Role
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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Telus (TSX: T) cuts its dividend", ["Telus"]),  # not AT&T
        ("BAE Systems (LSE: BA.) wins order", ["BAE Systems"]),  # not Boeing
        ("BT Group (LSE: BT.A) falls", ["BT"]),
        ("Sanofi (EPA: SAN) falls", ["Sanofi"]),  # not Santander
        ("(LON:VOD) falls", ["Vodafone"]),
        ("(HKEX: 700) falls", ["Tencent"]),
        ("(TYO: 7203) falls", ["Toyota"]),
        ("Reliance Industries (NSE: RELIANCE, BSE: 500325) falls", ["Reliance Industries"]),
        ("Philips (Euronext Amsterdam: PHIA) falls", ["Philips"]),
        ("(TSX: SHOP) falls", ["Shopify"]),  # of Canada, in the table with its American ticker
        ("(ASX: T) falls", ["T.AX"]),  # nobody the table knows in Australia, and surely not AT&T
    ],
)
def test_the_exchange_before_a_ticker_says_whose_it_is(text: str, names: list[str]) -> None:
    assert [link.name for link in shipped().link(text) if link.role is Role.SUBJECT] == names


def test_tickers_at_several_exchanges_after_a_name_are_one_company() -> None:
    for brackets in ("(TSX:T; NYSE:TU)", "(TSX: T, NYSE: TU, FRA: ZZQX)", "(NYSE: TU)(TSX: T)", "(OTCQX: ZZQX)"):
        (link,) = shipped().link(f"Telus {brackets} cuts its dividend")
        assert link.name == "Telus"
    links = shipped().link("Buying (NYSE: GE), (NYSE: F) and (NYSE: T)")
    assert [link.symbols[0] for link in links] == ["GE", "F", "T"]


def test_a_capital_word_before_a_colon_is_no_exchange() -> None:
    assert shipped().link("SIX: A LESSON") == []
    assert shipped().link("BIT: NOTHING, SHE: AB, HEL: XY") == []


def test_a_suffixed_ticker_links_in_round_brackets_without_a_name_before_it() -> None:
    assert [link.name for link in shipped().link("The iPhone maker (AAPL.O) sues")] == ["Apple"]
    assert shipped().link("The owner (A.B) sues") == []


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
