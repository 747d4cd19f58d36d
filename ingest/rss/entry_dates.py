"""When an entry of a feed was published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from squall.core.dates.publication_time import TimeFormatError, parse_time, zone
from squall.core.records.documents import OLDEST
from squall.ingest.rss.feed import Feed

UNDATED: Final = (
    "the entry counts as undated, as others of this feed that have such a date will; set timezone, time_format or language of the feed"
)
"""What becomes of an entry whose date can't be used, for the log."""


LONGEST_WAIT: Final = timedelta(days=1)
"""A date that is further ahead is not believed: a wrong zone is at most 14 hours ahead. It is the day of an event, or a mistake."""


class UnusableDateError(ValueError):
    """An entry names a time, and none of what it names can be read and believed; the message says why not."""


def change_date(dates: Sequence[str], feed: Feed, language: str, now: datetime) -> datetime | None:
    """Return when an entry was changed: the latest of `dates` that has passed, if it is later than the first one; None if they do not say.

    Args:
        dates: as of `entry_date`.
        feed: as of `entry_date`.
        language: as of `entry_date`.
        now: the change has been seen by then.
    """
    read, _ = _believed(dates, feed, language, now)
    passed = [date for date in read if date <= now]
    return max(passed) if passed and max(passed) > read[0] else None


def entry_date(dates: Sequence[str], feed: Feed, language: str, now: datetime) -> datetime | None:
    """Return the first of `dates` that is understood as a whole and believed, aware UTC; None if there is none.

    Dates before 1990 (`1970-01-01`) are what programs write where there is none. Those more than a day ahead of `now` are no times of
    publication either.

    Args:
        dates: as the entry has them, the first publication first.
        feed: its time zone and format.
        language: of the feed; empty if not known.
        now: when it is collected.

    Raises:
        UnusableDateError: there are dates, but none that is understood and believed.
    """
    read, why = _believed(dates, feed, language, now)
    if not read and why:
        raise UnusableDateError(why)
    return read[0] if read else None


def _believed(dates: Sequence[str], feed: Feed, language: str, now: datetime) -> tuple[list[datetime], str]:
    """Return those of `dates` that are understood and believed, and why the first one that is not is not."""
    found: list[datetime] = []
    why = ""
    for date in dates:
        try:
            read = parse_time(date, zone(feed.timezone), feed.time_format, language)
        except TimeFormatError as error:
            why = why or str(error)
            continue
        if OLDEST <= read <= now + LONGEST_WAIT:
            found.append(read)
        else:
            place = "before 1990" if read < OLDEST else "more than a day ahead"
            why = why or f"{date[:60]!r} is {place}, which is no time of publication"
    return found, why
