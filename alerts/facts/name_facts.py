"""What is so now of alerts about names, and their charts: adverse documents about the name, whatever was judged of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from squall.alerts.counts import load_adverse
from squall.alerts.detection.readings import Counts
from squall.alerts.facts.chart import adverse_chart, chart_ticks
from squall.alerts.facts.current import counted_now
from squall.alerts.minutes import minute_of
from squall.alerts.notification.email.chart import AlertChart
from squall.core.config.settings import DetectorSettings
from squall.core.formatting import window_minutes
from squall.core.records import Alert, SeriesKind
from squall.storage import Store


class NameFacts:
    """Reads how many adverse documents there were about names; serves one run of the detector, and reads each name once for its chunk.

    Args:
        store: of the mentions.
        settings: of the detector.
    """

    def __init__(self, store: Store, settings: DetectorSettings) -> None:
        self._store = store
        self._settings = settings
        self._until = 0
        self._counts: dict[str, Counts] = {}
        """By entity, all that was read of it."""

    def begin(self, until: int) -> None:
        """Begin a chunk of event time that ends at minute `until`."""
        if until != self._until:
            self._until, self._counts = until, {}

    def read(self, alerts: Iterable[Alert], until: int = 0) -> None:
        """Read what several alerts need at once, to the end of the chunk and to minute `until`; others about series are left out."""
        wanted = {alert.lead_entity: alert for alert in alerts if alert.kind is SeriesKind.ENTITY and not self._knows(alert, until)}
        if not wanted:
            return
        start = min(_first(alert, self._settings.window_minutes) for alert in wanted.values())
        end = max(self._until, until, *(minute_of(alert.window_end) for alert in wanted.values()))
        counts = load_adverse(self._store.levels, list(wanted), start, end)
        self._counts |= {entity: counts.rows([row]) for row, entity in enumerate(counts.topics)}

    def now(self, alert: Alert, tick: int) -> Alert:
        """Return the alert as it is at minute `tick`, or was when it was resolved."""
        tick = min(tick, minute_of(alert.resolved_at)) if alert.resolved_at else tick
        tick = max(tick, minute_of(alert.opened_at) + 1)
        return alert.model_copy(update=counted_now(self._of(alert, tick), 0, alert, tick, self._settings))

    def chart(self, alert: Alert) -> AlertChart:
        """Return consecutive windows of the length that was judged, up to the alert's own."""
        return adverse_chart(self._of(alert), minute_of(alert.window_end), window_minutes(alert))

    def _of(self, alert: Alert, until: int = 0) -> Counts:
        self.read([alert], until)
        return self._counts[alert.lead_entity]

    def _knows(self, alert: Alert, until: int) -> bool:
        known = self._counts.get(alert.lead_entity)
        last = max(minute_of(alert.window_end), self._until, until)
        return known is not None and known.start <= _first(alert, self._settings.window_minutes) and known.end >= last


def _first(alert: Alert, width: int) -> int:
    """Return the first minute that is counted for an alert."""
    judged: int = window_minutes(alert)
    bars: Sequence[int] = chart_ticks(minute_of(alert.window_end), judged).tolist()
    return min(bars[0] - judged, minute_of(alert.opened_at) - 2 * width, minute_of(alert.since or alert.opened_at))
