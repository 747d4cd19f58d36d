"""Companies beside the topics, one of them over time, and the names in documents."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from squall.core.records import Event, ScoredDocument
from tests.support.browser import colours
from tests.support.served_page import ServedPage

pytestmark = pytest.mark.slow

BOMB = "<img src=x onerror=alert(1)>"


@pytest.fixture
def page(served_page: ServedPage, visit: Any) -> Page:
    served_page.fill()
    served_page.companies()
    opened: Page = visit()
    expect(opened.locator("#entity-chart canvas").first).to_be_visible()
    return opened


def names(page: Page) -> Any:
    return page.locator("#entities .name")


def row_of(page: Page, name: str) -> Any:
    return page.locator("#entities tr").filter(has=page.get_by_role("button", name=name))


def test_the_most_negative_company_is_first_and_shown_though_it_has_no_ticker(page: Page) -> None:
    expect(names(page)).to_have_text(["Alpenbank", "Ford", "Orlova"])
    expect(row_of(page, "Alpenbank").locator("td")).to_have_text(["11", "11", "+3.3", "−0.70", "–"])
    expect(row_of(page, "Orlova").locator("td")).to_have_text(["3", "0", "0", "+0.70", "–"])
    expect(page.locator("#entity-title")).to_have_text("Alpenbank")
    expect(page.locator("#entity-reading")).to_contain_text("11 documents, 11 negative (100%), tone −0.70.")
    expect(page.locator("#entity-rows li")).to_have_count(11)
    assert colours(page, "#entity-chart") > 3
    assert "entity=" not in page.url


def test_a_switch_changes_what_comes_first_and_the_address_keeps_it(page: Page) -> None:
    page.get_by_text("Most talked about", exact=True).click()
    expect(page).to_have_url(re.compile("order=volume$"))
    page.get_by_label("Which names").select_option("countries")
    expect(page.locator("#entities-note")).to_contain_text("No document of these hours names one")
    expect(names(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("radio", name="Most talked about")).to_be_checked()
    expect(page.get_by_label("Which names")).to_have_value("countries")


def test_a_company_is_chosen_with_the_keyboard_alone_and_is_in_the_address(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the companies")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Orlova"):
            break
    page.keyboard.press("Enter")
    expect(row_of(page, "Orlova").get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#entity-title")).to_have_text("Orlova")
    expect(page).to_have_url(re.compile("entity=company%3Aorlova(#|$)"))
    page.reload()
    expect(page.locator("#entity-title")).to_have_text("Orlova")
    expect(page.locator("#entity-rows li")).to_have_count(3)


def test_the_documents_of_a_company_show_the_tone_towards_it_and_not_their_own(page: Page) -> None:
    row_of(page, "Orlova").get_by_role("button").click()
    first = page.locator("#entity-rows li").first
    expect(first.locator(".chip")).to_have_text("positive")
    own = page.locator("#documents li").filter(has_text="Orlova gains").first
    expect(own.locator(".chip")).to_have_text("negative")


def test_documents_show_their_names_as_chips_with_tone_and_relevance_and_mark_them_in_the_text(page: Page) -> None:
    row = page.locator("#documents li").filter(has_text="Orlova gains").first
    chips = row.locator(".who")
    expect(chips).to_have_text(["▲Orlova, positive +0.70", "▼Alpenbank, negative −0.70"])
    expect(chips.first).to_have_attribute("title", "Orlova (ORLO): negative 10%, neutral 10%, positive 80%; relevance 90%")
    expect(row.locator(".title mark")).to_have_text(["Orlova", "Alpenbank"])
    expect(row.locator(".title mark").first).to_have_class("positive")
    chips.last.click()
    expect(page.locator("#entity-title")).to_have_text("Alpenbank")
    expect(page.locator("#entity-title")).to_be_focused()


def test_marks_are_in_their_place_after_characters_that_are_two_units_in_a_browser(served_page: ServedPage, visit: Any) -> None:
    served_page.insert(
        served_page.naming(
            "😀😀 up", ("company:one", "日本 郵政", "positive"), ("company:two", "Zwei", "negative"), text="日本 郵政 𝔘 and Zwei rise"
        )
    )
    page = visit()
    expect(page.locator("#documents .text mark")).to_have_text(["日本 郵政", "Zwei"])
    expect(page.locator("#documents .text")).to_have_text("日本 郵政 𝔘 and Zwei rise")


def test_search_finds_a_name_and_says_when_there_is_none(page: Page) -> None:
    field = page.get_by_placeholder("Find a name or ticker")
    field.fill("orlo")
    expect(names(page)).to_have_text(["Orlova"])
    expect(page.locator("#entity-title")).to_have_text("Alpenbank")
    page.locator("#entities button").click()
    expect(page.locator("#entity-title")).to_have_text("Orlova")
    field.fill("nobody")
    expect(page.locator("#entities-note")).to_have_text("No document names this.")
    field.fill("")
    expect(names(page)).to_have_count(3)


def test_markup_in_a_name_or_an_id_is_text(served_page: ServedPage, visit: Any) -> None:
    served_page.insert(served_page.naming(f"{BOMB} falls", (f"found:{BOMB}/ü", BOMB, "negative")))
    served_page.count()
    page = visit()
    expect(names(page)).to_have_text([BOMB])
    expect(page.locator("#entity-title")).to_have_text(BOMB)
    expect(page.locator("#documents .who .name")).to_have_text(BOMB)
    expect(page.locator("#documents .title mark")).to_have_text(BOMB)
    page.locator("#documents .who").click()
    expect(page).to_have_url(re.compile("entity=found%3A%3Cimg"))
    page.reload()
    expect(page.locator("#entity-rows li")).to_have_count(1)
    assert page.locator("img").count() == 0


def read(row: ScoredDocument, severity: float, *events: str) -> ScoredDocument:
    """Return `row`, read as an accident, of which only this happened to the name in it."""
    happened = tuple(Event(name=name, probability=0.8) for name in events)
    mentions = tuple(mention.model_copy(update={"severity": severity, "events": happened}) for mention in row.mentions)
    return row.model_copy(update={"severity": 0.9, "events": (Event(name="accident", probability=0.8),), "mentions": mentions})


def test_documents_of_a_company_are_listed_gravest_for_it_first_with_what_happened_to_it(served_page: ServedPage, visit: Any) -> None:
    ford = ("company:ford", "Ford", "negative")
    rows = [read(served_page.naming(f"Ford slips {n}", ford, age=timedelta(minutes=n)), n / 100, "results") for n in range(21)]
    served_page.insert(
        *rows,
        served_page.naming("Ford is not read", ford, age=timedelta(hours=2)),
        read(served_page.naming("Ford fails", ford, age=timedelta(hours=7)), 1.0, "insolvency", "own_event"),
    )
    served_page.count()
    page = visit()
    listed = page.locator("#entity-rows li")
    expect(listed).to_have_count(20)
    expect(listed.first).to_contain_text("Ford slips 0")
    expect(listed.first.locator(".what")).to_have_text(["profit warning or bad results"])
    expect(page.locator("#documents .what").first).to_have_text("accident or disaster")
    page.get_by_role("button", name="Older documents").first.click()
    expect(listed).to_have_count(23)
    switch = page.locator("#entity-documents").get_by_label("Order")
    switch.select_option("gravest first")
    expect(listed).to_have_count(20)
    expect(listed.first).to_contain_text("Ford fails")
    expect(listed.first.locator(".chip")).to_have_text(["negative", "ruin"])
    expect(listed.first.locator(".what")).to_have_text(["insolvency or default", "own event"])
    expect(listed.nth(1)).to_contain_text("Ford slips 20")
    expect(page.locator("#entity-older")).to_be_hidden()
    expect(page).to_have_url(re.compile("entity_sort=gravest$"))
    page.locator("#filters").get_by_label("Order").select_option("gravest first")
    expect(page.locator("#documents li")).to_have_count(22)
    page.get_by_text("6 h", exact=True).click()
    expect(listed.first).to_contain_text("Ford slips 20")
    expect(page.locator("#documents li")).to_have_count(21)
    page.reload()
    expect(listed.first).to_contain_text("Ford slips 20")
    expect(switch).to_have_value("gravest")
    switch.select_option("newest first")
    expect(listed.first).to_contain_text("Ford slips 0")
    expect(page.locator("#entity-older")).to_be_visible()


def test_where_no_model_read_severity_gravest_first_says_that_there_is_none(page: Page) -> None:
    page.locator("#entity-documents").get_by_label("Order").select_option("gravest first")
    expect(page.locator("#entity-documents-note")).to_have_text("No document of this time range has a severity.")
    expect(page.locator("#entity-rows li")).to_have_count(0)


def test_an_address_with_a_name_that_never_occurred_says_so(served_page: ServedPage, visit: Any, expected_errors: Any) -> None:
    expected_errors.append(re.compile("status of 404"))
    served_page.fill()
    page = visit("?entity=company:nobody")
    expect(page.locator("#entity-reading")).to_have_text("No stored document names company:nobody.")
    expect(page.locator("#banner")).to_be_hidden()


def test_new_documents_of_a_company_appear_without_a_reload_and_move_nothing_under_the_pointer(page: Page, served_page: ServedPage) -> None:
    row_of(page, "Ford").hover()
    row_of(page, "Ford").get_by_role("button").click()
    expect(page.locator("#entity-rows li")).to_have_count(6)
    served_page.insert(*[served_page.naming(f"Ford recalls {n}", ("company:ford", "Ford", "negative")) for n in range(20)])
    served_page.count()
    expect(row_of(page, "Ford").locator("td").nth(1)).to_have_text("20")
    expect(names(page).first).to_have_text("Alpenbank")
    expect(page.locator("#entity-rows .title").first).to_contain_text("Ford recalls")
    page.mouse.move(2, 2)
    expect(names(page).first).to_have_text("Ford")


def test_nothing_below_moves_when_another_company_or_none_is_listed(page: Page) -> None:
    place = "document.querySelector('#chart-title').getBoundingClientRect().top + scrollY"
    before = page.evaluate(place)
    row_of(page, "Orlova").get_by_role("button").click()
    expect(page.locator("#entity-title")).to_have_text("Orlova")
    assert page.evaluate(place) == before
    page.get_by_placeholder("Find a name or ticker").fill("nobody")
    expect(page.locator("#entities-note")).to_have_text("No document names this.")
    assert page.evaluate(place) == before


@pytest.mark.parametrize("width", [390, 820])
def test_narrow_screens_need_no_sideways_scrolling_for_long_names(served_page: ServedPage, visit: Any, width: int) -> None:
    long = "Aktiengesellschaft" * 12
    served_page.insert(served_page.naming(f"{long} falls", ("company:long", long, "negative"), age=timedelta(minutes=1)))
    served_page.count()
    page = visit("", viewport={"width": width, "height": 800})
    expect(page.locator("#entity-rows li")).to_have_count(1)
    expect(page.locator("#entity-chart canvas").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_long_word_in_the_address_makes_the_page_no_wider(
    served_page: ServedPage, visit: Any, expected_errors: list[re.Pattern[str]]
) -> None:
    expected_errors.append(re.compile("the server responded with a status of 404"))
    served_page.fill()
    served_page.companies()
    for parameter in ("entity", "series", "q", "topic", "source", "symbol"):
        page: Page = visit(f"?{parameter}={'x' * 900}")
        if parameter == "entity":
            expect(page.locator("#entity-reading")).to_contain_text("No stored document names")
        expect(page.locator("#entities .name").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), parameter
