"""Silences: alerts about which no messages are sent."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from squall.core.errors import ConfigurationError
from squall.core.matchers import Matcher, parse_all
from squall.core.text import document_id
from squall.storage.queries.base import Queries, newest
from squall.storage.rows.alerting import Silence
from squall.storage.schema.tables.alerting import SILENCES

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(days=366)
"""From now to the end of a silence."""
_ALL = SILENCES.select("FINAL ORDER BY starts_at DESC, id")
_ACTIVE = SILENCES.select(
    """FINAL
WHERE starts_at <= {at:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')} < ends_at
ORDER BY starts_at DESC, id"""
)


def new_silence(matchers: Sequence[str], author: str, reason: str, now: datetime, starts_at: datetime | None, ends_at: datetime) -> Silence:
    """Return a silence from `starts_at` (None: `now`) up to `ends_at`; not stored yet.

    Raises:
        ConfigurationError: a matcher is not valid, there is none, author or reason is missing, or the time is over, empty or too long.
    """
    found = tuple(str(matcher) for matcher in parse_all(matchers))
    if not found:
        raise ConfigurationError("a silence needs at least one matcher", "write label=pattern, as topic='Energy*' or severity=warning")
    if not author.strip() or not reason.strip():
        raise ConfigurationError("a silence needs an author and a reason", "give both, so that others know who silenced what, and why")
    who, starts = author.strip(), max(now, starts_at or now)
    _check_end(starts, ends_at, now)
    key = document_id("silence", f"{now.isoformat()} {who} {found}")
    return Silence(key, found, who, reason.strip(), starts, ends_at)


def ended_silence(silence: Silence, now: datetime) -> Silence:
    """Return the silence as it ends `now`; one that has not begun never does. Storing it ends it."""
    return replace(silence, starts_at=min(silence.starts_at, now), ends_at=now)


def extended_silence(silence: Silence, ends_at: datetime, now: datetime) -> Silence:
    """Return the silence with another end, later or earlier than before; storing it extends it.

    Raises:
        ConfigurationError: that end is over, or too far away.
    """
    _check_end(max(silence.starts_at, now), ends_at, now)
    return replace(silence, ends_at=ends_at)


def matchers_of(silence: Silence) -> tuple[Matcher, ...]:
    """Return the matchers of a stored silence; none, which match nothing, when another version wrote what this one can't read."""
    try:
        return parse_all(silence.matchers)
    except ConfigurationError as error:
        log.warning("silence %s mutes nothing, because it can't be read: %s", silence.id, error)
        return ()


def _check_end(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        what = "is over already" if ends_at <= now else "is before its start"
        raise ConfigurationError(f"the end of the silence, {ends_at:%Y-%m-%d %H:%M} UTC, {what}", "give a later end, or a longer time")
    if ends_at - now > LONGEST:
        raise ConfigurationError(
            f"the silence would end on {ends_at:%Y-%m-%d}, more than a year from now", "give an end within a year; it can be extended later"
        )


class SilenceQueries(Queries):
    """Silences: the last version written of each wins."""

    def write(self, silences: Collection[Silence]) -> None:
        """Store silences; one with a known id replaces it, which is how a silence is ended early or extended."""
        self._write(SILENCES, newest(silences, lambda silence: silence.id))

    def all(self) -> list[Silence]:
        """Return every silence, past and future ones too, last to start first."""
        return self._read(SILENCES, _ALL)

    def unended(self, at: datetime) -> list[Silence]:
        """Return the silences that have not ended at a moment of wall time, planned ones too, last to start first."""
        return [row for row in self.all() if row.ends_at > at]

    def active(self, at: datetime) -> list[Silence]:
        """Return the silences active at a moment of wall time, [starts_at, ends_at), last to start first."""
        return self._read(SILENCES, _ACTIVE, at=at)
