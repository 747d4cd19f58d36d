"""What a name does in a text."""

from __future__ import annotations

import pytest

from squall.entities.linking.link import Role
from tests.support.linkers import by_name, roles_in, shipped


@pytest.mark.parametrize(
    ("text", "rater"),
    [
        ("Goldman cuts Tesla to sell", "Goldman"),
        ("Goldman Sachs upgrades Volkswagen", "Goldman Sachs"),
        ("Tesla cut to neutral at JPMorgan", "JPMorgan"),
        ("Tesla price target raised by Barclays", "Barclays"),
        ("Cemex cut at Credit Suisse, J.P. Morgan", "J.P. Morgan"),
        ("Barclays positive on Tesla", "Barclays"),
        ("Moody's cuts Greece to junk", "Moody's"),
        ("HSBC sees gold at $2,000", "HSBC"),
        ("UBS analyst likes Tesla", "UBS"),
        ("Analysts at UBS like Tesla", "UBS"),
        ("Tesla could double, says UBS", "UBS"),
        ("UBS's Jane Doe says Tesla could double", "UBS"),
        ("Tesla may fall further: Jane Doe, UBS", "UBS"),
        ("Tesla may fall further: UBS", "UBS"),
        ("Sell Tesla before the slump, UBS says", "UBS"),
        ("UBS says this stock has room to run", "UBS"),
        ("UBS says Tesla is oversold", "UBS"),
        ("Tesla slips as UBS downgrades, citing weak demand", "UBS"),
        ("Tesla slides following UBS downgrade", "UBS"),
        ("Tesla viewed cautiously at UBS", "UBS"),
        ("UBS wary on big carmakers before earnings", "UBS"),
        ("UBS turns bearish on Tesla", "UBS"),
        ("UBS's Doe trims price target for Tesla", "UBS"),
        ("UBS cuts profit forecast for Tesla", "UBS"),
        ("UBS cuts Tesla profit forecast", "UBS"),
        ("UBS lowers its outlook on Tesla", "UBS"),
        ("UBS cuts growth forecast for China", "UBS"),
        ("UBS raises price target on Zorgblat", "UBS"),
        ("Zorgblat cut to sell at UBS", "UBS"),
        ("UBS cuts Tesla", "UBS"),
        ("Tesla added to UBS's conviction list", "UBS"),
        ("UBS names Tesla top pick", "UBS"),
        ("UBS: Tesla could double", "UBS"),
        ("UBS on Tesla: buy the dip", "UBS"),
        ("UBS predicts Fed will cut rates", "UBS"),
        ("Credit Suisse and UBS raise Tesla targets", "UBS"),
    ],
)
def test_a_broker_that_judges_others_rates(text: str, rater: str) -> None:
    found = roles_in(text)
    assert found[rater] is Role.RATER
    assert all(role is Role.SUBJECT for name, role in found.items() if name not in {rater, "Credit Suisse"})


@pytest.mark.parametrize(
    "text",
    [
        "JPMorgan shares fall",
        "Goldman Sachs cuts 3,000 jobs",
        "Barclays cut to sell by UBS",
        "UBS settles with regulators",
        "Report says UBS hid losses",
        "UBS lowers profit target after fine",
        "Regulator says UBS misled clients",
        "UBS says second-quarter profit fell",
        "UBS expects to cut jobs",
        "UBS expects revenue from stocks and bonds to rise",
        "Banks fall after UBS report",
        "Stocks slide after UBS outlook disappoints",
        "UBS turns negative for the year",
        "UBS downgraded to hold at Barclays",
        "Moody's profit rises",
        "HSBC cuts 1,800 jobs",
        "HSBC cuts jobs as Tesla rises",
        "HSBC cuts outlook as Tesla rises",
        "HSBC cuts dividend after UBS downgrade",
        "HSBC cuts Hong Kong jobs",
        "UBS raises stake in Tesla",
        "UBS raises Tesla stake",
        "Citi cuts costs at Tesla unit",
        "Goldman Sachs raises $2 billion for Tesla",
        "HSBC lowers mortgage rates in Britain",
        "HSBC cuts output, jobs and forecast",
        "1,800 jobs cut at HSBC as profit falls",
        "Jobs cut at HSBC",
        "HSBC and UBS raise dividends",
        "UBS forecasts profit",
        "UBS leads Tesla bond sale",
    ],
)
def test_a_broker_that_is_talked_of_is_a_subject(text: str) -> None:
    assert next(iter(roles_in(text).values())) is Role.SUBJECT


