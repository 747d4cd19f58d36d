from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from squall.dashboards.page.app import STATIC

VENDOR = STATIC / "vendor"
OURS = sorted(path for path in STATIC.iterdir() if path.is_file())
SCRIPTS = [path for path in OURS if path.suffix == ".js"]
PAGE = (STATIC / "index.html").read_text()


@pytest.mark.parametrize(
    "way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function", "srcdoc", '"style"']
)
def test_no_script_of_ours_can_turn_text_into_markup(way: str) -> None:
    assert [path.name for path in SCRIPTS if way in path.read_text()] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|[\"'(]//|@import|url\(", text)


def test_the_policy_that_forbids_inline_code_breaks_nothing() -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", PAGE)


def test_every_element_that_scripts_ask_for_is_on_the_page() -> None:
    asked = {name for path in SCRIPTS for name in re.findall(r'\$\("([^"]+)"\)', path.read_text())}
    assert asked <= set(re.findall(r'id="([^"]+)"', PAGE))


def test_every_module_that_is_imported_is_there_and_none_is_left_over() -> None:
    wanted = {name for path in SCRIPTS for name in re.findall(r'(?:from|import\()\s*"\./([^"]+)"', path.read_text())}
    assert wanted | {"page.js"} == {path.name for path in SCRIPTS} | {"vendor/echarts.esm.min.js"}
    assert set(re.findall(r'"/static/([^"]+)"', PAGE)) == {"page.js", "page.css", "panels.css", "icon.svg"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_modules_of_one_job(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) < 300
    assert lines[0].startswith("// "), "the first line says what the module is for"
    assert max(map(len, lines)) <= 140


def test_every_colour_that_is_used_is_defined_in_dark_and_light() -> None:
    sheets = "".join(path.read_text() for path in OURS if path.suffix == ".css")
    light, dark = (set(re.findall(r"--([a-z-]+):", part)) for part in re.findall(r":root \{(.*?)\}", sheets, re.DOTALL))
    used = set(re.findall(r"var\(--([a-z-]+)", sheets)) - {"top"}
    drawn = {name for path in SCRIPTS for name in re.findall(r'colour\("([a-z-]+)"\)', path.read_text())}
    assert light == dark
    assert used | drawn <= light


def test_the_charting_library_is_the_one_that_was_published() -> None:
    table = (VENDOR / "README.md").read_text()
    ((name, version, wanted),) = re.findall(r"\| `([\w.]+)` \|.*\| ([\d.]+) \| `([0-9a-f]{64})` \|", table)
    script = (VENDOR / name).read_bytes()
    assert hashlib.sha256(script).hexdigest() == wanted
    assert f'"{version}"'.encode() in script


def test_the_licences_lie_beside_the_charting_library() -> None:
    for name in ("LICENSE", "NOTICE", "licenses/LICENSE-d3"):
        assert (VENDOR / name).stat().st_size > 100
