"""Alerts: what their cards show, acknowledging and silencing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from squall.core.records import AlertState, Trend
from squall.storage.rows.alerting import Notification
from tests.support.served_page import NEWEST, OIL, ServedPage

pytestmark = pytest.mark.slow


@pytest.fixture
def page(served_page: ServedPage, visit: Any) -> Page:
    served_page.fill()
    served_page.alert(1)
    served_page.alert(2, AlertState.RESOLVED, topic="Markets")
    opened: Page = visit()
    expect(opened.locator("#connection")).to_have_text("live")
    return opened


@pytest.fixture
def card(page: Page) -> Locator:
    found = page.locator("#alerts-open .alert")
    found.get_by_role("button", name=OIL).click()
    expect(found.locator(".explanation p").first).to_be_visible()
    return found


def test_an_open_alert_shows_its_counts_and_the_documents_behind_it(page: Page, card: Locator) -> None:
    expect(card).to_contain_text("14 negative in 60 min, 1.2 expected (90%: 0 to 3); negative share 90%, 30% expected")
    expect(card).to_contain_text("since 2 Mar 13:54 UTC")
    expect(card.locator(".alert-documents li").first).to_contain_text("Oil falls")
    expect(page.locator("#alerts-past .alert")).to_contain_text("resolved")
    expect(page.get_by_role("link", name="1 open alert")).to_be_visible()


def test_a_card_lists_its_notifications_and_their_errors(served_page: ServedPage, visit: Any) -> None:
    served_page.fill()
    served_page.alert(1)
    common = {"alert_id": f"{1:032x}", "alert_ids": (f"{1:032x}",), "message": b"{}", "created_at": NEWEST, "updated_at": NEWEST}
    sent = Notification("n1-mail", event="firing", status="sent", attempts=1, last_error="", receiver="mail", **common)
    failed = Notification("n1-ops", event="firing", status="queued", attempts=2, last_error="HTTP 503", receiver="ops", **common)
    served_page.store.notifications.write([sent, failed])
    page: Page = visit()
    page.locator("#alerts-open .alert").get_by_role("button", name=OIL).click()
    lines = page.locator("#alerts-open .notifications li")
    expect(lines).to_have_count(2)
    expect(lines.filter(has_text="mail: firing, sent")).to_be_visible()
    expect(lines.filter(has_text="ops: firing, queued")).to_contain_text("(HTTP 503)")


def test_an_alert_is_acknowledged_and_the_store_has_it(served_page: ServedPage, page: Page, card: Locator) -> None:
    card.get_by_role("button", name="Acknowledge").click()
    form = card.get_by_role("form", name="Acknowledge")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Note").fill("Calling the desk")
    form.get_by_role("button", name="Acknowledge").click()
    expect(card.locator(".tag")).to_have_text("acknowledged by Ada")
    expect(card.get_by_role("button", name="Acknowledge", exact=True)).to_be_focused()
    stored = served_page.store.acknowledgements.of([f"{1:032x}"])
    assert [(row.author, row.note) for row in (stored.values() if isinstance(stored, dict) else stored)] == [("Ada", "Calling the desk")]
    page.reload()
    page.locator("#alerts-open").get_by_role("button", name=OIL).click()
    page.get_by_role("button", name="Silence", exact=True).first.click()
    expect(page.locator("form.action:visible").get_by_label("Your name")).to_have_value("Ada")


def test_an_alert_is_silenced_and_the_silence_ended_again(served_page: ServedPage, page: Page, card: Locator) -> None:
    card.get_by_role("button", name="Silence").click()
    form = card.get_by_role("form", name="Silence")
    expect(form.get_by_label("Silence alerts that match")).to_have_value(f"topic={OIL}")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Reason").fill("known")
    form.get_by_role("button", name="Silence").click()
    expect(card.locator(".tag")).to_contain_text("silenced until")
    (silence,) = served_page.store.silences.all()
    assert (silence.author, silence.reason, silence.ends_at - silence.starts_at) == ("Ada", "known", timedelta(hours=2))
    page.get_by_role("button", name="End now").click()
    expect(card.locator(".tag")).to_have_count(0)
    expect(page.locator("#silences")).to_be_hidden()


def test_a_silence_shows_what_it_would_match_while_it_is_typed(page: Page, card: Locator) -> None:
    card.get_by_role("button", name="Silence").click()
    form = card.get_by_role("form", name="Silence")
    preview = form.locator(".preview")
    expect(preview).to_contain_text("Matches 1 open alert and 0 resolved, of the last 2:")
    expect(preview.locator("li")).to_contain_text(f"{OIL}: critical, firing")
    matchers = form.get_by_label("Silence alerts that match")
    matchers.fill("topic=Enrgy*")
    expect(preview).to_contain_text("Matches none of the last 2 alerts.")
    expect(preview.locator("li")).to_contain_text(f"topic=Enrgy* matches nothing that is known; nearest: {OIL}")
    matchers.fill("topic=~mark.*|energy.*\nseverity!=warning")
    expect(preview).to_contain_text("Matches 1 open alert and 1 resolved, of the last 2:")


def test_a_matcher_that_is_wrong_is_told_while_it_is_typed(page: Page, card: Locator, expected_errors: list[Any]) -> None:
    expected_errors.append(re.compile("status of 422"))
    card.get_by_role("button", name="Silence").click()
    form = card.get_by_role("form", name="Silence")
    form.get_by_label("Silence alerts that match").fill("topic=~(a")
    expect(form.locator(".preview .warning")).to_contain_text("the regular expression is not valid: missing )")


def test_a_silence_is_planned_extended_and_cancelled(served_page: ServedPage, page: Page, card: Locator) -> None:
    start = (datetime.now(UTC) + timedelta(days=2)).replace(hour=13, minute=30, second=0, microsecond=0)
    card.get_by_role("button", name="Silence").click()
    form = card.get_by_role("form", name="Silence")
    form.get_by_label("Silence alerts that match").fill("topic=~energy.*\nseverity!=warning")
    form.get_by_label("From").fill(f"{start:%Y-%m-%dT%H:%M}")
    form.locator("select[name=minutes]").select_option("60")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Reason").fill("OPEC meeting")
    form.get_by_role("button", name="Silence").click()
    row = page.locator("#silences p")
    expect(row).to_contain_text("planned silence topic=~energy.* and severity!=warning from")
    expect(card.locator(".tag")).to_have_count(0)
    (planned,) = served_page.store.silences.all()
    assert (planned.starts_at, planned.ends_at) == (start, start + timedelta(hours=1))
    row.get_by_label("Extend by").select_option("120")
    row.get_by_role("button", name="Extend").click()
    expect(row).to_contain_text(f"until {start.day} {start:%b} 16:30 UTC")
    (extended,) = served_page.store.silences.all()
    assert (extended.starts_at, extended.ends_at) == (start, start + timedelta(hours=3))
    row.get_by_role("button", name="Cancel silence").click()
    expect(page.locator("#silences")).to_be_hidden()
    (cancelled,) = served_page.store.silences.all()
    assert cancelled.starts_at == cancelled.ends_at < datetime.now(UTC)


def test_a_refusal_is_shown_in_the_form_and_nothing_typed_is_lost(page: Page, card: Locator, expected_errors: list[Any]) -> None:
    expected_errors.append(re.compile("status of 422"))
    card.get_by_role("button", name="Silence").click()
    form = card.get_by_role("form", name="Silence")
    form.get_by_label("Silence alerts that match").fill("everything")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Reason").fill("quiet please")
    form.get_by_role("button", name="Silence").click()
    expect(form.get_by_role("alert")).to_contain_text("'everything' is not a matcher")
    expect(form.get_by_label("Reason")).to_have_value("quiet please")


def test_an_open_card_half_typed_text_and_the_scroll_position_survive_an_update(served_page: ServedPage, page: Page, card: Locator) -> None:
    page.set_viewport_size({"width": 1440, "height": 480})
    card.get_by_role("button", name="Acknowledge").click()
    note = card.get_by_role("form", name="Acknowledge").get_by_label("Note")
    note.fill("half a sen")
    place = page.evaluate("scrollY")
    assert place > 0
    served_page.alert(1, observed=21)
    expect(card).to_contain_text("21 negative in 60 min")
    served_page.alert(3, topic="Earnings")
    expect(page.locator("#alerts-open .alert")).to_have_count(2)
    updated = page.locator("#alerts-open .alert", has_text="21 negative")
    expect(updated.get_by_label("Note")).to_have_value("half a sen")
    expect(updated.get_by_label("Note")).to_be_focused()
    assert page.evaluate("scrollY") >= place


def test_an_alert_that_is_resolved_moves_to_the_past_and_stays_open_there(served_page: ServedPage, page: Page, card: Locator) -> None:
    served_page.alert(1, AlertState.RESOLVED)
    moved = page.locator("#alerts-past .alert", has_text=OIL)
    expect(moved.locator(".explanation p").first).to_be_visible()
    expect(page.locator("#alerts-open .alert")).to_have_count(0)
    expect(page.locator("#open-alerts")).to_be_hidden()
    expect(page).to_have_title("Squall")


BANK = ("company:harbor", "Harbor Union", "negative")
SO_FAR = {
    "total": 20,
    "limit": 9.0,
    "since": NEWEST - timedelta(hours=1),
    "documents_so_far": 251,
    "current_minutes": 60,
    "current": 12,
    "current_total": 20,
    "current_expected": 5.0,
    "trend": Trend.FALLING,
    "peak": 184,
    "peaked_at": NEWEST - timedelta(minutes=45),
    "fired_wall": NEWEST + timedelta(days=400),
    "lead": "Harbor Union",
    "lead_entity": "company:harbor",
    "lead_documents": 3,
    "named_documents": 17,
    "stories": 2,
    "events": ("market_crash",),
    "gravest": 0.8,
}


@pytest.fixture
def crisis(served_page: ServedPage) -> ServedPage:
    served_page.fill()
    titles = [f"Harbor Union halts withdrawals at branch {number}" for number in range(3)]
    ages = [timedelta(minutes=number + 1) for number in range(3)]
    served_page.insert(*(served_page.naming(title, BANK, topic=OIL, age=age) for title, age in zip(titles, ages, strict=True)))
    served_page.alert(1, **SO_FAR)
    return served_page


def test_a_card_says_who_drives_the_alert_and_what_is_so_now(crisis: ServedPage, visit: Any) -> None:
    card = visit().locator("#alerts-open .alert")
    expect(card.get_by_role("button", name=f"Harbor Union ({OIL})")).to_be_visible()
    expect(card.locator(".driver")).to_have_text("Harbor Union: 3 of 17 negative documents, 2 stories – grave: market crash or bank run")
    expect(card).to_contain_text(
        "Now: 12 negative of 20 in 60 min, 5 expected, falling; peak 184 at 2 Mar 13:20; 251 negative documents since"
    )
    expect(card).to_contain_text("Judged: 14 negative in 60 min, 1.2 expected (90%: 0 to 3); alert from 9; negative share 90%")


def test_an_opened_card_lists_stories_with_their_counts_and_labelled_times(crisis: ServedPage, visit: Any) -> None:
    page: Page = visit()
    card = page.locator("#alerts-open .alert")
    card.get_by_role("button", name="Harbor Union").click()
    told = crisis.store.drivers.of(crisis.store.alerts.get(f"{1:032x}"), {})
    stories = card.locator(".stories li")
    expect(stories).to_have_count(told.story_count)
    expect(stories.filter(has_text="Harbor Union halts withdrawals")).to_contain_text("3 documents; first 2 Mar 14:02 UTC; wire")
    expect(card.locator(".times")).to_contain_text("Peaked")
    expect(card.locator(".times")).to_contain_text("(wall time 2027-04-06 14:05 UTC)")


def test_a_link_to_an_alert_opens_it_and_its_form_and_changes_nothing(crisis: ServedPage, visit: Any) -> None:
    for number in range(3, 20):
        crisis.alert(number, AlertState.RESOLVED, topic="Markets")
    page: Page = visit(f"?alert={1:032x}&do=acknowledge")
    card = page.locator("#alerts-open .alert", has_text=OIL)
    expect(card.locator(".stories li").first).to_be_visible()
    form = card.get_by_role("form", name="Acknowledge")
    expect(form.get_by_label("Your name")).to_be_focused()
    expect(card.get_by_role("button", name="Harbor Union")).to_be_in_viewport()
    assert crisis.store.acknowledgements.of([f"{1:032x}"]) == []


def test_a_link_to_a_past_alert_opens_that_one_however_old(crisis: ServedPage, visit: Any) -> None:
    for number in range(3, 20):
        crisis.alert(number, AlertState.RESOLVED, topic="Markets")
    page: Page = visit(f"?alert={19:032x}")
    opened = page.locator("#alerts-past .alert .details:visible")
    expect(opened).to_have_count(1)
    expect(opened.get_by_role("link", name="Link to this alert")).to_have_attribute("href", f"?alert={19:032x}#alerts-title")
