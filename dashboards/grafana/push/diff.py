"""Compares dashboards as JSON, ignoring what Grafana adds."""

from __future__ import annotations

import difflib
import json
from typing import Any

_OWN = frozenset({"id", "version", "iteration"})
"""Top-level keys that Grafana sets."""


def normalised(dashboard: dict[str, Any]) -> dict[str, Any]:
    """Return a dashboard's JSON without id, version, nulls and the annotation that Grafana adds to every dashboard."""
    plain = {key: _plain(value) for key, value in dashboard.items() if key not in _OWN and value is not None}
    annotations = plain.get("annotations")
    if isinstance(annotations, dict):
        entries = [entry for entry in annotations.get("list", []) if not (isinstance(entry, dict) and entry.get("builtIn") == 1)]
        plain["annotations"] = {**annotations, "list": entries}
        if not entries and len(plain["annotations"]) == 1:
            del plain["annotations"]
    return plain


def difference(before: dict[str, Any] | None, after: dict[str, Any], *, name: str) -> str:
    """Return a unified diff of two JSON values with sorted keys; empty if they are equal. `before` None: a new value."""
    old = [] if before is None else _lines(before)
    return "\n".join(difflib.unified_diff(old, _lines(after), f"Grafana: {name}", f"Squall: {name}", lineterm=""))


def _lines(value: dict[str, Any]) -> list[str]:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # Grafana writes 1.0 back as 1
    return value
