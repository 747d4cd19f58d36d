from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_preview_has_a_component_for_every_type_of_panel() -> None:
    known = set(re.findall(r"case '([\w-]+)':", (ROOT / "preview/src/panels.jsx").read_text()))
    used = {panel["type"] for path in (ROOT / "dashboards/grafana/json").glob("*.json") for panel in json.loads(path.read_text())["panels"]}
    assert used
    assert used <= known


def test_the_previews_packages_are_pinned_and_locked() -> None:
    named = json.loads((ROOT / "preview/package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "preview/package-lock.json").read_text())["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in named.values())
    assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named
