"""The stream of documents: filters, live updates, and what stays where it is."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from squall.core.records import Kind, ScoredDocument
from tests.support.formed_stories import form_stories
from tests.support.served_page import NEWEST, OIL, ServedPage

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
LATER = timedelta(minutes=-1)

pytestmark = pytest.mark.slow


@pytest.fixture
def page(served_page: ServedPage, visit: Any) -> Page:
    served_page.fill()
    opened: Page = visit()
    expect(opened.locator("#documents li")).to_have_count(48)
    expect(opened.locator("#connection")).to_have_text("live")
    return opened


def first(page: Page) -> Any:
    return page.locator("#documents li").first


@pytest.mark.parametrize(
    ("label", "choice", "rows"),
    [
        ("Topic", OIL, 14),
        ("Sentiment", "positive", 18),
        ("Source", "feed", 14),
        ("Symbol", "ABC", 34),
        ("Kind", "social", 14),
        ("Language", "en", 48),
    ],
)
def test_every_filter_leaves_what_it_says(page: Page, label: str, choice: str, rows: int) -> None:
    page.locator("#filters").get_by_label(label).select_option(choice)
    expect(page.locator("#documents li")).to_have_count(rows)
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.locator("#documents li")).to_have_count(48)


def test_search_requires_all_words_in_any_case_and_shows_when_there_are_no_results(page: Page) -> None:
    search = page.get_by_placeholder("Search in title and text")
    search.fill("STORY oil 7")
    expect(page.locator("#documents li")).to_have_count(1)
    expect(first(page)).to_contain_text("Oil falls, story 7")
    search.fill("nowhere")
    expect(page.get_by_text("No documents match these filters.")).to_be_visible()


def test_a_word_far_back_in_a_new_text_is_found_while_the_reader_searches(served_page: ServedPage, page: Page) -> None:
    page.get_by_placeholder("Search in title and text").fill("needle")
    expect(page.get_by_text("No documents match these filters.")).to_be_visible()
    served_page.insert(served_page.scored("A long read", text=f"{'hay ' * 400}needle", age=LATER))
    expect(first(page)).to_contain_text("A long read", timeout=30_000)


def test_new_documents_appear_on_top_without_a_reload_and_counts_follow(served_page: ServedPage, page: Page) -> None:
    served_page.insert(served_page.scored("Copper jumps", "positive", age=LATER))
    expect(first(page)).to_contain_text("Copper jumps")
    expect(page.locator("#received")).to_have_text("1 received")
    expect(page.locator("#topics tr", has_text="Markets").locator("td").first).to_have_text("24")


def test_new_documents_pass_the_filters_of_the_reader(served_page: ServedPage, page: Page) -> None:
    page.locator("#filters").get_by_label("Kind").select_option("social")
    expect(page.locator("#documents li")).to_have_count(14)
    served_page.insert(served_page.scored("A wire story", age=LATER), served_page.scored("A post", age=LATER, kind=Kind.SOCIAL))
    expect(first(page)).to_contain_text("A post")
    expect(page.locator("#received")).to_have_text("2 received")
    expect(page.locator("#documents li")).to_have_count(15)


def test_a_reader_who_has_scrolled_is_not_moved(served_page: ServedPage, page: Page) -> None:
    rows = page.locator("#rows")
    rows.evaluate("(node) => { node.scrollTop = 400; }")
    seen = page.locator("#documents li").nth(8).bounding_box()
    served_page.insert(*(served_page.scored(f"Late story {number}", age=LATER) for number in range(3)))
    button = page.get_by_role("button", name="3 new documents")
    expect(button).to_be_visible()
    assert rows.evaluate("(node) => node.scrollTop") == 400
    assert page.locator("#documents li").nth(8).bounding_box() == seen
    button.click()
    expect(first(page)).to_contain_text("Late story")
    assert rows.evaluate("(node) => node.scrollTop") == 0
    expect(button).to_be_hidden()


def test_a_reader_with_the_focus_on_a_document_keeps_it(served_page: ServedPage, page: Page) -> None:
    link = first(page).get_by_role("link")
    link.focus()
    served_page.insert(served_page.scored("Late story", age=LATER))
    expect(page.get_by_role("button", name="1 new document")).to_be_visible()
    expect(link).to_be_focused()
    page.get_by_placeholder("Search in title and text").focus()
    expect(first(page)).to_contain_text("Late story")


def test_pausing_holds_new_documents_back(served_page: ServedPage, page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    served_page.insert(served_page.scored("Late story", age=LATER))
    expect(page.get_by_role("button", name="1 new document")).to_be_visible()
    page.get_by_role("button", name="Paused").click()
    expect(first(page)).to_contain_text("Late story")


def test_older_documents_come_by_pages_until_there_are_none(served_page: ServedPage, page: Page) -> None:
    served_page.insert(*(served_page.scored(f"Old story {number}", age=timedelta(hours=30, minutes=number)) for number in range(40)))
    page.goto(f"{served_page.url}?q=OLD")
    expect(page.locator("#documents li")).to_have_count(40)
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.locator("#documents li").first).to_contain_text("Oil falls, story 1")
    page.get_by_role("button", name="Older documents").click()
    expect(page.locator("#documents li")).to_have_count(88)
    expect(page.get_by_role("button", name="Older documents")).to_be_hidden()


def test_hostile_text_stays_text_and_only_web_addresses_are_links(served_page: ServedPage, page: Page) -> None:
    served_page.insert(
        served_page.scored(HOSTILE, url="javascript:alert(1)", age=LATER, text=HOSTILE + " again", source=HOSTILE[:150]),
        served_page.scored("A story on the web", url="https://wire.example/oil", age=2 * LATER),
    )
    expect(first(page).get_by_role("link", name="A story on the web")).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator("#documents li").nth(1)).to_contain_text(HOSTILE)
    expect(page.locator("#documents img, #documents script")).to_have_count(0)
    assert page.locator("a[href^='javascript:']").count() == 0
    expect(page).to_have_title("Squall")


def test_a_burst_is_counted_whole_and_shown_within_the_cap(served_page: ServedPage, page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.evaluate("window.longTasks.length = 0")
    numbers = itertools.count()
    for _ in range(6):  # six seconds at a hundred a second: the page is updated about once a second
        batch = [served_page.scored(f"Burst {number}", age=timedelta(seconds=-number)) for number in itertools.islice(numbers, 100)]
        served_page.insert(*batch)
        expect(page.locator("#received")).to_have_text(re.compile(rf"^{int(batch[-1].document.title.split()[1]) + 1} received"))
    expect(first(page)).to_contain_text("Burst 599")
    page.wait_for_function("document.getElementById('documents').children.length >= 100")
    assert page.locator("#documents li").count() <= 300
    tasks = page.evaluate("window.longTasks")
    with capsys.disabled():
        print(f"\nburst of 600 documents: {len(tasks)} long tasks, the longest {max(tasks, default=0):.0f} ms")


def test_documents_of_a_story_are_one_row_that_lists_the_others_when_asked(served_page: ServedPage, visit: Any) -> None:
    title = "Harbor Union halts withdrawals after run on deposits"
    served_page.insert(
        served_page.scored(title, age=timedelta(minutes=9)),
        served_page.scored(f"UPDATE 1-{title}", age=timedelta(minutes=6)),
        served_page.scored("Quake hits the coast of Alpenland, no damage reported", age=timedelta(minutes=5)),
        served_page.scored(f"{title}: sources", age=timedelta(minutes=3)),
    )
    form_stories(served_page.store, NEWEST)
    page = visit()
    expect(page.locator("#documents > li")).to_have_count(2)
    expect(first(page)).to_contain_text(f"{title}: sources")
    more = first(page).get_by_role("button", name="+2 more")
    expect(more).to_have_attribute("title", "2 more documents of this story; novelty 56 of 100 when it came")
    expect(page.get_by_role("button", name="+0 more")).to_have_count(0)
    more.click()
    expect(first(page).locator(".story-documents li")).to_have_count(2)
    expect(first(page).locator(".story-documents li").first).to_contain_text(f"UPDATE 1-{title}")
    more.click()
    expect(first(page).locator(".story-documents")).to_be_hidden()


def test_a_new_document_joins_its_story_once_that_is_formed(served_page: ServedPage, visit: Any) -> None:
    title = "Harbor Union halts withdrawals after run on deposits"
    served_page.insert(served_page.scored(title, age=timedelta(minutes=9)))
    form_stories(served_page.store, NEWEST)
    page = visit()
    expect(page.locator("#connection")).to_have_text("live")
    served_page.insert(served_page.scored(f"{title}: sources", age=timedelta(minutes=3)))
    expect(page.locator("#documents > li")).to_have_count(2)
    form_stories(served_page.store, NEWEST)
    expect(page.locator("#documents > li")).to_have_count(1, timeout=90_000)  # the page asks again after 4 s, 15 s, and every minute
    expect(first(page).get_by_role("button", name="+1 more")).to_be_visible()


def test_a_changed_document_takes_the_place_of_its_earlier_version_which_can_be_opened(served_page: ServedPage, page: Page) -> None:
    earlier = served_page.scored("Apple to report at noon", "neutral", age=LATER)
    served_page.insert(earlier)
    expect(first(page)).to_contain_text("Apple to report at noon")
    expect(page.get_by_role("button", name="Earlier versions")).to_have_count(0)
    served_page.insert(served_page.scored("Apple plunges 40%", age=2 * LATER, revises=earlier.document.id))
    expect(first(page)).to_contain_text("Apple plunges 40%")
    expect(page.locator("#documents li.document")).to_have_count(49)
    page.get_by_role("button", name="Earlier versions").click()
    expect(first(page).locator(".versions li")).to_have_text(re.compile("^Apple to report at noon neutral"))


def test_documents_in_other_languages_are_marked_and_the_page_says_how_many_there_are(served_page: ServedPage, visit: Any) -> None:
    rows = [served_page.scored(f"Bank fails, part {number}") for number in range(3)]
    foreign = [served_page.scored("Der Konzern senkt die Prognose", language=code).document for code in ("de", "de", "fr")]
    unscored = [ScoredDocument.unscored(each, fingerprint=1, catalogue_version="", scored_at=NEWEST) for each in foreign]
    served_page.insert(*rows, *unscored)
    page: Page = visit()

    expect(page.locator("#unscored")).to_have_text("3 documents in other languages are not scored: de 2, fr 1")
    expect(page.locator("#documents li")).to_have_count(6)
    expect(page.locator("#documents .chip.unscored")).to_have_text(["not scored"] * 3)
    expect(page.locator("#topics tr").first.locator("td").first).to_have_text("3")
    page.locator("#filters").get_by_label("Language").select_option("de")
    expect(page.locator("#documents li")).to_have_count(2)
