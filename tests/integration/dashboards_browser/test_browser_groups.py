"""Sectors and industries on the page, their members, and the ways between a company and what it belongs to."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import colours
from tests.support.served_page import ServedPage

pytestmark = pytest.mark.slow

SHELL, EXXON = ("company:shell-plc", "Shell", "negative"), ("company:exxon-mobil-corporation", "Exxon", "negative")
ALPHABET, YOUTUBE = ("company:alphabet-inc", "Alphabet", "positive"), ("company:youtube", "YouTube", "negative")


@pytest.fixture
def stored(served_page: ServedPage) -> ServedPage:
    """Energy falls: Shell 5 times, Exxon twice beside it; YouTube is down once, Alphabet gains; France votes."""
    made = served_page
    made.fill()
    rows = [made.naming(f"Shell leaks {n}", SHELL, age=timedelta(minutes=n)) for n in range(3)]
    rows += [made.naming(f"Shell and Exxon are sued {n}", SHELL, EXXON, age=timedelta(hours=2, minutes=n)) for n in range(2)]
    rows += [made.naming("YouTube is down", YOUTUBE, age=timedelta(hours=3)), made.naming("Alphabet gains", ALPHABET)]
    rows += [made.naming("France votes", ("country:france", "France", "neutral"), age=timedelta(hours=1))]
    made.insert(*rows)
    made.count()
    return made


def names(page: Page) -> Any:
    return page.locator("#entities .name")


def members(page: Page) -> Any:
    return page.locator("#member-rows .name")


def above(page: Page) -> Any:
    return page.locator("#entity-above .name")


def test_sectors_are_listed_and_one_shows_its_tone_and_its_members(stored: ServedPage, visit: Any) -> None:
    page = visit()
    page.get_by_label("Which names").select_option("sectors")
    expect(names(page)).to_have_text(["Energy", "Communication Services"])
    expect(page.locator("#entities tr").first.locator("td")).to_have_text(["7", "7", "+2.6", "−0.70", "–"])
    page.locator("#entities button").first.click()
    expect(page.locator("#entity-title")).to_have_text("Energy")
    expect(page.locator("#entity-symbols")).to_have_text("sector")
    expect(page.locator("#entity-reading")).to_contain_text(re.compile(r"^2 of \d+ are named, 7 times; 7 negative \(100%\), tone −0.70\."))
    expect(page.locator("#members-note")).to_have_text("Above, a document that names two of them counts for each.")
    expect(members(page)).to_have_text(["Shell", "Exxon"])
    expect(page.locator("#member-rows tr").first.locator("td")).to_have_text(["5", "5", "+2.2", "−0.70", "–"])
    expect(page.locator("#entity-documents")).to_be_hidden()
    expect(page.locator("#entity-chart canvas").first).to_be_visible()
    assert colours(page, "#entity-chart") > 3
    expect(page).to_have_url(re.compile("entity=sector%3Aenergy&names=sectors"))


def test_a_member_is_a_way_to_its_view_and_from_there_up_again(stored: ServedPage, visit: Any) -> None:
    page = visit("?entity=sector:energy")
    expect(above(page)).to_have_text(["Market"])
    members(page).get_by_text("Shell").click()
    expect(page.locator("#entity-title")).to_have_text("Shell")
    expect(page.locator("#entity-title")).to_be_focused()
    expect(page.locator("#entity-rows li")).to_have_count(5)
    expect(page.locator("#entity-members")).to_be_hidden()
    expect(above(page)).to_contain_text(["Oil, Gas & Consumable Fuels", "United Kingdom", "Energy", "Market"])
    above(page).get_by_text("Oil, Gas & Consumable Fuels").click()
    expect(page.locator("#entity-symbols")).to_have_text("industry")
    expect(members(page)).to_have_text(["Shell", "Exxon"])
    above(page).get_by_text("Market").click()
    expect(members(page)).to_have_text(["Shell", "Exxon", "YouTube", "Alphabet"])


def test_a_company_is_shown_with_what_it_owns_and_the_address_keeps_it(stored: ServedPage, visit: Any) -> None:
    page = visit("?entity=company:alphabet-inc")
    expect(page.locator("#entity-rows li")).to_have_count(1)
    above(page).get_by_text("with what it owns").click()
    expect(page.locator("#entity-reading")).to_contain_text("are named, 2 times; 1 negative (50%)")
    expect(page).to_have_url(re.compile("members=true"))
    page.reload()
    expect(members(page)).to_have_text(["YouTube", "Alphabet"])
    above(page).get_by_text("Alphabet alone").click()
    expect(page.locator("#entity-rows li")).to_have_count(1)
    assert "members" not in page.url


def test_a_country_leads_to_its_companies_by_keyboard(stored: ServedPage, visit: Any) -> None:
    page = visit("?entity=country:france")
    expect(page.locator("#entity-reading")).to_contain_text("1 document, 0 negative")
    page.locator("#entity-above button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#entity-symbols")).to_have_text("its companies")
    expect(page.locator("#entity-reading")).to_contain_text("No document in these hours, nor before.")


def test_new_documents_of_a_sector_are_counted_without_a_reload(stored: ServedPage, visit: Any) -> None:
    page = visit("?entity=sector:energy&names=sectors")
    expect(members(page)).to_have_text(["Shell", "Exxon"])
    stored.insert(*[stored.naming(f"Exxon spills {n}", EXXON) for n in range(9)])
    stored.count()
    expect(members(page)).to_have_text(["Exxon", "Shell"])
    expect(page.locator("#entities td").nth(1)).to_have_text("16")


def test_nothing_below_moves_between_a_company_and_its_sector(stored: ServedPage, visit: Any) -> None:
    place = "document.querySelector('#chart-title').getBoundingClientRect().top + scrollY"
    page = visit("?entity=company:shell-plc")
    expect(page.locator("#entity-rows li")).to_have_count(5)
    expect(page.locator("#entity-chart canvas").first).to_be_visible()
    before = page.evaluate(place)
    above(page).get_by_text("Energy").click()
    expect(members(page)).to_have_count(2)
    assert page.evaluate(place) == before


def test_on_a_phone_a_sector_needs_no_sideways_scrolling(stored: ServedPage, visit: Any) -> None:
    page = visit("?entity=company:shell-plc&names=industries", viewport={"width": 390, "height": 800})
    expect(above(page)).to_contain_text(["Oil, Gas & Consumable Fuels"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    above(page).get_by_text("Energy").click()
    expect(members(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_address_with_a_sector_that_is_none_says_so(stored: ServedPage, visit: Any, expected_errors: Any) -> None:
    expected_errors.append(re.compile("status of 404"))
    page = visit("?entity=sector:magic")
    expect(page.locator("#entity-reading")).to_have_text("Nothing is known to belong to sector:magic.")
