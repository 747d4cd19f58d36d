"""What the page shows when something is missing, stopped or unavailable."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from squall.core.errors import StoreUnavailableError
from tests.support.browser import AWAY, Watched
from tests.support.migrated_stores import open_migrated
from tests.support.recording_store import RecordingStore
from tests.support.served_page import ServedPage

pytestmark = pytest.mark.slow


def test_an_empty_store_shows_what_to_do_and_fills_without_a_reload(served_page: ServedPage, visit: Any) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="No documents are stored yet")).to_be_visible()
    expect(page.locator("#content")).to_be_hidden()
    expect(page.locator("#connection")).to_have_text("live")
    served_page.insert(served_page.scored("The first story"))
    expect(page.locator("#documents li")).to_contain_text("The first story")
    expect(page.get_by_role("heading", name="No documents are stored yet")).to_be_hidden()
    expect(page.locator("#heatmap canvas").first).to_be_visible()


def test_the_strip_shows_rate_latency_lag_and_that_all_is_running(served_page: ServedPage, visit: Any) -> None:
    served_page.fill()
    served_page.report()
    page = visit()
    expect(page.locator("#pipeline")).to_have_text("running")
    expect(page.locator("#detector")).to_have_text("running")
    expect(page.locator("#rate")).to_have_text("2/s")
    expect(page.locator("#latency")).to_have_text("p50 1.2 s · p99 4.1 s")
    expect(page.locator("#lag")).to_have_text("7")
    expect(page.locator("#last")).to_contain_text("ago · 2 Mar 14:04")
    expect(page.locator("#banner")).to_be_hidden()


def test_in_a_replay_the_latency_is_that_since_collection(served_page: ServedPage, visit: Any) -> None:
    served_page.fill()
    served_page.report(published=86_400.0 * 600)
    page = visit()
    expect(page.locator("#latency-since")).to_have_text("Collected → stored")
    expect(page.locator("#latency")).to_have_text("p50 0.50 s · p99 1.0 s")


def test_a_stopped_pipeline_and_detector_are_named_in_the_banner(served_page: ServedPage, visit: Any) -> None:
    served_page.fill()
    served_page.report(age=timedelta(minutes=20))
    page = visit()
    expect(page.locator("#banner")).to_contain_text("The pipeline has stopped: its last report was")
    expect(page.locator("#banner")).to_contain_text("The detector has stopped: its last run was")
    expect(page.locator("#pipeline")).to_have_text("stopped")
    served_page.report()
    expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_connection_is_shown_and_reconnecting_brings_what_was_missed(
    served_page: ServedPage, visit: Any, expected_errors: list[Any]
) -> None:
    expected_errors.append(AWAY)
    served_page.fill()
    page = visit()
    expect(page.locator("#connection")).to_have_text("live")
    served_page.stop()
    expect(page.locator("#banner")).to_contain_text("The connection to Squall is lost; reconnecting. This page shows the state at")
    expect(page.locator("#connection")).to_have_text("lost")
    served_page.insert(served_page.scored("Stored meanwhile", age=timedelta(minutes=-1)))
    served_page.start()
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#documents li").first).to_contain_text("Stored meanwhile")


def test_a_connection_that_is_open_but_silent_counts_as_lost(served_page: ServedPage, visit: Any) -> None:
    served_page.fill()
    page = visit("?q=drift")
    expect(page.locator("#connection")).to_have_text("live")
    page.clock.install()
    page.reload()
    page.route("**/api/events", lambda route: None)  # answers never
    page.reload()
    page.clock.fast_forward("00:31")
    expect(page.locator("#banner")).to_contain_text("The connection to Squall is lost")


def test_an_error_of_the_store_is_shown_as_the_store_reports_it(served_page: ServedPage, visit: Any, expected_errors: list[Any]) -> None:
    expected_errors.append(AWAY)

    served_page.start(RecordingStore(error=StoreUnavailableError("the store is away", "start it")))
    page = visit()
    expect(page.locator("#banner")).to_contain_text("the store is away (start it)")


def test_without_a_token_the_page_explains_how_to_open_it(tmp_path: Path, browser: Any) -> None:
    store = open_migrated(tmp_path / "chdb")
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
        expect(page.get_by_role("heading", name="This page requires a token")).to_be_visible()
        expect(page.locator("#banner")).to_be_hidden()
        assert watched.complaints(re.compile(f"{AWAY.pattern}|EventSource")) == []
    finally:
        watched.close()
        guarded.close()
        store.close()
