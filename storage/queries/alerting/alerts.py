"""Alerts in their newest state."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from datetime import datetime

from squall.core.records import Alert, AlertState
from squall.storage.queries.base import Queries, newest
from squall.storage.schema.tables.alerting import ALERTS

_LATEST = ALERTS.select(
    """FINAL
WHERE (empty({states:Array(String)}) OR has({states:Array(String)}, state))
  AND NOT (state = 'resolved' AND fired_at IS NULL)
ORDER BY opened_at DESC, id
LIMIT {limit:UInt32}"""
)
_ALERT = ALERTS.select("FINAL WHERE id = {id:String}")
_REVISION = """
SELECT (SELECT max(version) FROM alerts), (SELECT max(version) FROM acknowledgements), (SELECT max(version) FROM silences),
       (SELECT count() FROM silences FINAL WHERE starts_at <= {now:DateTime64(3, 'UTC')} AND {now:DateTime64(3, 'UTC')} < ends_at)
"""


class AlertQueries(Queries):
    """Alerts: the last state written of each wins."""

    def write(self, alerts: Sequence[Alert]) -> None:
        """Store the present state of alerts; of two states of one alert the later in the sequence wins."""
        self._write(ALERTS, newest(alerts, lambda alert: alert.id))

    def latest(self, states: Collection[AlertState] | None = None, limit: int = 100) -> list[Alert]:
        """Return alerts in their newest state, last opened first; only those now in `states` when given.

        An alert that resolved before it fired is left out; `get` still returns it.
        """
        wanted = [state.value for state in states or ()]
        if states is not None and not wanted:
            return []
        return self._read(ALERTS, _LATEST, states=wanted, limit=limit)

    def get(self, alert_id: str) -> Alert | None:
        """Return one alert in its newest state."""
        return next(iter(self._read(ALERTS, _ALERT, id=alert_id)), None)

    def revision(self, now: datetime) -> Hashable:
        """Return a value that changes when an alert, an acknowledgement or a silence is written, or a silence begins or ends."""
        return self._only(_REVISION, now=now)
