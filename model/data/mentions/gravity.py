"""Severity and events for each name of a text, where those of the text say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from squall.model.data.examples import Example
from squall.model.spans import Span
from squall.model.tasks import EVENTS, MENTION_EVENTS, MENTION_SEVERITY, NAMES, NONE, SEVERITY, Label, TaskSpec

_PAIRS = ((SEVERITY, MENTION_SEVERITY), (EVENTS, MENTION_EVENTS))


def with_mention_gravity(rows: Iterable[Example], tasks: Iterable[TaskSpec]) -> list[Example]:
    """Return `rows`, with the severity and the events of a text for its only organisation, and with none for all where nothing happened.

    Where a text that reports something names several organisations, it does not say whom it befell.

    Args:
        rows: with labels of texts, and names.
        tasks: `mention_severity` and `mention_events` are given only where they are among them.
    """
    wanted = {task.name for task in tasks}
    pairs = [(of_text, of_name) for of_text, of_name in _PAIRS if of_name.name in wanted]
    return [_with_gravity(row, pairs) for row in rows]


def _with_gravity(row: Example, pairs: Iterable[tuple[TaskSpec, TaskSpec]]) -> Example:
    places = [span for span in row.spans.get(NAMES.name, ()) if span.label == "ORG"]
    if not places:
        return row
    several = len({row.text[span.start : span.end].lower() for span in places}) > 1
    spans = dict(row.spans)
    for of_text, of_name in pairs:
        label = row.labels.get(of_text.name)
        if label is not None and of_name.name not in spans and not (several and label):
            spans[of_name.name] = tuple(Span(span.start, span.end, _written(label)) for span in places)
    return replace(row, spans=spans)


def _written(label: Label) -> str:
    """A label as a file has it."""
    return ";".join(EVENTS.labels[number] for number in label) or NONE if isinstance(label, tuple) else f"{float(label):g}"