@pytest.mark.parametrize(
    ("text", "house"),
    [
        ("Bear Stearns rescued by JPMorgan", "JPMorgan"),
        ("Bear Stearns fund shut by Goldman Sachs", "Goldman Sachs"),
        ("Best Buy sued by Citi", "Citi"),
        ("Target sued by Citi", "Citi"),
    ],
)
def test_words_of_another_s_name_are_no_rating(text: str, house: str) -> None:
    assert roles_in(text)[house] is Role.SUBJECT


@pytest.mark.parametrize("text", ["Best Buy cut to sell at Citi", "Best Buy upgraded to buy by Citi", "Citi upgrades Best Buy"])
def test_a_name_with_a_word_of_rating_in_it_can_be_rated(text: str) -> None:
    assert roles_in(text) == {"Best Buy": Role.SUBJECT, "Citi": Role.RATER}


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("VW shares plunge - Reuters", "Reuters"),
        ("Bloomberg reports VW plans job cuts", "Bloomberg"),
        ("VW plans job cuts, according to Reuters", "Reuters"),
        ("Reuters exclusive: VW plans job cuts", "Reuters"),
        ("VW plans job cuts via Reuters", "Reuters"),
    ],
)
def test_an_agency_that_tells_is_an_author(text: str, author: str) -> None:
    found = roles_in(text)
    assert (found[author], found["VW"]) == (Role.AUTHOR, Role.SUBJECT)


def test_a_house_at_whose_conference_another_presents_is_its_host() -> None:
    assert roles_in("Tesla presents at Citi Global Technology Conference") == {"Tesla": Role.SUBJECT, "Citi": Role.HOST}


def test_an_agency_with_results_is_a_subject() -> None:
    assert roles_in("Thomson Reuters profit rises") == {"Thomson Reuters": Role.SUBJECT}


def test_an_exchange_where_something_is_listed_is_no_subject() -> None:
    assert roles_in("NYSE-listed Alibaba falls")["NYSE"] is Role.EXCHANGE


@pytest.mark.parametrize(
    "text",
    [
        "SHAREHOLDER ALERT: Rosen Law Firm reminds Tesla investors of deadline",
        "Pomerantz LLP investigates claims on behalf of investors of Tesla Inc. (TSLA)",
        "Rosen, on behalf of shareholders of Tesla, is investigating Tesla",
    ],
)
def test_a_company_whose_shareholders_are_solicited_is_no_subject(text: str) -> None:
    links = [link for link in shipped().link(text) if "TSLA" in link.symbols]
    assert {link.role for link in links} == {Role.SOLICITATION}


def test_news_of_a_lawsuit_is_no_solicitation() -> None:
    assert roles_in("Judge certifies class action against Tesla")["Tesla"] is Role.SUBJECT


def test_many_names_of_one_title_share_its_relevance() -> None:
    text = "Tesla, Volkswagen, Microsoft, Pfizer, Nestle, Boeing, Toyota, Honda, Sony, Disney, Starbucks and Netflix fall"
    assert {link.relevance for link in shipped().link(text)} == {0.5}


def test_a_name_in_the_title_is_more_relevant_than_one_below_it() -> None:
    title = "Tesla recalls cars"
    text = f"{title}. The company said so. Analysts compared it with Volkswagen, which had done so before."
    links = by_name(shipped().link(text, title_length=len(title)))
    tesla, volkswagen = links[next(key for key in links if "tesla" in key)], links[next(key for key in links if "volkswagen" in key)]
    assert (tesla.relevance, 0 < volkswagen.relevance < 0.7) == (1.0, True)


def test_a_name_in_an_aside_is_less_relevant() -> None:
    links = by_name(shipped().link("Tesla falls as Volkswagen gains"))
    assert sorted(link.relevance for link in links.values()) == [0.8, 1.0]
