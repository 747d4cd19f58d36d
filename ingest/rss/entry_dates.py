"""When an entry of a feed was published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from squall.ingest.publication_time import TimeFormatError, parse_time, zone
from squall.ingest.rss.feed import Feed

UNDATED: Final = (
    "the entry counts as undated, as others of this feed that have such a date will; set timezone, time_format or language of the feed"
)
"""What becomes of an entry whose date can't be read, for the log."""


class UnreadableDateError(ValueError):
    """An entry names a time, and none of what it names can be read; the message says why not."""


def change_date(dates: Sequence[str], feed: Feed, language: str, now: datetime) -> datetime | None:
    """Return when an entry was changed: the latest of `dates` that has passed, if it is later than the first one; None if they do not say.

    Args:
        dates: as of `entry_date`.
        feed: as of `entry_date`.
        language: as of `entry_date`.
        now: the change has been seen by then.
    """
    read: list[datetime] = []
    for date in dates:
        with suppress(TimeFormatError):
            read.append(parse_time(date, zone(feed.timezone), feed.time_format, language))
    passed = [date for date in read if date <= now]
    return max(passed) if passed and max(passed) > read[0] else None


def entry_date(dates: Sequence[str], feed: Feed, language: str) -> datetime | None:
    """Return the first of `dates` that is understood as a whole, aware UTC; None if there is none.

    Args:
        dates: as the entry has them, the first publication first.
        feed: its time zone and format.
        language: of the feed; empty if not known.

    Raises:
        UnreadableDateError: there are dates, but none that is understood.
    """
    why = ""
    for date in dates:
        try:
            return parse_time(date, zone(feed.timezone), feed.time_format, language)
        except TimeFormatError as error:
            why = why or str(error)
    if why:
        raise UnreadableDateError(why)
    return None
