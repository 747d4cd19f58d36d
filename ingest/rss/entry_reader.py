"""Entries of feeds → items: documents, rejections, and entries that wait because they are dated ahead."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import orjson

from squall.core.clock import Clock
from squall.core.errors import InvalidRecordError
from squall.core.items import Item
from squall.core.net.addresses import redact_url
from squall.core.observability.health import Health
from squall.core.records import CLOCK_SKEW
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import EarlyError
from squall.ingest.rss.entry_dates import UNDATED, UnusableDateError, change_date, entry_date
from squall.ingest.rss.entry_identity import IdentifiedEntry
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.source import OriginNumbers, accepted, limited, rejected

log = logging.getLogger(__name__)


class EntryReader:
    """Makes items of the entries of all feeds of a source.

    Args:
        numbers: number the items.
        clock: gives `collected_at`.
        health: counts entries whose date can't be used.
        most_ahead: an entry that is dated further ahead waits.
    """

    def __init__(self, numbers: OriginNumbers, clock: Clock, health: Health, most_ahead: timedelta) -> None:
        self._numbers = numbers
        self._clock = clock
        self._health = health
        self._most_ahead = min(most_ahead, CLOCK_SKEW)

    def item(self, state: FeedState, identified: IdentifiedEntry) -> Item | None:
        """Return the item of an entry; None for one that is dated ahead, by a day at most: it waits in `state.early`.

        It is rejected with the reason `too_many_waiting` where `FeedState.wait` has no room for it.
        """
        entry, feed, now, origin = identified.entry, state.feed, self._clock.now(), self._numbers.next()
        defaults = Defaults(source=feed.source, kind=feed.kind, symbols=feed.symbols, undated=True, markup=False)
        language = feed.language or str(entry.fields.get("language") or "")
        waited = state.waits(identified)
        state.no_longer_waits(identified)
        try:
            if entry.fault:
                raise InvalidRecordError("broken_markup", f"the entry can't be parsed: {entry.fault}")
            published = self._date(state, identified, language, now)
            fields = {**entry.fields, "id": identified.native_id, "language": language, "published_at": published}
            document = build_document(fields, defaults, now)
            if document.published_at > now + self._most_ahead:
                raise EarlyError(document.published_at)
            if identified.changed:  # when it was collected is when the change was seen
                state.changed += 1
                document = document.model_copy(update={"undated": False})
            return accepted(origin, document)
        except EarlyError as error:
            if state.wait(identified, error.due):
                if not waited:
                    log.info("an entry is dated ahead and waits", extra={"feed": redact_url(feed.url), "until": error.due.isoformat()})
                return None
            rejection = InvalidRecordError("too_many_waiting", f"{error.detail}, and {len(state.early)} entries of its feed wait already")
        except InvalidRecordError as error:
            rejection = error
        return limited(rejected(origin, rejection, orjson.dumps(entry.fields, default=str)))

    def _date(self, state: FeedState, identified: IdentifiedEntry, language: str, now: datetime) -> datetime | None:
        """Return when an entry was published; None, with a line in the log for the first of a feed, if that can't be read or believed.

        Of an entry that has changed it is when that was; None if its dates do not say.
        """
        dates = identified.entry.fields.get("dates") or ()
        if identified.changed:
            return change_date(dates, state.feed, language, now)
        try:
            return entry_date(dates, state.feed, language, now)
        except UnusableDateError as error:
            state.undated += 1
            self._health.metrics.undated()
            if state.undated == 1:
                log.warning("%s; %s", error, UNDATED, extra={"feed": redact_url(state.feed.url)})
            return None
