"""Labelled files read into examples, each with any subset of the labels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from squall.core.errors import ConfigurationError
from squall.model.data.tables import read_table
from squall.model.spans import BadSpanError, Span, parse_spans
from squall.model.tasks import Label, TaskSpec, find_task

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """One text with the labels it has.

    Args:
        text: as the file has it.
        labels: text task → label, as `TaskSpec.label` reads it.
        source: name of the set.
        spans: tokens or spans task → labelled stretches of `text`, sorted; an empty tuple means that the text has none, a missing
            task that it was not annotated.
    """

    text: str
    labels: Mapping[str, Label]
    source: str = ""
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelledFile:
    """A labelled file, and how it maps to examples.

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


def load_examples(part: LabelledFile, tasks: Sequence[TaskSpec], warn: Callable[[str], None] = _LOG.warning) -> list[Example]:
    """Read one file into examples; a row without any label or spans is dropped.

    Args:
        part: the file and its columns.
        tasks: those that `part` names, at least.
        warn: receives a message about rows whose spans were left out, with `skip_bad_spans`.

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
        warn(f"{part.path}: left out the spans of {len(reader.skipped)} rows that don't fit their texts; the first is {reader.skipped[0]}")
    return rows


class _RowReader:
    """Turns positions of a table into rows, and remembers which rows lost their spans."""

    def __init__(self, part: LabelledFile, table: pd.DataFrame, tasks: Sequence[TaskSpec]) -> None:
        self._part = part
        self._labels = [(find_task(tasks, n), table[column].tolist(), part.orders.get(n)) for n, column in part.columns.items()]
        self._spans = [(find_task(tasks, name), table[column].tolist()) for name, column in part.spans.items()]
        self._source = part.source or part.path.parent.name
        self.skipped: list[str] = []

    def row(self, position: int, text: Any) -> Example:
        """Return one row; raises ValueError when it can't be had."""
        if _absent(text):
            raise ValueError(f"column {self._part.text} is empty; every row needs a text")
        if not isinstance(text, str):
            raise ValueError(f"column {self._part.text} holds {text!r}, not a text")  # noqa: TRY004 - the file is wrong, not the caller
        labels = {spec.name: spec.label(values[position], order) for spec, values, order in self._labels if not _absent(values[position])}
        return Example(text, labels, self._source, self._row_spans(position, text))

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


def _refuse_empty(part: LabelledFile, table: pd.DataFrame, tasks: Sequence[TaskSpec]) -> None:
    for name, column in {**part.columns, **part.spans}.items():
        kind = find_task(tasks, name).kind
        if (kind == "text") == (name in part.spans):
            raise ConfigurationError(
                f"task {name} is of kind {kind}", "tokens and spans tasks take spans = {task = column}, text tasks labels"
            )
        if all(_absent(value) for value in table[column].tolist()):
            raise ConfigurationError(
                f"{part.path}: column {column} is empty throughout",
                f"name the column of {name}; there are {', '.join(map(str, table.columns))}",
            )


def _absent(value: Any) -> bool:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return True
    return isinstance(value, str | int | float) and str(value).strip() in ("", "-100", "nan")
