"""`import squall` beside a user's own `core.py`, `model.py`, `storage.py`: from a checkout and from the installed wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("alerts", "backtest", "core", "dashboards", "entities", "ingest", "model", "storage", "stories", "stream")


def _run(folder: Path, *command: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(path)}
    return subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder whose modules have the names of all our rooms."""
    for name in ROOMS:
        (tmp_path / f"{name}.py").write_text("MINE = True\n")
    (tmp_path / "mine.py").write_text(
        f"import {', '.join(ROOMS)}\nimport squall\nfrom squall import Settings, Document, documents\n"
        f"assert all(room.MINE for room in ({', '.join(ROOMS)}))\nprint(squall.__version__, Settings.__name__)\n"
    )
    return tmp_path


def test_a_script_beside_modules_named_as_our_rooms_imports_both(folder: Path) -> None:
    done = _run(folder, "mine.py", path=ROOT)
    assert (done.returncode, done.stdout.split()[1:]) == (0, ["Settings"]), done.stderr


def test_the_command_runs_in_a_folder_with_modules_named_as_our_rooms(folder: Path) -> None:
    done = _run(folder, "-m", "squall", "--version", path=ROOT)
    assert (done.returncode, done.stdout.startswith("squall ")) == (0, True), done.stderr


@pytest.mark.slow
def test_the_wheel_installs_one_top_level_name_with_all_its_files(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("wheel")
    checkout = out / "checkout"
    for name in (*ROOMS, "squall"):
        shutil.copytree(ROOT / name, checkout / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    wanted = {
        str(path.relative_to(checkout)).removeprefix("squall/")
        for path in checkout.rglob("*")
        if path.is_file()
        and path.parent != checkout
        and path.suffix not in {".md", ".csv"}
        and {"recipes", "labelled"}.isdisjoint(path.parts)
    }
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(checkout)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = out.glob("*.whl")
    site = out / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    assert sorted(path.name for path in site.iterdir() if path.suffix != ".dist-info") == ["squall"]
    assert wanted - {str(path.relative_to(site / "squall")) for path in site.rglob("*") if path.is_relative_to(site / "squall")} == set()
    done = _run(folder, "mine.py", path=site)
    assert done.returncode == 0, done.stderr
    assert _run(folder, "-c", "import squall; print(squall.__file__)", path=site).stdout.startswith(str(site))
    _install_and_score(wheel, out)


def _install_and_score(wheel: Path, out: Path) -> None:
    """Install the wheel with pip into a new environment that has our dependencies, and score a text by its command."""
    fresh = out / "fresh"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(fresh)], check=True, timeout=120)
    install = ["--python", str(fresh / "bin" / "python"), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True, timeout=120)
    (packages,) = fresh.glob("lib/python*/site-packages")
    # a path alone: its own .pth files, that of the checkout among them, are not read
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    options: dict[str, Any] = {"cwd": out, "env": environment, "capture_output": True, "text": True, "timeout": 120, "check": True}
    where = subprocess.run([str(fresh / "bin" / "python"), "-c", "import squall; print(squall.__file__)"], **options)
    assert where.stdout.startswith(str(fresh))
    scored = subprocess.run([str(fresh / "bin" / "squall"), "model", "score"], input="Harbor Union halts withdrawals\n", **options)
    assert "negative" in scored.stdout
