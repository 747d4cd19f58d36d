"""The operator client over an open store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.records import Alert, AlertState
from squall.dashboards.page.schemas.alerts import NotificationView
from squall.dashboards.page.schemas.documents import document_views
from squall.operator.client import Case
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_behind
from squall.storage.queries.alerting.silences import ended_silence, new_silence
from squall.storage.rows.alerting import Acknowledgement, Silence


class LocalClient:
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
        return self._store.alerts.latest(states or None, limit)

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert of this whole id."""
        return self._store.alerts.get(alert_id)

    def case(self, alert: Alert) -> Case:
        """Return what is known about an alert."""
        documents = documents_behind(self._store.documents, alert, self._settings.detector.sectors, limit=10)
        return Case(
            document_views(documents),
            self._store.acknowledgements.of([alert.id]),
            [NotificationView.model_validate(row) for row in self._store.notifications.about(alert.id)],
        )

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Take an alert up."""
        row = Acknowledgement(alert.id, author, note, self._clock.now())
        self._store.acknowledgements.write(row)
        return row

    def silences(self) -> list[Silence]:
        """Return the silences that are not over."""
        now = self._clock.now()
        return [row for row in self._store.silences.all() if row.ends_at > now]

    def silence(self, matchers: Sequence[str], author: str, reason: str, length: timedelta) -> Silence:
        """Silence alerts from now on."""
        row = new_silence(matchers, author, reason, self._clock.now(), length)
        self._store.silences.write([row])
        return row

    def end(self, silence: Silence) -> Silence:
        """End a silence now."""
        ended = ended_silence(silence, self._clock.now())
        self._store.silences.write([ended])
        return ended
