"""Watches every name: documents in the order of their publication go in, evidence comes out. Pure: no clock, no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from squall.alerts.detection.names.evidence import HISTORY_DAYS, RECURS, gather
from squall.alerts.detection.names.history import BUCKET_MINUTES, NameHistory, Said, Title, level_of
from squall.alerts.detection.names.reading import Name, NameReading
from squall.alerts.detection.names.weighing import weigh
from squall.alerts.minutes import minute_of
from squall.storage.rows.mentions import CountedMention

DRIVEN_MINUTES: Final = 720
"""What was said in this time can drive an alert."""
_MOST_DRIVERS: Final = 20

Sizes = Callable[[str], int]
"""Returns the size of an entity in the catalogue, 0 (unknown) to 6, by its id; -1: the catalogue lacks it."""


class NameWatch:
    """The histories of all names. Cost grows with documents; names of which nothing was said for `HISTORY_DAYS` are forgotten.

    Args:
        size_of: tells how large a company is.
        known_since: the minute from which on documents are known at all.
    """

    def __init__(self, size_of: Sizes, known_since: int) -> None:
        self._size_of = size_of
        self._known_since = known_since
        self._histories: dict[str, NameHistory] = {}
        self._names: dict[str, Name] = {}
        self._swept = 0

    def __len__(self) -> int:
        return len(self._histories)

    def read(self, mentions: Iterable[CountedMention]) -> Iterator[NameReading]:
        """Yield what is found at each mention that is adverse, in order.

        Args:
            mentions: in the order of publication; a few may be late.
        """
        title, document = Title(""), ""
        for mention in mentions:
            if mention.document_id != document:
                title, document = Title(mention.title), mention.document_id
            minute = minute_of(mention.published_at)
            history = self._histories.get(mention.entity)
            if history is None:
                history = self._histories[mention.entity] = NameHistory()
            severity = mention.severity or 0.0
            level = level_of(severity, mention.p_negative)
            said = Said(minute, document, title, severity, mention.p_negative, mention.event_names, level)
            history.add(said)
            if level:
                yield self._reading(mention, history, said)
            self._sweep(minute)

    def _reading(self, mention: CountedMention, history: NameHistory, said: Said) -> NameReading:
        minute, name = said.minute, self._name(mention)
        known = min(HISTORY_DAYS, max(0.0, (minute - self._known_since) / 1440))
        evidence = gather(history, minute, known)
        told = [row for row in history.recent if minute - row.minute < DRIVEN_MINUTES]
        drivers = sorted(
            (row for row in told if row.level and row.novelty >= RECURS), key=lambda row: (-row.severity, row.minute, row.document)
        )
        burst = max(evidence.new, evidence.written, key=lambda burst: burst.strength)
        window = burst.window or DRIVEN_MINUTES
        within = [row for row in history.recent if minute - row.minute < window]
        return NameReading(
            name=name,
            minute=minute,
            score=weigh(name, evidence, said, told, history.past(minute, HISTORY_DAYS)[0]),
            window=window,
            observed=sum(row.level >= burst.level for row in within) if burst.window else 1,
            expected=burst.expected,
            p_value=10.0**-burst.strength,
            total=len(within),
            drivers=tuple(drivers[:_MOST_DRIVERS]),
        )

    def _name(self, mention: CountedMention) -> Name:
        known = self._names.get(mention.entity)
        if known is None:
            size = self._size_of(mention.entity)
            known = self._names[mention.entity] = Name(mention.entity, mention.kind, mention.name, mention.symbols, size)
        return known

    def _sweep(self, minute: int) -> None:
        """Forget, twice a day, the names of which nothing was said for so long that their past is empty."""
        bucket = minute // BUCKET_MINUTES
        if bucket <= self._swept:
            return
        self._swept = bucket
        oldest = minute - HISTORY_DAYS * 1440
        for entity in [entity for entity, history in self._histories.items() if history.last_minute < oldest]:
            del self._histories[entity]
            self._names.pop(entity, None)
