"""What an alert is about, by every name that a list of events may know it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from squall.core.records import Alert, SeriesKind
from squall.core.series import SECTOR_PREFIX, SYMBOL_PREFIX
from squall.entities.catalogue.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about.

    Args:
        name: of the company, sector, topic or `All topics`, as people call it.
        names: other names and symbols of the same.
    """

    name: str
    names: tuple[str, ...] = ()


def subjects_of(alerts: Sequence[Alert], open_catalogue: Callable[[], Catalogue]) -> dict[str, Subject]:
    """Return the subject of each alert by its id; the catalogue is opened only when an alert is about a symbol."""
    catalogue = open_catalogue() if any(alert.kind is SeriesKind.SYMBOL for alert in alerts) else None
    return {alert.id: _subject(alert, catalogue) for alert in alerts}


def _subject(alert: Alert, catalogue: Catalogue | None) -> Subject:
    if alert.kind is SeriesKind.SECTOR:
        return Subject(alert.topic.removeprefix(SECTOR_PREFIX), (alert.topic,))
    if alert.kind is not SeriesKind.SYMBOL:
        return Subject(alert.topic)
    symbol = alert.topic.removeprefix(SYMBOL_PREFIX)
    entity = catalogue.by_symbol(symbol) if catalogue else None
    if entity is None:
        return Subject(symbol, (alert.topic,))
    other = (symbol, alert.topic, *entity.aliases, *entity.former_names, *entity.symbols)
    return Subject(entity.name, tuple(dict.fromkeys(name for name in other if name != entity.name)))
