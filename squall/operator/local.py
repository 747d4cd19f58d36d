"""The operator client over an open store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.matchers import parse_all
from squall.core.records import Alert
from squall.dashboards.page.routes.entity_views import EntityReader
from squall.dashboards.page.schemas.alerts import NotificationView
from squall.dashboards.page.schemas.documents import document_views
from squall.dashboards.page.schemas.drivers import DriversView
from squall.dashboards.page.schemas.entities import EntityOrder, EntityView
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.groups import groups_when_needed, is_group
from squall.operator.client import AlertDetails, MigrationStatus, StoreStatus, WantedSilence
from squall.storage import Store
from squall.storage.queries.alerting.alerts import AlertFilter
from squall.storage.queries.alerting.documents import documents_behind
from squall.storage.queries.alerting.silence_preview import SilencePreview, preview_silence
from squall.storage.queries.alerting.silences import ended_silence, extended_silence, new_silence
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

    def alerts(self, wanted: AlertFilter, limit: int) -> list[Alert]:
        """Return at most `limit` of the alerts that are wanted, newest first."""
        return self._store.alerts.find(wanted, limit)

    def alert(self, alert_id: str) -> Alert | None:
        """Return the alert with this whole id."""
        return self._store.alerts.get(alert_id)

    def alert_details(self, alert: Alert) -> AlertDetails:
        """Return what belongs to an alert."""
        documents = documents_behind(self._store.documents, alert, self._settings.detector.sectors, limit=_DOCUMENTS)
        return AlertDetails(
            DriversView.model_validate(self._store.drivers.of(alert, self._settings.detector.sectors)),
            document_views(documents, self._store.mentions.of(documents), self._store.stories.of(documents)),
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
        """Return the silences that have not ended, planned ones too."""
        return self._store.silences.unended(self._clock.now())

    def preview_silence(self, matchers: Sequence[str]) -> SilencePreview:
        """Return what a silence with these matchers would match of the newest alerts; nothing is stored."""
        return preview_silence(self._store.alerts, parse_all(matchers))

    def create_silence(self, wanted: WantedSilence) -> Silence:
        """Silence alerts."""
        now = self._clock.now()
        return self._written(new_silence(wanted.matchers, wanted.author, wanted.reason, now, wanted.starts_at, wanted.end(now)))

    def extend_silence(self, silence: Silence, ends_at: datetime) -> Silence:
        """Give a silence another end."""
        return self._written(extended_silence(silence, ends_at, self._clock.now()))

    def end_silence(self, silence: Silence) -> Silence:
        """End a silence now."""
        return self._written(ended_silence(silence, self._clock.now()))

    def _written(self, silence: Silence) -> Silence:
        self._store.silences.write([silence])
        return silence
