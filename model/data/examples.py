"""Labelled sets: files into rows that carry any subset of the labels, and a split that no text crosses."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xxhash

from squall.core.errors import ConfigurationError
from squall.core.text import normalise
from squall.model.data.tables import read_table
from squall.model.spans import BadSpanError, Span, parse_spans, span_labels
from squall.model.tasks import TaskSpec, find_task

MISSING = -100
"""Label of a row that doesn't carry a task's label; the value cross-entropy ignores."""
_SYMBOLS = re.compile(r"[%$_\s]+")
_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """One text with the labels it has.

    Args:
        text: as the file has it.
        labels: text task → class index.
        source: name of the set.
        spans: tokens task → labelled stretches of `text`, sorted; an empty tuple says that there are none, a missing task
            that nobody looked.
    """

    text: str
    labels: Mapping[str, int]
    source: str = ""
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """How one file maps to rows.

    Args:
        path: CSV, Parquet, JSON or JSONL (text files also `.gz`).
        columns: text task → column that holds its label.
        orders: text task → label names that integers in that column stand for.
        text: column of the text.
        source: name of the set in metrics; empty: the folder's name.
        spans: tokens task → column that holds its spans, see `squall.model.spans.parse_spans`.
        skip_bad_spans: leave out the spans of a row in which one doesn't fit the text, instead of refusing the file.
    """

    path: Path
    columns: Mapping[str, str]
    orders: Mapping[str, Sequence[str]]
    text: str = "text"
    source: str = ""
    spans: Mapping[str, str] = field(default_factory=dict)
    skip_bad_spans: bool = False


def load_part(part: Part, tasks: Sequence[TaskSpec], say: Callable[[str], None] = _LOG.warning) -> list[Row]:
    """Read one file into rows; a row without any label or spans is dropped.

    Args:
        part: the file and its columns.
        tasks: those that `part` names, at least.
        say: is told how many rows' spans were left out, with `skip_bad_spans`.

    Raises:
        ConfigurationError: a column is missing or empty throughout, a text is empty, a label unknown or a span wrong; names
            file, row (from 1, header not counted), and what is allowed.
    """
    table = read_table(part.path)
    wanted = {part.text, *part.columns.values(), *part.spans.values()}
    if missing := sorted(wanted - set(table.columns)):
        raise ConfigurationError(f"{part.path} has no column {', '.join(missing)}", f"it has {', '.join(map(str, table.columns))}")
    _refuse_empty(part, table, tasks)
    reader = _RowReader(part, table, tasks)
    rows = []
    for position, text in enumerate(table[part.text].tolist()):
        try:
            row = reader.row(position, text)
        except ValueError as error:
            raise ConfigurationError(f"{part.path}, row {position + 1}: {error}", "correct the row or leave it out") from None
        if row.labels or row.spans:
            rows.append(row)
    if reader.skipped:
        say(f"{part.path}: left out the spans of {len(reader.skipped)} rows that don't fit their texts; the first is {reader.skipped[0]}")
    return rows


class _RowReader:
    """Turns positions of a table into rows, and remembers which rows lost their spans."""

    def __init__(self, part: Part, table: pd.DataFrame, tasks: Sequence[TaskSpec]) -> None:
        self._part = part
        self._labels = [(find_task(tasks, n), table[column].tolist(), part.orders.get(n)) for n, column in part.columns.items()]
        self._spans = [(find_task(tasks, name), table[column].tolist()) for name, column in part.spans.items()]
        self._source = part.source or part.path.parent.name
        self.skipped: list[str] = []

    def row(self, position: int, text: Any) -> Row:
        """Return one row; raises ValueError when it can't be had."""
        if _absent(text):
            raise ValueError(f"column {self._part.text} is empty; every row needs a text")
        if not isinstance(text, str):
            raise ValueError(f"column {self._part.text} holds {text!r}, not a text")  # noqa: TRY004 - the file is wrong, not the caller
        labels = {spec.name: spec.index(values[position], order) for spec, values, order in self._labels if not _absent(values[position])}
        return Row(text, labels, self._source, self._row_spans(position, text))

    def _row_spans(self, position: int, text: str) -> dict[str, tuple[Span, ...]]:
        found = {}
        for spec, values in self._spans:
            if not _absent(values[position]):
                try:
                    found[spec.name] = parse_spans(values[position], text, spec)
                except BadSpanError as error:
                    if not self._part.skip_bad_spans:
                        raise
                    self.skipped.append(f"row {position + 1}: {error}")
        return found


