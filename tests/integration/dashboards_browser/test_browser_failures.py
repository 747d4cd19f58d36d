"""What the page says when something is missing, stopped or gone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from squall import storage
from squall.core.errors import StoreUnavailableError
from tests.support.browser import AWAY, Watched
from tests.support.served_page import ServedPage

pytestmark = pytest.mark.slow


def test_an_empty_store_says_what_to_do_and_fills_without_a_reload(desk: ServedPage, visit: Any) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Nothing is stored yet")).to_be_visible()
    expect(page.locator("#content")).to_be_hidden()
    expect(page.locator("#connection")).to_have_text("live")
    desk.insert(desk.scored("The first story"))
    expect(page.locator("#documents li")).to_contain_text("The first story")
    expect(page.get_by_role("heading", name="Nothing is stored yet")).to_be_hidden()
    expect(page.locator("#heatmap canvas").first).to_be_visible()


def test_the_strip_shows_rate_latency_lag_and_that_all_is_running(desk: ServedPage, visit: Any) -> None:
    desk.fill()
    desk.report()
    page = visit()
    expect(page.locator("#pipeline")).to_have_text("running")
    expect(page.locator("#detector")).to_have_text("running")
    expect(page.locator("#rate")).to_have_text("2/s")
    expect(page.locator("#latency")).to_have_text("p50 1.2 s · p99 4.1 s")
    expect(page.locator("#lag")).to_have_text("7")
    expect(page.locator("#last")).to_contain_text("ago · 2 Mar 14:04")
    expect(page.locator("#banner")).to_be_hidden()


def test_in_a_replay_the_latency_is_that_since_collection(desk: ServedPage, visit: Any) -> None:
    desk.fill()
    desk.report(published=86_400.0 * 600)
    page = visit()
    expect(page.locator("#latency-since")).to_have_text("Collected → stored")
    expect(page.locator("#latency")).to_have_text("p50 0.50 s · p99 1.0 s")


def test_a_pipeline_and_a_detector_that_stopped_are_named_in_words(desk: ServedPage, visit: Any) -> None:
    desk.fill()
    desk.report(age=timedelta(minutes=20))
    page = visit()
    expect(page.locator("#banner")).to_contain_text("The pipeline has stopped: its last report is from")
    expect(page.locator("#banner")).to_contain_text("The detector has stopped: its last run was")
    expect(page.locator("#pipeline")).to_have_text("stopped")
    desk.report()
    expect(page.locator("#banner")).to_be_hidden()


def test_a_server_that_goes_away_is_said_and_its_return_brings_what_was_missed(
    desk: ServedPage, visit: Any, expected_errors: list[Any]
) -> None:
    expected_errors.append(AWAY)
    desk.fill()
    page = visit()
    expect(page.locator("#connection")).to_have_text("live")
    desk.stop()
    expect(page.locator("#banner")).to_contain_text("The connection to Squall is lost; trying again. What you see is from")
    expect(page.locator("#connection")).to_have_text("lost")
    desk.insert(desk.scored("Stored meanwhile", age=timedelta(minutes=-1)))
    desk.start()
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#documents li").first).to_contain_text("Stored meanwhile")


def test_a_connection_that_is_open_but_silent_is_called_lost(desk: ServedPage, visit: Any) -> None:
    desk.fill()
    page = visit("?q=drift")
    expect(page.locator("#connection")).to_have_text("live")
    page.clock.install()
    page.reload()
    page.route("**/api/events", lambda route: None)  # answers never
    page.reload()
    page.clock.fast_forward("00:31")
    expect(page.locator("#banner")).to_contain_text("The connection to Squall is lost")


def test_a_store_in_trouble_is_said_in_its_own_words(desk: ServedPage, visit: Any, expected_errors: list[Any]) -> None:
    expected_errors.append(AWAY)

    class Away:
        def __getattr__(self, _name: str) -> Any:
            raise StoreUnavailableError("the store is away", "start it")

    desk.start(Away())
    page = visit()
    expect(page.locator("#banner")).to_contain_text("the store is away (start it)")


def test_without_its_token_the_page_says_how_to_open_it(tmp_path: Path, browser: Any) -> None:
    store = storage.open(f"chdb://{tmp_path}/chdb?max_threads=1")
    store.migrate()
    guarded = ServedPage(store, token="sesame-sesame")
    watched = Watched(browser)
    try:
        guarded.fill()
        guarded.start()
        page = watched.page
        page.goto(f"{guarded.url}?token=sesame-sesame&series=Earnings")
        expect(page.locator("#connection")).to_have_text("live")
        expect(page.get_by_label("Series")).to_have_value("Earnings")
        assert "token" not in page.url
        page.context.clear_cookies()
        guarded.stop()
        guarded.start()
        expect(page.get_by_role("heading", name="This page needs its token")).to_be_visible()
        expect(page.locator("#banner")).to_be_hidden()
        assert watched.complaints(re.compile(f"{AWAY.pattern}|EventSource")) == []
    finally:
        watched.close()
        guarded.close()
        store.close()
