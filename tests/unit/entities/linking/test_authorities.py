"""Central banks, regulators and rating agencies by their short forms."""

from __future__ import annotations

import pytest

from squall.entities.linking.link import Role
from tests.support.linkers import linked, roles_in, shipped


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fed raises rates", "Fed"),
        ("Banks fall as Fed hikes rates", "Fed"),
        ("Fed's Powell speaks", "Fed"),
        ("FED HIKES RATES BY 75 BPS", "FED"),
        ("fed raises rates", "fed"),
        ("Stocks Up Before Fed Decision", "Fed"),
        ("ECB holds", "ECB"),
        ("BoE", "BoE"),
        ("E.C.B. cuts rates", "E.C.B"),
        ("SEC charges Tesla", "SEC"),
        ("FCA fines broker", "FCA"),
    ],
)
def test_short_forms_of_authorities_link(text: str, name: str) -> None:
    assert name in [found for found, _ in linked(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Fed up customers leave",
        "Customers are fed up",
        "CUSTOMERS FED UP",
        "data fed into the model",
        "Koala fed by rescuers",
        "Hungry Koala Fed Leaves",
        "SEC football: Alabama wins",
    ],
)
def test_words_that_look_like_them_do_not(text: str) -> None:
    assert [link.name for link in shipped().link(text) if link.kind in {"central_bank", "organisation"}] == []


def test_an_abbreviation_that_is_a_company_s_too_is_told_by_what_it_does() -> None:
    assert [entity for _, entity in linked("FCA recalls trucks")] == ["STLA"]
    assert [entity for _, entity in linked("FCA bans broker")] == ["organisation:financial-conduct-authority"]


@pytest.mark.parametrize(
    "text",
    [
        "Lender fined by the FCA",
        "Lender fined by FCA",
        "Lender hit with record FCA fine",
        "FCA probe hits lender",
        "The FCA said lenders may pay",
    ],
)
def test_it_is_told_by_what_was_done_too(text: str) -> None:
    assert [entity for _, entity in linked(text)] == ["organisation:financial-conduct-authority"]


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Nasdaq to buy Zorgblat", "NDAQ"),
        ("Nasdaq agrees to buy Zorgblat", "NDAQ"),
        ("Nasdaq in talks to buy Zorgblat", "NDAQ"),
        ("Nasdaq to cut 100 jobs", "NDAQ"),
        ("Nasdaq profit rises", "NDAQ"),
        ("Dow to cut 2,000 jobs", "DOW"),
        ("ASX to delist Zorgblat", "ASX.AX"),
    ],
)
def test_an_index_that_does_what_companies_do_is_the_company(text: str, company: str) -> None:
    assert linked(text)[:1] == [(text.split()[0], company)]


@pytest.mark.parametrize(
    "text",
    [
        "Nasdaq to open higher",
        "Nasdaq set to close lower",
        "Nasdaq to cut losses",
        "Nasdaq falls, Tesla to buy Zorgblat",
        "Dow to post worst week",
    ],
)
def test_an_index_that_moves_is_the_index(text: str) -> None:
    (first, *_) = shipped().link(text)
    assert first.kind == "index"


@pytest.mark.parametrize(
    "text",
    ["S&P cuts Greece", "Greece cut to junk by S&P", "S&P affirms Italy at BBB", "S&P rating cut hits Greece", "S&P puts Spain on watch"],
)
def test_s_and_p_that_rates_is_the_agency(text: str) -> None:
    (agency,) = [link for link in shipped().link(text) if text[link.start : link.end] == "S&P"]
    assert (agency.entity, agency.role) == ("company:s-and-p-global-inc", Role.RATER)


@pytest.mark.parametrize("text", ["S&P falls 2%", "S&P cuts early losses", "S&P closes at record", "S&P posts worst day", "Dow, S&P slip"])
def test_s_and_p_that_moves_is_the_index(text: str) -> None:
    (index,) = [link for link in shipped().link(text) if text[link.start : link.end] == "S&P"]
    assert (index.entity, index.role) == ("index:s-and-p-500", Role.SUBJECT)


@pytest.mark.parametrize("agency", ["Moody's", "Fitch", "DBRS", "KBRA", "AM Best", "Standard & Poor's"])
@pytest.mark.parametrize("verb", ["cuts", "downgrades", "confirms", "puts", "says"])
def test_an_agency_rates_whom_it_names(agency: str, verb: str) -> None:
    assert roles_in(f"{agency} {verb} Italy") == {agency: Role.RATER, "Italy": Role.SUBJECT}


@pytest.mark.parametrize("text", ["Moody's raises dividend", "Moody's cuts full-year profit outlook", "Fitch hires 20 bankers"])
def test_an_agency_s_own_business_is_about_it(text: str) -> None:
    assert list(roles_in(text).values()) == [Role.SUBJECT]
