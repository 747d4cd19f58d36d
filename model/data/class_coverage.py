"""Checks that every class of every task has examples to learn from and to measure on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example
from squall.model.spans import UNKNOWN, span_labels
from squall.model.tasks import Label, TaskSpec


def missing_classes(rows: Sequence[Example], tasks: Sequence[TaskSpec]) -> dict[str, list[str]]:
    """Return per task the labels that no row has; tasks that lack none are left out."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task.kind == "tokens":
            seen = {span.label for row in rows for span in row.spans.get(task.name, ())}
            lacking = [label or "B" for label in span_labels(task) if label not in seen]
        else:
            numbers = {number for label in _labels(rows, task) for number in _classes(label, task)}
            lacking = [label for number, label in enumerate(task.labels) if number not in numbers]
        if lacking:
            found[task.name] = lacking
    return found


def require_classes(
    train: Sequence[Example], dev: Sequence[Example], tasks: Sequence[TaskSpec], *, allow_missing: bool = False
) -> list[str]:
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


def _labels(rows: Sequence[Example], task: TaskSpec) -> Iterator[Label]:
    for row in rows:
        if task.name in row.labels:
            yield row.labels[task.name]
        yield from (task.label(span.label) for span in row.spans.get(task.name, ()) if span.label != UNKNOWN)


def _classes(label: Label, task: TaskSpec) -> Iterable[int]:
    """The classes that a label says something about; a number between two grades says it of both."""
    if isinstance(label, tuple):
        return label
    if task.output == "ordinal":
        place = label * (len(task.labels) - 1)
        return {math.floor(place), math.ceil(place)}
    return (int(label),)


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels))
