"""The shape of the source tree: what a newcomer relies on when looking for the place of a change."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "storage", "stories", "stream")
MOST_LINES = 300
MOST_MODULES = 15


def _packages() -> list[Path]:
    """Every package folder, by its real path."""
    found = []
    for top in (*ROOMS, "squall"):
        folders = [ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir() and not path.is_symlink())]
        found += [folder for folder in folders if (folder / "__init__.py").exists()]
    return found


def _modules(package: Path) -> list[Path]:
    return [path for path in package.glob("*.py") if path.name not in {"__init__.py", "__main__.py"}]


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_a_top_level_folder_imported_below_squall(room: str) -> None:
    link = ROOT / "squall" / room
    assert link.is_symlink()
    assert link.resolve() == ROOT / room


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for package in _packages() for path in package.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_package_has_more_than_15_modules_and_none_has_one() -> None:
    counts = {str(package.relative_to(ROOT)): len(_modules(package)) for package in _packages()}
    assert {name: count for name, count in counts.items() if count == 1 or count > MOST_MODULES} == {}


def test_every_package_says_in_its_docstring_what_it_is_for() -> None:
    silent = [str(package.relative_to(ROOT)) for package in _packages() if not (package / "__init__.py").read_text().startswith('"""')]
    assert silent == []


def test_a_class_name_is_public_in_one_place_of_a_room() -> None:
    """`Row` in four places cost readers most; the same name in two rooms is apart by its package."""
    homes = defaultdict(set)
    for package in _packages():
        for path in _modules(package):
            for line in path.read_text().splitlines():
                if line.startswith("class ") and not line.startswith("class _"):
                    name = line.removeprefix("class ").split("(")[0].split(":")[0].split("[")[0]
                    homes[path.relative_to(ROOT).parts[0], name].add(str(path.relative_to(ROOT)))
    assert {key: sorted(paths) for key, paths in homes.items() if len(paths) > 1} == {}


def test_git_keeps_the_links_to_the_rooms() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "--stage", "squall"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    links = {line.split("\t")[1].removeprefix("squall/") for line in listed.splitlines() if line.startswith("120000")}
    assert links == set(ROOMS)
