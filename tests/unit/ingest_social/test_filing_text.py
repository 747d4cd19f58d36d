"""What is read of a filing's submission."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.ingest.edgar.filing_text import MOST_CHARACTERS, filing_text


def submission(*documents: tuple[str, str]) -> bytes:
    return "".join(f"<DOCUMENT>\n<TYPE>{kind}\n<TEXT>\n{text}\n</TEXT>\n</DOCUMENT>\n" for kind, text in documents).encode()


def test_an_8k_s_other_items_and_exhibits_are_left_out() -> None:
    text = (
        "Cover page. Item 2.04 Triggering Events. The lender declared all amounts due at once. "
        "Item 9.01 Exhibits 99.1 list SIGNATURE Pursuant to the requirements of the Act somebody signs this here."
    )
    assert filing_text(submission(("8-K", text)), "8-K", {"2.04": "Triggering Events", "9.01": "Financial Statements"}) == (
        "Item 2.04 Triggering Events. The lender declared all amounts due at once."
    )


@pytest.mark.parametrize("exhibits", ["", "Item 9.01 Financial Statements and Exhibits. A list. "])
def test_where_no_reported_item_has_a_heading_what_follows_the_cover_counts(exhibits: str) -> None:
    cover = "<p>FORM 8-K CURRENT REPORT</p><table><tr><td><table><tr><td>Check the box</td></tr></table></td></tr></table>"
    cover += "<p>standards provided pursuant to Section 13(a) of the Exchange Act. &#9744;</p>"
    told = "The lender declared all amounts due at once, and the company has stopped its payments."
    text = f"{cover}<p>I<b>tem</b> 2. 04</p><p>{told}</p>{exhibits}<p>SIGNATURES</p>Pursuant to the requirements of the Act"
    found = filing_text(submission(("8-K", text)), "8-K", {"2.04": "Triggering Events", "9.01": "Financial Statements"})
    assert found.endswith(told)
    assert "box" not in found


def test_an_item_that_another_one_refers_to_is_no_heading() -> None:
    text = "Item 2.02 Results. As Item 7.01 of the last report said, revenue fell by half in the quarter."
    assert filing_text(submission(("8-K", text)), "8-K", {"2.02": "Results"}).endswith("revenue fell by half in the quarter.")


def test_items_that_refer_to_each_other_and_a_bank_called_signature_are_whole() -> None:
    text = (
        "Item 1.01 Entry into a Material Agreement. SIGNATURE BANK and the company agreed on a loan; see Item 2.03 and Item 9.01 below, "
        "and what it is secured by. Item 2.03 Creation of a Direct Obligation. The text of Item 1.01 is part of this one. "
        "Item 9.01 Financial Statements and Exhibits. A list. SIGNATURES Pursuant to the requirements"
    )
    names = {
        "1.01": "Entry into a Material Definitive Agreement",
        "2.03": "Creation of a Direct Financial Obligation",
        "9.01": "Financial Statements",
    }
    assert filing_text(submission(("8-K", text)), "8-K", names).splitlines() == [
        "Item 1.01 Entry into a Material Agreement. SIGNATURE BANK and the company agreed on a loan; see Item 2.03 and Item 9.01 below, "
        "and what it is secured by.",
        "Item 2.03 Creation of a Direct Obligation. The text of Item 1.01 is part of this one.",
    ]


def test_a_6k_is_a_cover_and_its_press_release_is_what_it_says() -> None:
    release = "<p>LONDON - Harbor Union plc halts withdrawals after a run on its branches.</p>"
    assert filing_text(submission(("6-K", "Form 6-K Report of Foreign Private Issuer " * 3), ("EX-99.1", release)), "6-K", {}) == (
        "LONDON - Harbor Union plc halts withdrawals after a run on its branches."
    )
    cover = "The company said that its chairman was arrested on Monday. SIGNATURES Pursuant to the requirements"
    assert filing_text(submission(("6-K", cover)), "6-K", {}) == "The company said that its chairman was arrested on Monday."


def test_a_report_on_a_period_begins_with_management_s_discussion_and_not_with_its_heading_in_the_contents() -> None:
    heading = "Management&#8217;s Discussion and Analysis of Financial Condition and Results"
    text = f"<p>Contents: {heading} ... 12</p><p>Item 1. Statements</p><p>{heading}</p><p>Revenue fell by half, and there is doubt.</p>"
    assert filing_text(submission(("10-Q", text)), "10-Q/A", {}).endswith("Revenue fell by half, and there is doubt.")
    for gap in ("\n", "&nbsp;", " <b>", "</b>\n<b> "):
        heading = gap.join(["DISCUSSION", "AND", "ANALYSIS", "OF", "FINANCIAL", "CONDITION"])
        text = f"<p>Statements</p><p>MANAGEMENT'S {heading}</p><p>Revenue fell by half, and there is doubt.</p>"
        assert filing_text(submission(("10-Q", text)), "10-Q", {}).endswith("Revenue fell by half, and there is doubt.")
    assert filing_text(submission(("10-Q", "Only statements, forty characters and more of them.")), "10-Q", {}) == ""


def test_a_long_text_ends_with_a_sentence() -> None:
    text = filing_text(submission(("SC TO-T", "The offer is for all shares. " * 1_000)), "SC TO-T", {})
    assert MOST_CHARACTERS - 40 < len(text) <= MOST_CHARACTERS
    assert text.endswith("all shares.")


@pytest.mark.parametrize("content", ["begin 644 picture.jpg\nM_]C_X  02D9)1@ ! 0$", "<html>", "\x00" * 100, "%PDF-1.4"])
def test_what_can_t_be_read_says_nothing(content: str) -> None:
    assert filing_text(submission(("8-K", content)), "8-K", {}) == ""


def test_a_submission_that_is_cut_off_gives_what_is_there() -> None:
    whole = submission(("8-K", "Item 8.01 Other Events. The plant burned down, and eleven workers are missing since Monday."))
    assert "eleven workers" in filing_text(whole[:-30], "8-K", {"8.01": "Other Events"})


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: submission(("8-K", f"Item 8.01 {text}"))))
def test_no_submission_fails_or_gives_more_than_there_is_room_for(content: bytes) -> None:
    assert len(filing_text(content, "8-K", {})) <= MOST_CHARACTERS
