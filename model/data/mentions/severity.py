"""Severity for each name of a text, where the severity of the text says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from squall.model.data.examples import Example
from squall.model.spans import Span
from squall.model.tasks import MENTION_SEVERITY, NAMES, SEVERITY


def with_mention_severity(rows: Iterable[Example]) -> list[Example]:
    """Return `rows`, those with a severity and one organisation, or with no severity above 0, with that severity for their organisations.

    Where a text that reports something adverse names several, it does not say whom it befell.
    """
    return [_with_severity(row) for row in rows]


def _with_severity(row: Example) -> Example:
    severity = row.labels.get(SEVERITY.name)
    if not isinstance(severity, int | float) or MENTION_SEVERITY.name in row.spans:
        return row
    places = [span for span in row.spans.get(NAMES.name, ()) if span.label == "ORG"]
    if not places or (severity > 0 and len({row.text[span.start : span.end].lower() for span in places}) > 1):
        return row
    found = tuple(Span(span.start, span.end, f"{float(severity):g}") for span in places)
    return replace(row, spans={**row.spans, MENTION_SEVERITY.name: found})
