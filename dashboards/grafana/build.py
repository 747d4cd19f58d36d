"""The dashboards as JSON. The text is deterministic, so that every change shows as a diff."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from squall.dashboards.grafana.boards import alerts, backtest, company, drill_down, market_mood, pipeline

FOLDER = Path(__file__).with_name("json")
"""Where the built dashboards are stored."""

BUILDERS: tuple[Callable[[], Dashboard], ...] = (
    market_mood.build,
    drill_down.build,
    company.build,
    alerts.build,
    pipeline.build,
    backtest.build,
)


def build_all() -> dict[str, str]:
    """Return the text of every dashboard by file name, `UID.json`."""
    models = [builder() for builder in BUILDERS]
    return {f"{model.uid}.json": _text(model) for model in models}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the dashboards to `folder`, creating it if necessary; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, text in build_all().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        files.append(path)
    return files


def _text(model: Dashboard) -> str:
    plain = json.loads(json.dumps(model, cls=JSONEncoder))
    return json.dumps(_cleaned(plain), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _cleaned(value: Any) -> Any:
    """Omit `placement`: the SDK sets it on every link and annotation, which would hide them in a menu."""
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items() if key != "placement"}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value
