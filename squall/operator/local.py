"""The operator client over an open store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.records import Alert, AlertState
from squall.dashboards.page.routes.entity_views import EntityReader
from squall.dashboards.page.schemas.alerts import NotificationView
from squall.dashboards.page.schemas.documents import document_views
from squall.dashboards.page.schemas.drivers import DriversView
from squall.dashboards.page.schemas.entities import EntityOrder, EntityView
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.groups import groups_when_needed, is_group
from squall.operator.client import AlertDetails, MigrationStatus, StoreStatus
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_behind
from squall.storage.queries.alerting.silences import ended_silence, new_silence
from squall.storage.rows.alerting import Acknowledgement, Silence

_DOCUMENTS = 10


class LocalClient:
    """The operator client over an open store.

    Args:
        store: read and written.
        settings: the detector's sectors determine the documents behind an alert; the entities, what belongs to what.
        clock: stamps acknowledgements and silences.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store, self._settings, self._clock = store, settings, clock

    def store_status(self) -> StoreStatus:
        """Return the state of the schema."""
        migrations = [MigrationStatus(row.number, row.name, row.applied_at) for row in self._store.schema.status()]
        return StoreStatus(self._store.ping(), migrations)

    def alerts(self, states: Sequence[AlertState], limit: int) -> list[Alert]:
        """Return at most `limit` alerts, newest first; no states: all."""
        return self._store.alerts.latest(states or None, limit)

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert with this whole id."""
        return self._store.alerts.get(alert_id)

    def alert_details(self, alert: Alert) -> AlertDetails:
        """Return what belongs to an alert."""
        documents = documents_behind(self._store.documents, alert, self._settings.detector.sectors, limit=_DOCUMENTS)
        return AlertDetails(
            DriversView.model_validate(self._store.drivers.of(alert, self._settings.detector.sectors)),
            document_views(documents, self._store.mentions.of(documents)),
            self._store.acknowledgements.of([alert.id]),
            [NotificationView.model_validate(row) for row in self._store.notifications.about(alert.id)],
        )

    def acknowledge(self, alert: Alert, author: str, note: str) -> Acknowledgement:
        """Acknowledge an alert."""
        row = Acknowledgement(alert.id, author, note, self._clock.now())
        self._store.acknowledgements.write(row)
        return row

    def entity(self, node: str, hours: int, *, members: bool, limit: int) -> EntityView | None:
        """Return an entity or group over time; None when no document names it, or nothing belongs to it."""
        reader = EntityReader(self._store, self._clock, groups_when_needed(partial(Catalogue.open, self._settings.entities)))
        first = self._store.entities.first_counted_at()
        if members or is_group(node):
            return reader.summed(node, first, hours, EntityOrder.NEGATIVE, limit)
        known = self._store.entities.name(node)
        return reader.one(known, first, hours) if known else None

    def silences(self) -> list[Silence]:
        """Return the silences that have not ended."""
        now = self._clock.now()
        return [row for row in self._store.silences.all() if row.ends_at > now]

    def create_silence(self, matchers: Sequence[str], author: str, reason: str, duration: timedelta) -> Silence:
        """Silence alerts from now on."""
        row = new_silence(matchers, author, reason, self._clock.now(), duration)
        self._store.silences.write([row])
        return row

    def end_silence(self, silence: Silence) -> Silence:
        """End a silence now."""
        ended = ended_silence(silence, self._clock.now())
        self._store.silences.write([ended])
        return ended
