"""Silences: alerts about which no messages are sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from squall.core.errors import ConfigurationError
from squall.core.matchers import parse_all
from squall.core.text import document_id
from squall.storage.queries.base import Queries, newest
from squall.storage.rows.alerting import Silence
from squall.storage.schema.tables.alerting import SILENCES

_ALL = SILENCES.select("FINAL ORDER BY starts_at DESC, id")
_ACTIVE = SILENCES.select(
    """FINAL
WHERE starts_at <= {at:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')} < ends_at
ORDER BY starts_at DESC, id"""
)


def new_silence(matchers: Sequence[str], author: str, reason: str, now: datetime, length: timedelta) -> Silence:
    """Return a silence that starts `now` and holds for `length`; not stored yet.

    Raises:
        ConfigurationError: a matcher is not valid, there is none, or author or reason is missing.
    """
    found = tuple(str(matcher) for matcher in parse_all(matchers))
    if not found:
        raise ConfigurationError("a silence needs at least one matcher", "write label=pattern, as topic='Energy*' or severity=warning")
    if not author.strip() or not reason.strip():
        raise ConfigurationError("a silence needs an author and a reason", "give both, so that others know who silenced what, and why")
    who = author.strip()
    return Silence(document_id("silence", f"{now.isoformat()} {who} {found}"), found, who, reason.strip(), now, now + length)


def ended_silence(silence: Silence, now: datetime) -> Silence:
    """Return the silence as it ends `now`; storing it ends it."""
    return replace(silence, ends_at=max(now, silence.starts_at))


class SilenceQueries(Queries):
    """Silences: the last version written of each wins."""

    def write(self, silences: Collection[Silence]) -> None:
        """Store silences; one with a known id replaces it, which is how a silence is ended early."""
        self._write(SILENCES, newest(silences, lambda silence: silence.id))

    def all(self) -> list[Silence]:
        """Return every silence, past and future ones too, last to start first."""
        return self._read(SILENCES, _ALL)

    def active(self, at: datetime) -> list[Silence]:
        """Return the silences active at a moment of wall time, [starts_at, ends_at), last to start first."""
        return self._read(SILENCES, _ACTIVE, at=at)
