"""Paths of source files that the documentation and docstrings name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(
    r"\b(?:alerts|backtest|core|dashboards|ingest|model|storage|stream|squall|tests)/[a-z0-9_/]+(?:\.(?:py|sql)\b|/(?![\w.]))"
)
DOTTED = re.compile(r"`(squall(?:\.[a-z_]+){2,})")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_source_file_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    assert [name for name in NAMED.findall(text) if not (ROOT / name).exists()] == []


def test_every_module_a_docstring_names_is_there() -> None:
    missing = []
    for top in ("alerts", "backtest", "core", "dashboards", "ingest", "model", "storage", "stream", "squall"):
        for path in (ROOT / top).rglob("*.py"):
            for name in DOTTED.findall(path.read_text()):
                parts = name.split(".")
                module = ROOT.joinpath(*parts)
                # the last part may be a function or class of the module before it
                found = module.is_dir() or module.with_suffix(".py").exists() or module.parent.with_suffix(".py").exists()
                if not found and not (module.parent / "__init__.py").exists():
                    missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert missing == []
