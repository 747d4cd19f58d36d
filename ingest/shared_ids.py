"""Ids of a file that do not tell its rows apart: an export that writes `0` or `1` into every row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

LOOKED_AT: Final = 100
"""Rows of the beginning of a file that its ids are judged by."""
_LEAST_ROWS: Final = 3


def shared_ids(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids that do not tell `rows` apart: three or more rows share one, and each has another title (or text).

    Rows that also share a link, or that are fewer, are versions of a document. Where rows have no links, only an id that every row
    with an id has is judged so: a file may hold the versions of a few documents.

    Args:
        rows: fields of documents, as of `squall.ingest.fields`.
    """
    contents: dict[str, set[str]] = defaultdict(set)
    links: dict[str, set[str]] = defaultdict(set)
    for fields in rows:
        key = id_key(fields)
        if key:
            contents[key].add(str(fields.get("title") or fields.get("text") or ""))
            links[key].add(str(fields.get("url") or ""))
    found = {key for key, titles in contents.items() if len(titles) >= _LEAST_ROWS and len(links[key]) >= _LEAST_ROWS}
    if len(contents) == 1:
        found |= {key for key, titles in contents.items() if len(titles) >= _LEAST_ROWS and links[key] == {""}}
    return frozenset(found)


def id_key(fields: Mapping[str, Any]) -> str:
    """Return the id of a row as text; empty if it has none."""
    value = fields.get("id")
    return "" if value is None else str(value).strip()
