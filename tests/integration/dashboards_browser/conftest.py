"""A store, a page over it, and one Chromium per test module: Playwright keeps an event loop running while it is open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import CHROMIUM, Watched, chromium
from tests.support.migrated_stores import open_migrated
from tests.support.served_page import ServedPage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed (apt-get install chromium)")
    with chromium() as started:
        yield started


@pytest.fixture
def served_page(tmp_path: Path) -> Iterator[ServedPage]:
    store = open_migrated(tmp_path / "chdb")
    made = ServedPage(store)
    yield made
    made.close()
    store.close()


@pytest.fixture
def expected_errors() -> list[re.Pattern[str]]:
    """Errors that a test provokes; any other error of the page fails it."""
    return []


@pytest.fixture
def visit(browser: Browser, served_page: ServedPage, expected_errors: list[re.Pattern[str]]) -> Iterator[Callable[..., Page]]:
    """Open the page in its own context; at the end, no page may have reported an unexpected error."""
    opened: list[Watched] = []

    def go(address: str = "", **context: Any) -> Page:
        if not served_page.url:
            served_page.start()
        watched = Watched(browser, **context)
        opened.append(watched)
        watched.page.goto(served_page.url + address)
        return watched.page

    yield go
    complaints = [text for watched in opened for text in watched.complaints(expected_errors[0] if expected_errors else None)]
    for watched in opened:
        watched.close()
    assert complaints == []
