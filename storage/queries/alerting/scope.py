"""Which documents an alert's series counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from squall.core.records import Alert, SeriesKind
from squall.core.series import SECTOR_PREFIX, SYMBOL_PREFIX


class Scope(NamedTuple):
    """A topic, empty for all of them, or symbols, of which a document has any, or documents; without any of these all documents.

    `span` is [start, end) in publication time.
    """

    span: tuple[datetime, datetime]
    topic: str = ""
    symbols: Collection[str] = ()
    documents: Sequence[str] = ()


def scope_of(alert: Alert, sectors: Mapping[str, Collection[str]]) -> Scope | None:
    """Return what the alert counts; None for a source, for a sector that is no longer watched, and for a name that no document drives.

    Args:
        sectors: the symbols of each watched sector.
    """
    window = (alert.window_start, alert.window_end)
    if alert.kind is SeriesKind.SOURCE:
        return None
    if alert.kind is SeriesKind.ENTITY:  # one may drive it that is older than the window that was judged
        first = min(alert.since or alert.window_start, alert.window_start)
        return Scope((first, alert.window_end), documents=alert.document_ids) if alert.document_ids else None
    if alert.kind is SeriesKind.SYMBOL:
        return Scope(window, symbols=(alert.topic.removeprefix(SYMBOL_PREFIX),))
    if alert.kind is SeriesKind.SECTOR:
        symbols = sectors.get(alert.topic.removeprefix(SECTOR_PREFIX), ())
        return Scope(window, symbols=symbols) if symbols else None
    return Scope(window, topic=alert.topic if alert.kind is SeriesKind.TOPIC else "")
