"""Watches every name: documents in the order of their publication go in, evidence comes out. Pure: no clock, no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.alerts.detection.names.evidence import HISTORY_DAYS, RECURS, gather
from squall.alerts.detection.names.history import BUCKET_MINUTES, KEPT_MINUTES, NameHistory, Said, Title
from squall.alerts.detection.names.reading import Name, NameReading
from squall.alerts.detection.names.weighing import weigh
from squall.core.gravity.levels import level_of
from squall.storage.rows.mentions import CountedMention

DRIVEN_MINUTES: Final = 720
"""What was said in this time can drive an alert."""
_MOST_DRIVERS: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

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
        self._swept = 0

    def __len__(self) -> int:
        return len(self._histories)

    def read(self, mentions: Iterable[CountedMention], now: int = 0) -> Iterator[NameReading]:
        """Yield what is found at each mention that is adverse, in order.

        Args:
            mentions: in the order of publication; a few may be late.
            now: the minute that has come, since the epoch: what was published before it is judged as of it.
        """
        for mention, history, said in self._add(mentions):
            if said.level:
                yield self._reading(mention, history, said, max(now, said.minute))

    def learn(self, mentions: Iterable[CountedMention]) -> None:
        """Take in mentions that were judged before."""
        for _ in self._add(mentions):
            pass

    def count(self, entity: str, minute: int, documents: Sequence[int]) -> None:
        """Add documents of the half day of `minute`, by level, that are too old to be compared with others; see `NameHistory.count`."""
        self._history(entity).count(minute, documents)

    def _add(self, mentions: Iterable[CountedMention]) -> Iterator[tuple[CountedMention, NameHistory, Said]]:
        title, document = Title(""), ""
        for mention in mentions:
            if mention.document_id != document:
                title, document = Title(mention.title), mention.document_id
            history = self._history(mention.entity)
            severity = mention.severity or 0.0
            level = level_of(severity, mention.p_negative)
            published = (mention.published_at - _EPOCH) // _MILLISECOND
            said = Said(published, document, title, severity, mention.p_negative, mention.event_names, level)
            history.add(said)
            yield mention, history, said
            self._sweep(said.minute)

    def _history(self, entity: str) -> NameHistory:
        history = self._histories.get(entity)
        if history is None:
            history = self._histories[entity] = NameHistory()
        return history

    def _reading(self, mention: CountedMention, history: NameHistory, said: Said, minute: int) -> NameReading:
        name = Name(mention.entity, mention.kind, mention.name, mention.symbols, self._size_of(mention.entity))
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
            document=said.document,
        )

    def _sweep(self, minute: int) -> None:
        """Forget, twice a day, the names of which nothing was said for so long that their past is empty, and documents that are compared
        with none any more."""
        bucket = minute // BUCKET_MINUTES
        if bucket <= self._swept:
            return
        self._swept = bucket
        oldest = minute - HISTORY_DAYS * 1440
        for entity in [entity for entity, history in self._histories.items() if history.last_minute < oldest]:
            del self._histories[entity]
        for history in self._histories.values():
            history.forget_before(minute - KEPT_MINUTES)
