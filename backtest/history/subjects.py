"""What an alert is about, by every name that a list of events may know it by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from squall.core.records import Alert, SeriesKind
from squall.core.series import SECTOR_PREFIX, SYMBOL_PREFIX
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about.

    Args:
        name: of the company, sector, topic or `All topics`, as people call it.
        names: other names and symbols of the same.
    """

    name: str
    names: tuple[str, ...] = ()


def subjects_of(alerts: Sequence[Alert], catalogue: Catalogue) -> dict[str, Subject]:
    """Return the subject of each alert by its id."""
    return {alert.id: _subject(alert, catalogue) for alert in alerts}


def _subject(alert: Alert, catalogue: Catalogue) -> Subject:
    if alert.kind is SeriesKind.SECTOR:
        return Subject(alert.topic.removeprefix(SECTOR_PREFIX), (alert.topic,))
    if alert.kind is SeriesKind.ENTITY:
        return _named(alert.topic, (), catalogue.by_id(alert.lead_entity))
    if alert.kind is SeriesKind.SYMBOL:
        symbol = alert.topic.removeprefix(SYMBOL_PREFIX)
        return _named(symbol, (symbol, alert.topic), catalogue.by_symbol(symbol))
    return Subject(alert.topic)


def _named(name: str, also: tuple[str, ...], entity: Entity | None) -> Subject:
    """Return the subject by its name in the catalogue, where that knows it."""
    if entity is None:
        return Subject(name, tuple(other for other in also if other != name))
    other = (*also, *entity.aliases, *entity.former_names, *entity.symbols)
    return Subject(entity.name, tuple(dict.fromkeys(each for each in other if each != entity.name)))
