"""What people and processes say about alerting: silences, acknowledgements, claims of a lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from squall.core.errors import ConfigurationError
from squall.core.matchers import parse_all
from squall.core.text import document_id
from squall.storage.queries.base import StoreBase, utc, valid_text
from squall.storage.queries.spans import EVER
from squall.storage.rows.stored import Acknowledgement, Claim, Silence
from squall.storage.schema.tables import ACKNOWLEDGEMENTS, LEASES, SILENCES

_SILENCES = """
SELECT id, matchers, author, reason, starts_at, ends_at
FROM silences FINAL
WHERE NOT {active:UInt8}
   OR (starts_at <= {at:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')} < ends_at)
ORDER BY starts_at DESC, id
"""
_ACKNOWLEDGEMENTS = """
SELECT alert_id, author, note, at FROM acknowledgements FINAL WHERE alert_id IN {ids:Array(String)} ORDER BY at, alert_id
"""
_CLAIMS = "SELECT name, owner, until FROM leases FINAL WHERE name = {name:String} ORDER BY owner"


def new_silence(matchers: Sequence[str], author: str, reason: str, now: datetime, length: timedelta) -> Silence:
    """Return a silence that starts `now` and holds for `length`; not stored yet.

    Raises:
        ConfigurationError: a matcher is none, there is no matcher at all, or nobody says why.
    """
    found = tuple(str(matcher) for matcher in parse_all(matchers))
    if not found:
        raise ConfigurationError("a silence needs at least one matcher", "write label=pattern, as topic='Energy*' or severity=warning")
    if not author.strip() or not reason.strip():
        raise ConfigurationError("a silence needs an author and a reason", "others will ask who silenced what, and why")
    who = author.strip()
    return Silence(document_id("silence", f"{now.isoformat()} {who} {found}"), found, who, reason.strip(), now, now + length)


def ended_silence(silence: Silence, now: datetime) -> Silence:
    """Return the silence as it ends `now`; storing it ends it."""
    return replace(silence, ends_at=max(now, silence.starts_at))


class OperatorQueries(StoreBase):
    """Small rows whose last version wins."""

    def write_silences(self, silences: Collection[Silence]) -> None:
        """Store silences; one with a known id replaces it, which is how a silence is ended early."""
        version = self._next_version()
        newest = {silence.id: silence for silence in silences}
        values = [
            (
                row.id,
                [valid_text(matcher) for matcher in row.matchers],
                valid_text(row.author),
                valid_text(row.reason),
                row.starts_at,
                row.ends_at,
                version,
            )
            for row in newest.values()
        ]
        self._insert(SILENCES, values)

    def silences(self, active_at: datetime | None = None) -> list[Silence]:
        """Return silences, last to start first; only those in force at `active_at` when given: [starts_at, ends_at)."""
        rows = self._select(_SILENCES, active=active_at is not None, at=active_at or EVER[0])
        return [Silence(key, tuple(matchers), author, reason, utc(start), utc(end)) for key, matchers, author, reason, start, end in rows]

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Remember who has taken an alert up; a later word about the same alert replaces it."""
        row = acknowledgement
        self._insert(ACKNOWLEDGEMENTS, [(row.alert_id, valid_text(row.author), valid_text(row.note), row.at, self._next_version())])

    def acknowledgements(self, alert_ids: Collection[str]) -> list[Acknowledgement]:
        """Return the acknowledgements of these alerts, oldest first."""
        if not alert_ids:
            return []
        rows = self._select(_ACKNOWLEDGEMENTS, ids=list(alert_ids))
        return [Acknowledgement(alert_id, author, note, utc(at)) for alert_id, author, note, at in rows]

    def write_claim(self, claim: Claim) -> None:
        """Store an owner's claim of a lease, in place of the owner's claim before."""
        self._insert(LEASES, [(claim.name, claim.owner, claim.until, self._next_version())])

    def claims(self, name: str) -> list[Claim]:
        """Return the claims of one lease, over or not, by owner. Sees every write acknowledged by the same server before."""
        return [Claim(lease, owner, utc(until)) for lease, owner, until in self._select(_CLAIMS, name=name)]
