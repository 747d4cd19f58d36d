from __future__ import annotations

import re

import pytest

from dashboards.api import STATIC


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function", "srcdoc"]
)
def test_the_script_has_no_way_to_turn_text_into_markup(way: str) -> None:
    assert way not in (STATIC / "page.js").read_text()


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in STATIC.iterdir():
        assert not re.search(r"https?://|[\"'(]//|@import|url\(", path.read_text()), path.name


def test_the_policy_that_forbids_inline_code_breaks_nothing() -> None:
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_every_element_the_script_asks_for_is_on_the_page() -> None:
    ids = set(re.findall(r'id="([^"]+)"', (STATIC / "index.html").read_text()))
    assert set(re.findall(r'\$\("([^"]+)"\)', (STATIC / "page.js").read_text())) <= ids
