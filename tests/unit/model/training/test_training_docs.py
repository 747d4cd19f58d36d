"""The documentation says what the settings are."""

from __future__ import annotations

import json
from pathlib import Path

from squall.model.training.config import TrainConfig

DOCS = Path(__file__).parents[4] / "docs" / "training.md"


def test_the_table_of_training_settings_is_the_settings() -> None:
    lines = []
    for name, field in TrainConfig.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "–" if default in ((), {}, None, "") else json.dumps(default).strip('"')
        lines.append(f"| `{name}` | {shown} | {field.description} |")
    assert "\n".join(lines) in DOCS.read_text(encoding="utf-8")
