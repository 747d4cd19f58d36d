"""Labelled sets: files into rows that carry any subset of the labels, and a split that no text crosses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xxhash

from core.errors import ConfigurationError
from core.text import normalise
from model.tasks import TaskSpec, find_task

MISSING = -100
"""Label of a row that doesn't carry a task's label; the value cross-entropy ignores."""
_SYMBOLS = re.compile(r"[%$_\s]+")


@dataclass(frozen=True)
class Row:
    """One text with the labels it has: task name → class index."""

    text: str
    labels: Mapping[str, int]
    source: str = ""


@dataclass(frozen=True)
class Part:
    """How one file maps to rows.

    Args:
        path: CSV, Parquet or JSONL (also `.jsonl.gz`, `.csv.gz`).
        columns: task name → column that holds its label.
        orders: task name → label names that integers in that column stand for.
        text: column of the text.
        source: name of the set in metrics; empty: the folder's name.
    """

    path: Path
    columns: Mapping[str, str]
    orders: Mapping[str, Sequence[str]]
    text: str = "text"
    source: str = ""


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, Parquet or JSONL file, CSV values as text.

    Raises:
        ConfigurationError: missing, of another kind, or broken.
    """
    if not path.is_file():
        raise ConfigurationError(f"no file {path}", "check the path")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    try:
        match kind:
            case ".csv":
                return pd.read_csv(path, dtype=str, keep_default_na=False)
            case ".parquet":
                return pd.read_parquet(path)
            case ".jsonl" | ".ndjson":
                return pd.read_json(path, lines=True, dtype=False, convert_dates=False)
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise ConfigurationError(f"{path} can't be read as {kind[1:]}: {error}", "correct the file") from error
    raise ConfigurationError(f"{path} is of an unknown kind", "allowed are .csv, .parquet, .jsonl, also with .gz")


def load_part(part: Part, tasks: Sequence[TaskSpec]) -> list[Row]:
    """Read one file into rows; a row without any label is dropped.

    Raises:
        ConfigurationError: a column is missing, a text is empty or a label unknown; names file, row (from 1, header
            not counted), and what is allowed.
    """
    table = read_table(part.path)
    wanted = {part.text, *part.columns.values()}
    if missing := sorted(wanted - set(table.columns)):
        raise ConfigurationError(f"{part.path} has no column {', '.join(missing)}", f"it has {', '.join(map(str, table.columns))}")
    source = part.source or part.path.parent.name
    specs = [(find_task(tasks, name), table[column].tolist(), part.orders.get(name)) for name, column in part.columns.items()]
    rows = []
    for position, text in enumerate(table[part.text].tolist()):
        try:
            labels = {spec.name: spec.index(values[position], order) for spec, values, order in specs if not _absent(values[position])}
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"column {part.text} is empty; every row needs a text")
        except ValueError as error:
            raise ConfigurationError(f"{part.path}, row {position + 1}: {error}", "correct the row or leave it out") from None
        if labels:
            rows.append(Row(text, labels, source))
    return rows


def group_key(text: str) -> str:
    """Return what near-copies of `text` share: words only, without links, wire prefixes and punctuation."""
    return _SYMBOLS.sub(" ", normalise(text)).strip() or text.strip()


def deduplicate(rows: Iterable[Row]) -> list[Row]:
    """Merge rows of one normalised text and source kind; a task whose labels conflict within it loses its label.

    The first spelling of a text stays. Rows left without a label go.
    """
    merged: dict[str, tuple[Row, dict[str, set[int]]]] = {}
    for row in rows:
        _, found = merged.setdefault(group_key(row.text), (row, {}))
        for task, label in row.labels.items():
            found.setdefault(task, set()).add(label)
    result = []
    for row, found in merged.values():
        labels = {task: next(iter(values)) for task, values in found.items() if len(values) == 1}
        if labels:
            result.append(Row(row.text, labels, row.source))
    return result


def split(rows: Sequence[Row], *, dev_share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Return (train, dev); rows of one `group_key` land on the same side, whatever else is in the set."""
    train: list[Row] = []
    dev: list[Row] = []
    for row in rows:
        drawn = xxhash.xxh3_64_intdigest(group_key(row.text).encode("utf-8", "replace"), seed=seed) / 2**64
        (dev if drawn < dev_share else train).append(row)
    return train, dev


def label_array(rows: Sequence[Row], task: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the labels of `task`, shape (rows,), `MISSING` where a row has none."""
    return np.asarray([row.labels.get(task, MISSING) for row in rows], dtype=np.int64)


def _absent(value: Any) -> bool:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return True
    return str(value).strip() in ("", "-100", "nan")
