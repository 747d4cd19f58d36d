"""What a document's id is made of: its source, and the first of native id, link and content that it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from squall.core.text import document_id
from squall.ingest.links import link_key

_NO_ID: Final = frozenset(
    {"n/a", "#n/a", "na", "n.a.", "nan", "<na>", "none", "null", "(null)", "nil", "undefined", "unknown", "not available", "tba", "tbd"}
)
"""What exporters write where there is no id, in lower case."""
_ERRORS: Final = frozenset({"#value!", "#ref!", "#name?", "#num!", "#null!", "#div/0!", "00000000-0000-0000-0000-000000000000"})
"""What spreadsheets and databases have where an id could not be computed."""
_ROUNDED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[.,][0-9]{1,20})?[eE]\+?[0-9]{1,3}")


def identify(source: str, native_id: str, url: str, content: Callable[[], tuple[str, ...]]) -> str:
    """Return the id of a document, 128-bit hex: equal arguments give the same id in every process.

    Args:
        source: the document's source.
        native_id: the source's own id; empty if it has none.
        url: link; counts without a native id, by its `squall.ingest.links.link_key`.
        content: gives author, title, text and, if given, publication time; counts without a native id and URL.
    """
    return document_id(source, native_id or link_key(url) or "\x1f".join(content()))


def is_no_id(text: str) -> bool:
    """Return whether an exporter wrote `text` because there is no id, as `N/A`, or signs only, as the `####` of a narrow column."""
    return (key := text.lower()) in _NO_ID or key in _ERRORS or not (text[:1].isalnum() or any(sign.isalnum() for sign in text))


def has_lost_digits(text: str) -> bool:
    """Return whether `text` is a long number in the notation that spreadsheets shorten it to, as `1.29403E+18`."""
    return ("E" in text or "e" in text) and _ROUNDED.fullmatch(text) is not None
