"""The detector of names over a store, resumable at any minute: mentions in, changes of alerts out.

What it knows of each name stays in memory from run to run. After a start, and whenever the position is not where it left off (a crash,
another detector), it is read from the store again: of the last days document by document, of the weeks before as counts. Alerts,
candidates and the budget are the state that is stored with the position.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from squall.alerts.detection.names.evidence import HISTORY_DAYS
from squall.alerts.detection.names.history import BUCKET_MINUTES, KEPT_MINUTES
from squall.alerts.detection.names.watch import NameWatch, Sizes
from squall.alerts.lifecycle import Change
from squall.alerts.minutes import instant, minute_of
from squall.alerts.names.lifecycle import NameAlert, NameAlerts, NameChange
from squall.alerts.names.state import NamesState, dump, load, short_id
from squall.core.config.settings import DetectorSettings
from squall.core.gravity.levels import level_of
from squall.storage import Store
from squall.storage.rows.mentions import CountedMention

log = logging.getLogger(__name__)

_PART_DOCUMENTS: Final = 250_000
"""About so many documents are read at once."""
_DAY: Final = 1440


class NameDetector:
    """Evaluates names up to the detector's position, chunk by chunk.

    Args:
        store: of documents and mentions.
        settings: of the detector; a budget of 0 ends the alerts that are open.
        size_of: tells how large a company is.
    """

    def __init__(self, store: Store, settings: DetectorSettings, size_of: Sizes) -> None:
        self._store = store
        self._settings = settings
        self._size_of = size_of
        self._reached = -1
        self._state = ""
        """As it was stored at the minute that was reached."""
        self._moved = False
        self._known_since = 0
        self._watch: NameWatch | None = None
        self._alerts: NameAlerts | None = None
        self._ending: list[NameAlert] = []
        self._seen: dict[str, int] = {}
        """Documents that were taken in and may still be mistaken for late ones, with their minutes."""
        self._judged: dict[str, int] = {}
        """Those of them that are adverse, in short."""

    @property
    def open(self) -> list[NameAlert]:
        """The alerts that have fired and are open."""
        return [alert for alert in self._alerts.open if alert.fired is not None] if self._alerts else self._ending

    def resume(self, position: int, state: str, wall: datetime) -> None:
        """Go on from `position`, minutes since the epoch, with the `state` that was stored with it.

        `wall` is the wall time at which what fires now fires.
        """
        known = load(state) if state else None
        if position != self._reached or state != self._state:
            self._watch = None
            first = None if known else self._store.documents.first_published_at()
            self._known_since = known.known_since if known else minute_of(first) if first else position
            self._judged = dict(known.judged) if known else {}
        self._reached, self._state, self._moved = position, state, False
        budget, history, alerts = self._settings.names_per_day, self._settings.min_history_hours * 60, known.alerts if known else None
        self._ending = [alert for alert in alerts.open if alert.fired is not None] if alerts and not budget else []
        self._alerts = NameAlerts(budget, self._known_since, history, alerts, wall, learns_from=position) if budget else None

    def ready(self, may_go_on: Callable[[], bool]) -> bool:
        """Read the past of all names if it is not known; return False where `may_go_on`, asked now and then, ended that."""
        if self._watch is not None or not self._settings.names_per_day:
            return True
        watch = NameWatch(self._size_of, self._known_since)
        self._seen = {}
        recent = max((self._reached - KEPT_MINUTES) // BUCKET_MINUTES * BUCKET_MINUTES, self._known_since)
        oldest = (self._reached // BUCKET_MINUTES - 2) * BUCKET_MINUTES - HISTORY_DAYS * _DAY
        for start, end in self._parts(max(oldest, self._known_since), recent):
            if not may_go_on():
                return False
            counts = self._store.levels.by_step(instant(start), instant(end), step=timedelta(minutes=BUCKET_MINUTES))
            for (entity, at), documents in counts.items():
                watch.count(entity, minute_of(at), documents)
        for start, end in self._parts(recent, self._reached):
            if not may_go_on():
                return False
            watch.learn(self._judged_before(self._store.mentions.counted(instant(start), instant(end))))
        if len(watch):
            log.info("the past of %d names was read", len(watch), extra={"names": len(watch)})
        self._watch = watch
        return True

    def evaluate(self, after: int, until: int, late: int) -> list[NameChange]:
        """Take in what was published in minutes [after, until), and in the `late` before what was not there yet; return what changed.

        A late document is judged as of `after`: what it reveals begins then.
        """
        watch, self._watch = self._watch, None  # if this fails, the past is read again
        ending, self._ending = self._ending, []
        if self._alerts is None or watch is None:
            self._move_to(until)
            return [NameChange(Change.RESOLVED, after, alert) for alert in ending]
        mentions = self._store.mentions.counted(instant(after - late), instant(until))
        old = [mention for mention in mentions if minute_of(mention.published_at) < after]
        come = [mention for mention in old if mention.document_id not in self._seen]
        readings = chain(watch.read(self._noted(come), after), watch.read(self._noted(mentions[len(old) :])))
        changes = self._alerts.advance(readings) + self._alerts.end(until)
        self._move_to(until)
        self._watch = watch
        return changes

    def updates(self, until: int) -> list[NameChange]:
        """Return every alert that fires as of minute `until`: what is said of it goes on."""
        return [NameChange(Change.UPDATED, until - 1, alert) for alert in self.open]

    def skip(self, until: int) -> None:
        """Go on at `until`: nothing was published before it for long."""
        self._move_to(until)

    def dump(self) -> str:
        """Return the state to store with the position; empty: nothing is known."""
        if self._moved:
            self._state = dump(NamesState(self._known_since, self._alerts.state, self._judged)) if self._alerts else ""
            self._moved = False
        return self._state

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield consecutive spans that end at ends of days, each with about as many documents as are read at once."""
        if start >= end:
            return
        begin, documents = start, 0
        for day in self._store.counts.buckets(instant(start // _DAY * _DAY), instant(end), step=timedelta(days=1)):
            number, at = day.total, minute_of(day.time)
            if at > begin and documents + number > _PART_DOCUMENTS:
                yield begin, at
                begin, documents = at, 0
            documents += number
        yield begin, end

    def _judged_before(self, mentions: Sequence[CountedMention]) -> Iterator[CountedMention]:
        """Yield what a run of before has taken in: an adverse document that it did not judge is late."""
        first = self._reached - self._settings.grace_minutes
        last = [mention for mention in mentions if minute_of(mention.published_at) >= first]
        late = {mention.document_id for mention in last if _is_adverse(mention) and short_id(mention.document_id) not in self._judged}
        for mention in mentions:
            if mention.document_id not in late:
                yield mention
        self._seen |= {mention.document_id: minute_of(mention.published_at) for mention in last if mention.document_id not in late}

    def _noted(self, mentions: Iterable[CountedMention]) -> Iterator[CountedMention]:
        for mention in mentions:
            minute = minute_of(mention.published_at)
            self._seen[mention.document_id] = minute
            if _is_adverse(mention):
                self._judged[short_id(mention.document_id)] = minute
            yield mention

    def _move_to(self, until: int) -> None:
        self._reached, self._moved = until, True
        oldest = until - self._settings.grace_minutes
        self._seen = {document: minute for document, minute in self._seen.items() if minute >= oldest}
        self._judged = {document: minute for document, minute in self._judged.items() if minute >= oldest}


def _is_adverse(mention: CountedMention) -> bool:
    return level_of(mention.severity or 0.0, mention.p_negative) > 0
