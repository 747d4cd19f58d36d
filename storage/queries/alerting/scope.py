"""Which documents an alert's series counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from squall.core.records import Alert, SeriesKind
from squall.core.series import SECTOR_PREFIX, SYMBOL_PREFIX


class Scope(NamedTuple):
    """A topic, empty for all of them, or symbols, of which a document has any; empty for all documents."""

    topic: str
    symbols: Collection[str]


def scope_of(alert: Alert, sectors: Mapping[str, Collection[str]]) -> Scope | None:
    """Return what the alert's series counts; None for a source, and for a sector that is no longer watched.

    Args:
        sectors: the symbols of each watched sector.
    """
    if alert.kind is SeriesKind.SOURCE:
        return None
    if alert.kind is SeriesKind.SYMBOL:
        return Scope("", (alert.topic.removeprefix(SYMBOL_PREFIX),))
    if alert.kind is SeriesKind.SECTOR:
        symbols = sectors.get(alert.topic.removeprefix(SECTOR_PREFIX), ())
        return Scope("", symbols) if symbols else None
    return Scope(alert.topic if alert.kind is SeriesKind.TOPIC else "", ())
