"""What surrounds the news: datelines, bylines, credits and lists of prices are not what a text is about."""

from __future__ import annotations

import pytest

from squall.entities.linking.link import Role
from squall.entities.linking.roles.credits import Credits
from tests.support.linkers import linked, roles_in, shipped


@pytest.mark.parametrize(
    "text",
    [
        "SINGAPORE, Sept 9 (Reuters) - Tesla cut jobs",
        "Singapore, Sept 9 (Reuters) - Tesla cut jobs",
        "MEXICO CITY (Reuters) - Tesla cut jobs",
        "By Jane Ford\nTesla cut jobs",
        "By Jane Apple and Henry Ford SINGAPORE (Reuters) -- Tesla cut jobs",
        "Tesla cut jobs. (Reporting by Jane Apple; editing by Visa Target)",
        "Tesla cut jobs\nReporting by Microsoft Jones in Singapore\n",
    ],
)
def test_credits_have_no_subjects(text: str) -> None:
    assert [entity for _, entity in linked(text)] == ["TSLA"]


def test_the_agency_of_a_dateline_is_the_author() -> None:
    assert roles_in("LONDON, Sept 9 (Reuters) - Tesla cut jobs") == {"Reuters": Role.AUTHOR, "Tesla": Role.SUBJECT}


@pytest.mark.parametrize("text", ["By Ford's account sales fell", "By Tesla", "Tesla (TSLA) - shares fall", "Report by Tesla. Ford up"])
def test_names_after_by_or_in_brackets_elsewhere_are_no_credits(text: str) -> None:
    assert not Credits(text)


def test_a_list_of_prices_is_about_none_of_its_names() -> None:
    text = "*BOURSE: Apple 12.3 Microsoft 45.1 Tesla 12.2 GE 33.1 JPMorgan 33 Citi 12.1"
    assert {link.role for link in shipped().link(text)} == {Role.LISTING}


def test_a_name_of_the_list_with_news_of_its_own_is_a_subject() -> None:
    text = "$AAPL +1% $MSFT +2% $TSLA -1% $GE +1% $F +1%. Tesla recalls cars"
    assert {link.entity for link in shipped().link(text) if link.role is Role.SUBJECT} == {"company:tesla-inc"}


def test_three_movers_in_a_headline_are_news_of_each() -> None:
    assert len(linked("Apple +3%, Tesla -2%, Microsoft +1%")) == 3
