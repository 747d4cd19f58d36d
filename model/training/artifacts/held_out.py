"""The rows that a run holds out, as a file that `squall model evaluate` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from squall.model.data.examples import Example
from squall.model.tasks import Label, TaskSpec

HELD_OUT_FILE = "held_out.jsonl"


def save_held_out(folder: Path, rows: Sequence[Example], tasks: Sequence[TaskSpec]) -> None:
    """Write `rows` into the run's folder: `text`, `source`, and per task its label or spans where a row has them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / HELD_OUT_FILE).open("wb") as file:
        for row in rows:
            labels = {task.name: _name(task, row.labels[task.name]) for task in tasks if task.name in row.labels}
            spans = {task.name: [span._asdict() for span in row.spans[task.name]] for task in tasks if task.name in row.spans}
            body = {"text": row.text, "source": row.source, **labels, **spans}
            file.write(orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE))


def _name(task: TaskSpec, label: Label) -> Any:
    if isinstance(label, tuple):
        return [task.labels[number] for number in label]
    return label if task.output == "ordinal" else task.labels[int(label)]
