"""What people do with alerts from the command line: over the store itself, or through the node that has it open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from squall.cli.alerts_parts import open_existing
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import SquallError, StoreLockedError
from squall.core.records import Alert, AlertState
from squall.dashboards.page.routes.documents import views
from squall.dashboards.page.schemas.alerts import ToldView
from squall.dashboards.page.schemas.documents import DocumentView
from squall.storage.queries.alert_documents import documents_behind
from squall.storage.queries.operators import ended_silence, new_silence
from squall.storage.rows.stored import Acknowledgement, Silence

if TYPE_CHECKING:
    from squall.storage import Store

MOST = 10_000
"""Alerts that are looked through for the beginning of an id: as many as the JSON API gives at once."""


@dataclass(frozen=True)
class Case:
    """All that is known about an alert: the documents behind it, who took it up, who was told."""

    documents: list[DocumentView]
    acknowledgements: list[Acknowledgement]
    notifications: list[ToldView]


class Desk(Protocol):
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


class StoreDesk:
    """Over an open store.

    Args:
        store: read and written.
        settings: say which documents are behind an alert.
        clock: the time people speak at.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store, self._settings, self._clock = store, settings, clock

    def alerts(self, states: Sequence[AlertState], limit: int) -> list[Alert]:
        """Return alerts in their newest state."""
        return self._store.alerts(states or None, limit)

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert of this whole id."""
        return self._store.alert(alert_id)

    def case(self, alert: Alert) -> Case:
        """Return what is known about an alert."""
        documents = documents_behind(self._store, alert, self._settings.detector.sectors, limit=10)
        return Case(
            views(documents),
            self._store.acknowledgements([alert.id]),
            [ToldView.model_validate(row) for row in self._store.notifications(alert.id)],
        )

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Take an alert up."""
        row = Acknowledgement(alert.id, author, note, self._clock.now())
        self._store.acknowledge(row)
        return row

    def silences(self) -> list[Silence]:
        """Return the silences that are not over."""
        now = self._clock.now()
        return [row for row in self._store.silences() if row.ends_at > now]

    def silence(self, matchers: Sequence[str], author: str, reason: str, length: timedelta) -> Silence:
        """Silence alerts from now on."""
        row = new_silence(matchers, author, reason, self._clock.now(), length)
        self._store.write_silences([row])
        return row

    def end(self, silence: Silence) -> Silence:
        """End a silence now."""
        ended = ended_silence(silence, self._clock.now())
        self._store.write_silences([ended])
        return ended


@contextmanager
def open_desk(settings: Settings, clock: Clock) -> Iterator[Desk]:
    """Open the store, or, where a running node has it open, talk to that node's live page.

    Raises:
        SquallError: there is no store, or its schema is behind.
        StoreLockedError: a process without a live page has it open.
    """
    from squall.operator.remote import open_page_desk

    with ExitStack() as stack:
        desk: Desk
        try:
            desk = StoreDesk(stack.enter_context(open_existing(settings)), settings, clock)
        except StoreLockedError as locked:
            desk = stack.enter_context(open_page_desk(settings, locked))
        yield desk


def find_alert(desk: Desk, prefix: str) -> Alert:
    """Return the one alert whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    exact = desk.alert(prefix.lower()) if len(prefix) == 32 else None
    found = [exact] if exact else [alert for alert in desk.alerts((), MOST) if prefix and alert.id.startswith(prefix.lower())]
    if not found:
        raise SquallError(f"no alert begins with {prefix!r}", "`squall alerts list` shows them")
    if len(found) > 1:
        raise SquallError(f"{len(found)} alerts begin with {prefix!r}", "give more of the id")
    return found[0]


def find_silence(desk: Desk, prefix: str) -> Silence:
    """Return the one silence that is not over whose id begins with `prefix`.

    Raises:
        SquallError: there is none, or there are several.
    """
    found = [row for row in desk.silences() if row.id.startswith(prefix.lower())]
    if len(found) != 1:
        what = f"{len(found)} silences begin" if found else "no silence that is not over begins"
        raise SquallError(f"{what} with {prefix!r}", "`squall alerts silence --list` shows them")
    return found[0]
