"""What people do with alerts from the command line: over the store itself, or through the node that has it open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from squall.core.errors import SquallError
from squall.core.records import Alert, AlertState
from squall.dashboards.page.schemas.alerts import NotificationView
from squall.dashboards.page.schemas.documents import DocumentView
from squall.storage.rows.alerting import Acknowledgement, Silence

if TYPE_CHECKING:
    pass

MOST = 10_000
"""Alerts that are looked through for the beginning of an id: as many as the JSON API gives at once."""


@dataclass(frozen=True)
class Case:
    """All that is known about an alert: the documents behind it, who took it up, who was told."""

    documents: list[DocumentView]
    acknowledgements: list[Acknowledgement]
    notifications: list[NotificationView]


class OperatorClient(Protocol):
    """Alerts, and what people say about them."""

    def alerts(self, states: Sequence[AlertState], limit: int) -> list[Alert]:
        """Return alerts in their newest state, last opened first; no states: all."""

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert of this whole id."""

    def case(self, alert: Alert) -> Case:
        """Return what is known about an alert."""

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Take an alert up."""

    def silences(self) -> list[Silence]:
        """Return the silences that are not over."""

    def silence(self, matchers: Sequence[str], author: str, reason: str, length: timedelta) -> Silence:
        """Silence alerts from now on."""

    def end(self, silence: Silence) -> Silence:
        """End a silence now."""


def find_alert(client: OperatorClient, prefix: str) -> Alert:
    """Return the one alert whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    exact = client.alert(prefix.lower()) if len(prefix) == 32 else None
    found = [exact] if exact else [alert for alert in client.alerts((), MOST) if prefix and alert.id.startswith(prefix.lower())]
    if not found:
        raise SquallError(f"no alert begins with {prefix!r}", "`squall alerts list` shows them")
    if len(found) > 1:
        raise SquallError(f"{len(found)} alerts begin with {prefix!r}", "give more of the id")
    return found[0]


def find_silence(client: OperatorClient, prefix: str) -> Silence:
    """Return the one silence that is not over whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    found = [row for row in client.silences() if row.id.startswith(prefix.lower())]
    if len(found) != 1:
        what = f"{len(found)} silences begin" if found else "no silence that is not over begins"
        raise SquallError(f"{what} with {prefix!r}", "`squall alerts silence --list` shows them")
    return found[0]
