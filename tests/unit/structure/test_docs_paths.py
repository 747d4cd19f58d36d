"""Paths of source files that the documentation and docstrings name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(
    r"\b(?:alerts|backtest|core|dashboards|entities|ingest|model|storage|stories|stream|squall|tests)/[a-z0-9_/]+(?:\.(?:py|sql)\b|/(?![\w.]))"
)
DOTTED = re.compile(r"`(squall(?:\.[a-z0-9_]+){2,})")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_source_file_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    assert [name for name in NAMED.findall(text) if not (ROOT / name).exists()] == []


def _exists(name: str) -> bool:
    """Whether `name` is a package or module, or a word of the module or package that the rest of it names."""
    place, *rest = ROOT / "squall", *name.split(".")[1:]
    while rest and (place / rest[0]).is_dir():
        place /= rest.pop(0)
    if rest and (place / f"{rest[0]}.py").exists():
        place /= f"{rest.pop(0)}.py"
    source = place if place.is_file() else place / "__init__.py"
    return not rest or re.search(rf"\b{rest[0]}\b", source.read_text()) is not None


def test_every_module_a_docstring_names_is_there() -> None:
    missing = []
    for top in ("alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "storage", "stories", "stream", "squall"):
        for path in (ROOT / top).rglob("*.py"):
            missing += [f"{path.relative_to(ROOT)}: {name}" for name in DOTTED.findall(path.read_text()) if not _exists(name)]
    assert missing == []


def test_a_module_that_is_not_there_is_noticed() -> None:
    assert [_exists(f"squall.{name}") for name in ("core.text", "core.text.clean", "core.texts", "core.text.washed", "cores.text")] == [
        *(True, True, False, False, False),
    ]
