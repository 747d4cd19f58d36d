"""The operator client: alerts, silences and the state of the store, whichever process has the store open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from squall.core.errors import SquallError
from squall.core.records import Alert
from squall.dashboards.page.schemas.alerts import NotificationView
from squall.dashboards.page.schemas.documents import DocumentView
from squall.dashboards.page.schemas.drivers import DriversView
from squall.dashboards.page.schemas.entities import EntityView
from squall.storage.queries.alerting.alerts import AlertFilter
from squall.storage.queries.alerting.silence_preview import SilencePreview
from squall.storage.rows.alerting import Acknowledgement, Silence

SEARCH_LIMIT = 10_000
"""Alerts in which the beginning of an id is looked up: as many as the JSON API returns in one response."""
_WHOLE_ID = 32


@dataclass(frozen=True)
class AlertDetails:
    """Who drives an alert, the documents behind it, its acknowledgements and its notifications."""

    drivers: DriversView
    documents: list[DocumentView]
    acknowledgements: list[Acknowledgement]
    notifications: list[NotificationView]


@dataclass(frozen=True)
class MigrationStatus:
    """One migration; `applied_at` is None when it is not applied."""

    number: int
    name: str
    applied_at: datetime | None


@dataclass(frozen=True)
class StoreStatus:
    """ClickHouse's version and the migrations of this version of Squall."""

    version: str
    migrations: list[MigrationStatus]

    @property
    def pending(self) -> int:
        """The number of migrations that are not applied."""
        return sum(migration.applied_at is None for migration in self.migrations)


@dataclass(frozen=True)
class WantedSilence:
    """A silence to be stored.

    Args:
        matchers: all must match.
        author: who silences.
        reason: why.
        starts_at: wall time; None: now.
        length: from its start to its end; None: `ends_at` is given.
        ends_at: wall time.
    """

    matchers: Sequence[str]
    author: str
    reason: str
    starts_at: datetime | None
    length: timedelta | None
    ends_at: datetime | None

    def end(self, now: datetime) -> datetime:
        """Return when it ends, if it is stored `now`."""
        return self.ends_at or max(now, self.starts_at or now) + (self.length or timedelta(0))


class OperatorClient(Protocol):
    """Reads and changes what operators work with. Every method raises `SquallError` when the store or the live page does not answer."""

    def store_status(self) -> StoreStatus:
        """Return the state of the schema."""

    def alerts(self, wanted: AlertFilter, limit: int) -> list[Alert]:
        """Return at most `limit` of the alerts that are wanted, newest first."""

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert with this whole id."""

    def alert_details(self, alert: Alert) -> AlertDetails:
        """Return what belongs to an alert."""

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Acknowledge an alert."""

    def entity(self, node: str, hours: int, *, members: bool, limit: int) -> EntityView | None:
        """Return an entity or group over the `hours` up to the newest document; None when no document names it, or nothing belongs to it.

        Args:
            node: an entity's id, or that of a sector, an industry or the market, which are always the sum of their members.
            members: add up what belongs to it.
            limit: of the members that are listed, the most negative first.
        """

    def silences(self) -> list[Silence]:
        """Return the silences that have not ended, planned ones too."""

    def preview_silence(self, matchers: Sequence[str]) -> SilencePreview:
        """Return what a silence with these matchers would match of the newest alerts; nothing is stored."""

    def create_silence(self, wanted: WantedSilence) -> Silence:
        """Silence alerts."""

    def extend_silence(self, silence: Silence, ends_at: datetime) -> Silence:
        """Give a silence another end."""

    def end_silence(self, silence: Silence) -> Silence:
        """End a silence now."""


def find_alert(client: OperatorClient, prefix: str) -> Alert:
    """Return the only alert whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    exact = client.alert(prefix.lower()) if len(prefix) == _WHOLE_ID else None
    found = (
        [exact]
        if exact
        else [alert for alert in client.alerts(AlertFilter(), SEARCH_LIMIT) if prefix and alert.id.startswith(prefix.lower())]
    )
    if not found:
        raise SquallError(f"no alert id begins with {prefix!r}", "`squall alerts list` shows the ids")
    if len(found) > 1:
        raise SquallError(f"{len(found)} alert ids begin with {prefix!r}", "give more of the id")
    return found[0]


def find_silence(client: OperatorClient, prefix: str) -> Silence:
    """Return the only silence that has not ended and whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    found = [row for row in client.silences() if row.id.startswith(prefix.lower())]
    if not found:
        raise SquallError(
            f"no silence that has not ended has an id that begins with {prefix!r}", "`squall alerts silence --list` shows the ids"
        )
    if len(found) > 1:
        raise SquallError(f"{len(found)} silences have an id that begins with {prefix!r}", "give more of the id")
    return found[0]
