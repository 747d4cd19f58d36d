"""Cuts a feed into its entries, so that one that can't be parsed does not cost the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import feedparser.encodings

_START: Final = re.compile(rb"<!\[CDATA\[|<!--|<(?:[A-Za-z][A-Za-z0-9_.-]{0,30}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_END: Final = re.compile(rb"</(?:[A-Za-z][A-Za-z0-9_.-]{0,30}:)?(?:item|entry)\s{0,30}>", re.IGNORECASE)
_OPAQUE: Final = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}
CONTENT_TYPE: Final = "application/xml; charset=utf-8"
"""Of what `SplitFeed` holds."""


@dataclass(frozen=True, slots=True)
class SplitFeed:
    """A feed as UTF-8: what is before its entries, the entries, and what is behind them."""

    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes

    def alone(self, number: int) -> bytes:
        """Return a feed that holds one entry only."""
        return self.head + self.entries[number] + self.tail


def split_feed(body: bytes, content_type: str) -> SplitFeed:
    """Return the parts of a feed; without entries everything is head.

    Time is linear in the length. An entry begins at an `item` or `entry` tag outside of CDATA and comments, and ends where the next one
    begins.
    """
    result: dict[str, Any] = {}
    data: bytes = feedparser.encodings.convert_to_utf8({"content-type": content_type}, body, result)
    starts = _starts(data)
    if not starts:
        return SplitFeed(data, (), b"")
    end = len(data)
    for match in _END.finditer(data, starts[-1]):
        end = match.end()
    edges = [*starts, end]
    return SplitFeed(data[: starts[0]], tuple(data[a:b] for a, b in zip(starts, edges[1:], strict=True)), data[end:])


def _starts(data: bytes) -> list[int]:
    starts = []
    at = 0
    while (match := _START.search(data, at)) is not None:
        close = _OPAQUE.get(match[0].upper())
        if close is None:
            starts.append(match.start())
            at = match.end()
            continue
        end = data.find(close, match.end())
        if end < 0:  # opaque to the end
            break
        at = end + len(close)
    return starts
