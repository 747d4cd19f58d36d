"""Acknowledgements of alerts."""

from __future__ import annotations

from collections.abc import Collection

from squall.storage.queries.base import Queries
from squall.storage.rows.alerting import Acknowledgement
from squall.storage.schema.tables.alerting import ACKNOWLEDGEMENTS

_ACKNOWLEDGEMENTS = ACKNOWLEDGEMENTS.select("FINAL WHERE alert_id IN {ids:Array(String)} ORDER BY at, alert_id")


class AcknowledgementQueries(Queries):
    """Acknowledgements: an alert has one at most, the last that was written."""

    def write(self, acknowledgement: Acknowledgement) -> None:
        """Store an acknowledgement; it replaces an earlier one of the same alert."""
        self._write(ACKNOWLEDGEMENTS, [acknowledgement])

    def of(self, alert_ids: Collection[str]) -> list[Acknowledgement]:
        """Return the acknowledgements of these alerts, oldest first."""
        return self._read(ACKNOWLEDGEMENTS, _ACKNOWLEDGEMENTS, ids=list(alert_ids)) if alert_ids else []
