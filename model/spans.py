"""Labelled spans of a text, which tokens and spans tasks learn: read from a file's values and checked against the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import orjson

from squall.model.tasks import TaskSpec

UNKNOWN = "?"
"""Label of a stretch that nobody has judged: neither learnt from nor measured on. A partly annotated text has such stretches."""


class Span(NamedTuple):
    """Characters `start` to `end` (not included) of a text.

    Args:
        start: offset of the first character, from 0.
        end: offset after the last.
        label: one of `span_labels` of the task; empty where the task has plain B and I; `UNKNOWN` for a stretch that nobody has judged.
    """

    start: int
    end: int
    label: str = ""


class BadSpanError(ValueError):
    """A span that doesn't fit its text; the message says how."""


def span_labels(task: TaskSpec) -> tuple[str, ...]:
    """Return what spans of a task can be labelled, in order: `O, B-x, I-x` gives `x`; `O, B, I` gives the empty label."""
    if task.kind == "spans":
        return task.labels
    return tuple(label[1:].lstrip("-_") for label in task.labels if label.startswith("B"))


def parse_spans(value: Any, text: str, task: TaskSpec) -> tuple[Span, ...]:
    """Read a text's spans, sorted by offset.

    Args:
        value: a list of objects with `start`, `end` and maybe `label` and `value` (what the span should read); or name → label, each where
            the name first stands in the text, in any letter case; or one of the two as JSON.
        text: what the offsets count in.
        task: says which labels are allowed; where it has plain B and I, a span's label is left out, unless it is `UNKNOWN`.

    Raises:
        BadSpanError: a span is out of range, doesn't read as its `value`, or two overlap.
        ValueError: not a list of such objects, or an unknown label; the message says what is allowed.
    """
    spans = sorted(_span(item, text, task) for item in _items(value, text))
    for left, right in pairwise(spans):
        if right.start < left.end:
            raise BadSpanError(f"spans {left.start}–{left.end} and {right.start}–{right.end} overlap")
    return tuple(spans)


def first_places(text: str, names: Sequence[str]) -> list[tuple[int, int] | None]:
    """Return where each name first stands in `text`, in any letter case; None where it does not.

    As words of their own if possible, and outside of the longer names: of "Nokia" and "Nokia India" the shorter is looked for behind.
    """
    lower = text.lower()
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, int] | None] = [None] * len(names)
    for number in sorted(range(len(names)), key=lambda i: len(names[i]), reverse=True):
        wanted = names[number].strip().lower()
        place = _first(lower, wanted, taken) if wanted and len(lower) == len(text) else None
        if place:
            found[number] = place
            taken.append(place)
    return found


def _first(text: str, wanted: str, taken: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    loose = None
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not any(start < other_end and end > other_start for other_start, other_end in taken):
            if not (text[start - 1 : start].isalnum() and wanted[0].isalnum()) and not text[end : end + 1].isalnum():
                return start, end
            loose = loose or (start, end)
        start = text.find(wanted, end)
    return loose


def _items(value: Any, text: str) -> Sequence[Any]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"the spans are not JSON: {error}") from None
    if isinstance(value, np.ndarray):  # as Parquet gives lists
        value = value.tolist()
    if isinstance(value, Mapping) and not {"start", "end"} <= set(value):
        return [_named(name, label, place) for (name, label), place in zip(value.items(), first_places(text, list(value)), strict=True)]
    if not isinstance(value, list | tuple):
        raise ValueError(f'the spans are {value!r}, not a list like [{{"start": 0, "end": 5}}]')  # noqa: TRY004 - the file is wrong, not the caller
    return value


def _named(name: str, label: Any, place: tuple[int, int] | None) -> Mapping[str, Any]:
    if place is None:
        raise BadSpanError(f"the text does not name {name!r}")
    return {"start": place[0], "end": place[1], "label": label}


def _span(item: Any, text: str, task: TaskSpec) -> Span:
    if not isinstance(item, Mapping) or not {"start", "end"} <= set(item):
        raise ValueError(f"span {item!r} is not an object with start and end")
    start, end = _offset(item["start"]), _offset(item["end"])
    if not 0 <= start < end <= len(text):
        raise BadSpanError(f"span {start}–{end} is empty or out of range: the text has {len(text)} characters")
    if item.get("value") is not None and text[start:end] != item["value"]:
        raise BadSpanError(f"span {start}–{end} reads {text[start:end]!r}, its value is {item['value']!r}")
    return Span(start, end, _label(item.get("label"), task))


def _offset(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError(f"span offset {value!r} is not a whole number")
    return int(value)


def _label(value: Any, task: TaskSpec) -> str:
    if str(value).strip() == UNKNOWN:
        return UNKNOWN
    if task.kind == "spans":
        number = task.label(value)  # raises ValueError
        if isinstance(number, int):
            return task.labels[number]
        return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value).strip()
    allowed = span_labels(task)
    if allowed == ("",):
        return ""
    for label in allowed:
        if str(value).strip().casefold() == label.casefold():
            return label
    raise ValueError(f"{value!r} is not a span label of {task.name}: allowed are {', '.join(allowed)}")