def _refuse_empty(part: Part, table: pd.DataFrame, tasks: Sequence[TaskSpec]) -> None:
    for name, column in {**part.columns, **part.spans}.items():
        kind = find_task(tasks, name).kind
        if (kind == "tokens") != (name in part.spans):
            raise ConfigurationError(f"task {name} is of kind {kind}", "tokens tasks take spans = {task = column}, text tasks labels")
        if all(_absent(value) for value in table[column].tolist()):
            raise ConfigurationError(
                f"{part.path}: column {column} is empty throughout",
                f"name the column of {name}; there are {', '.join(map(str, table.columns))}",
            )


def group_key(text: str) -> str:
    """Return what near-copies of `text` share: words only, without links, wire prefixes and punctuation."""
    return _SYMBOLS.sub(" ", normalise(text)).strip() or text.strip()


def deduplicate(rows: Iterable[Row]) -> list[Row]:
    """Merge rows of one normalised text; a task whose labels or spans conflict within it is dropped.

    The first spelling stays, of those with spans if there are any: spans count characters, so they hold for that spelling
    alone. Rows left without a label or spans go.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(group_key(row.text), []).append(row)
    merged = [_merged(group) for group in groups.values()]
    return [row for row in merged if row.labels or row.spans]


def _merged(group: Sequence[Row]) -> Row:
    first = next((row for row in group if row.spans), group[0])
    labels = _agreed([row.labels for row in group])
    spans = _agreed([row.spans for row in group if row.text == first.text])
    return Row(first.text, labels, first.source, spans)


def _agreed(found: Iterable[Mapping[str, _T]]) -> dict[str, _T]:
    """Values that all mappings with the key share."""
    values: dict[str, set[_T]] = {}
    for mapping in found:
        for key, value in mapping.items():
            values.setdefault(key, set()).add(value)
    return {key: next(iter(same)) for key, same in values.items() if len(same) == 1}


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


def missing_classes(rows: Sequence[Row], tasks: Sequence[TaskSpec]) -> dict[str, list[str]]:
    """Return per task the labels that no row has; tasks that lack none are left out."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task.kind == "tokens":
            seen = {span.label for row in rows for span in row.spans.get(task.name, ())}
            lacking = [label or "B" for label in span_labels(task) if label not in seen]
        else:
            numbers = {row.labels[task.name] for row in rows if task.name in row.labels}
            lacking = [label for number, label in enumerate(task.labels) if number not in numbers]
        if lacking:
            found[task.name] = lacking
    return found


def require_classes(train: Sequence[Row], dev: Sequence[Row], tasks: Sequence[TaskSpec], *, allow_missing: bool = False) -> list[str]:
    """Check that every class can be learnt and measured; return warnings to show.

    Args:
        train: rows to train on: a class that is missing here is an error, unless `allow_missing`.
        dev: rows held out: a class that is missing here is a warning, since its score will be meaningless.
        tasks: the heads.
        allow_missing: warn where it would be an error.

    Raises:
        ConfigurationError: a class has no training row; names task and classes.
    """
    lacking = [f"no training row of {name} has {_listed(labels)}" for name, labels in missing_classes(train, tasks).items()]
    if lacking and not allow_missing:
        raise ConfigurationError("; ".join(lacking), "add rows, take the label out of the task, or set allow_missing_classes = true")
    return lacking + [f"no held-out row of {name} has {_listed(labels)}" for name, labels in missing_classes(dev, tasks).items()]


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels))


def _absent(value: Any) -> bool:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return True
    return isinstance(value, str | int | float) and str(value).strip() in ("", "-100", "nan")
