"""What is drawn, and how a topic is chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import colours
from tests.support.served_page import OIL, ServedPage

pytestmark = pytest.mark.slow


@pytest.fixture
def page(served_page: ServedPage, visit: Any) -> Page:
    served_page.fill()
    served_page.readings()
    served_page.alert()
    opened: Page = visit()
    expect(opened.locator("#heatmap canvas").first).to_be_visible()
    expect(opened.locator("#chart canvas").first).to_be_visible()
    return opened


def row_of(page: Page, name: str) -> Any:
    return page.locator("#topics tr").filter(has=page.get_by_role("button", name=name, exact=False))


def test_mood_and_chart_are_drawn_and_the_table_has_their_numbers(page: Page) -> None:
    assert colours(page, "#heatmap") > 8
    assert colours(page, "#chart") > 4
    expect(row_of(page, OIL).locator("td")).to_have_text(["14", "14", "100%", "−1.00", "–"])
    expect(row_of(page, "Earnings").locator("td")).to_have_text(["11", "0", "0%", "+1.00", "–"])
    expect(row_of(page, OIL)).to_contain_text("alert")
    expect(page).to_have_title("(1) Squall")


def test_a_topic_is_chosen_with_the_mouse_on_the_heatmap(page: Page) -> None:
    line = row_of(page, OIL).bounding_box()
    heat = page.locator("#heatmap").bounding_box()
    assert line
    assert heat
    assert abs(line["y"] - heat["y"] - 26 - 2 * 22) < 1, "rows of table and heatmap must line up"
    page.mouse.click(heat["x"] + heat["width"] - 5, line["y"] + line["height"] / 2)
    expect(page.get_by_label("Series")).to_have_value(OIL)
    expect(row_of(page, OIL).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#reading")).to_contain_text("14 negative documents in the 60 minutes to 2 Mar 14:00 UTC; 1.2 expected")
    assert "series=Energy" in page.url


def test_a_topic_is_chosen_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the topics")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").startswith("Earnings"):
            break
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Earnings")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(page.locator("#reading")).to_contain_text("0 negative documents of 11")


def test_place_and_range_are_in_the_address_and_survive_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Earnings").click()
    page.get_by_text("7 d", exact=True).click()
    page.locator("#filters").get_by_label("Sentiment").select_option("positive")
    page.get_by_placeholder("Search in title and text").fill("beat")
    expect(page).to_have_url(re.compile("series=Earnings&hours=168&q=beat&sentiment=positive$"))
    page.reload()
    expect(page.get_by_role("button", name="Earnings")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("radio", name="7 d")).to_be_checked()
    expect(page.locator("#filters").get_by_label("Sentiment")).to_have_value("positive")
    expect(page.locator("#documents li")).to_have_count(11)


def test_the_page_follows_dark_and_light_also_on_canvas(page: Page) -> None:
    picture = "document.querySelector('#chart canvas').toDataURL()"
    light, ground = page.evaluate(picture), page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => {picture} !== light", arg=light)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


@pytest.mark.parametrize("width", [390, 820])
def test_narrow_screens_need_no_sideways_scrolling(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".toggle").first.click()
    page.get_by_role("button", name="Silence", exact=True).first.click()
    expect(page.locator("form.action:visible")).to_have_count(1)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.wait_for_function("document.querySelector('#heatmap canvas').getBoundingClientRect().right <= innerWidth")
