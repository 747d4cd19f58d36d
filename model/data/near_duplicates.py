"""Texts that differ only in links, wire prefixes and punctuation: what they share, and their labels merged into one example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from squall.core.text import normalise
from squall.model.data.examples import Example

_SYMBOLS = re.compile(r"[%$_\s]+")
_T = TypeVar("_T")


def group_key(text: str) -> str:
    """Return what near-copies of `text` share: words only, without links, wire prefixes and punctuation."""
    return _SYMBOLS.sub(" ", normalise(text)).strip() or text.strip()


def deduplicate(rows: Iterable[Example]) -> list[Example]:
    """Merge rows of one normalised text; a task whose labels or spans conflict within it is dropped.

    The first spelling stays, of those with spans if there are any: spans count characters, so they hold for that spelling
    alone. Rows left without a label or spans go.
    """
    groups: dict[str, list[Example]] = {}
    for row in rows:
        groups.setdefault(group_key(row.text), []).append(row)
    merged = [_merged(group) for group in groups.values()]
    return [row for row in merged if row.labels or row.spans]


def _merged(group: Sequence[Example]) -> Example:
    first = next((row for row in group if row.spans), group[0])
    labels = _agreed([row.labels for row in group])
    spans = _agreed([row.spans for row in group if row.text == first.text])
    return Example(first.text, labels, first.source, spans)


def _agreed(found: Iterable[Mapping[str, _T]]) -> dict[str, _T]:
    """Values that all mappings with the key share."""
    values: dict[str, set[_T]] = {}
    for mapping in found:
        for key, value in mapping.items():
            values.setdefault(key, set()).add(value)
    return {key: next(iter(same)) for key, same in values.items() if len(same) == 1}
