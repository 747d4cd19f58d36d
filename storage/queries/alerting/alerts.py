"""Alerts in their newest state."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from squall.core.matchers import any_of
from squall.core.records import OLDEST, Alert, AlertState
from squall.core.series import SYMBOL_PREFIX
from squall.storage.queries.base import Queries, newest
from squall.storage.queries.spans import sql
from squall.storage.schema.table import valid_text
from squall.storage.schema.tables.alerting import ALERTS

_WANTED = """
(empty({states:Array(String)}) OR has({states:Array(String)}, state))
AND NOT (state = 'resolved' AND fired_at IS NULL)
AND ({topics:String} = '' OR match(topic, {topics:String}))
AND opened_at >= {since:DateTime64(3, 'UTC')}
"""
_NEWEST_FIRST = "ORDER BY opened_at DESC, id LIMIT {limit:UInt32}"
_FOUND = ALERTS.select(sql("FINAL WHERE $wanted $order", wanted=_WANTED, order=_NEWEST_FIRST))
# Mentions are read where the alerts lie in time; those of an earlier reading of a document count as well.
_NAMED = ALERTS.select(
    sql(
        """FINAL
WHERE $wanted AND (match(topic, {names:String}) OR has({series:Array(String)}, topic) OR hasAny(document_ids, (
    SELECT groupUniqArray(document_id) FROM mentions
    WHERE first
      AND published_at >= (SELECT min(window_start) - INTERVAL 1 DAY FROM alerts FINAL WHERE $wanted)
      AND published_at <= (SELECT max(window_end) + INTERVAL 1 DAY FROM alerts FINAL WHERE $wanted)
      AND document_id IN (SELECT arrayJoin(document_ids) FROM alerts FINAL WHERE $wanted)
      AND (match(name, {names:String}) OR has({entities:Array(String)}, entity) OR hasAny(symbols, {tickers:Array(String)}))
)))
$order""",
        wanted=_WANTED,
        order=_NEWEST_FIRST,
    )
)
_ALERT = ALERTS.select("FINAL WHERE id = {id:String}")
_REVISION = """
SELECT (SELECT max(version) FROM alerts), (SELECT max(version) FROM acknowledgements), (SELECT max(version) FROM silences),
       (SELECT count() FROM silences FINAL WHERE starts_at <= {now:DateTime64(3, 'UTC')} AND {now:DateTime64(3, 'UTC')} < ends_at)
"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted; every condition that is given must hold, and of several values of one any.

    Args:
        states: their present state.
        topics: patterns with * and ? for the name of the series.
        names: of companies and others, with * and ?: words of the name, the ticker or the id. Wanted are alerts whose series is called
            that, and those of which a document that drove them names it.
        since: opened then or later, event time.
    """

    states: tuple[AlertState, ...] = ()
    topics: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    since: datetime | None = None


class AlertQueries(Queries):
    """Alerts: the last state written of each wins."""

    def write(self, alerts: Sequence[Alert]) -> None:
        """Store the present state of alerts; of two states of one alert the later in the sequence wins."""
        self._write(ALERTS, newest(alerts, lambda alert: alert.id))

    def latest(self, states: Collection[AlertState] | None = None, limit: int = 100) -> list[Alert]:
        """Return alerts in their newest state, last opened first; only those now in `states` when given.

        An alert that resolved before it fired is left out; `get` still returns it.
        """
        if states is not None and not states:
            return []
        return self.find(AlertFilter(states=tuple(states or ())), limit)

    def find(self, wanted: AlertFilter, limit: int = 100) -> list[Alert]:
        """Return the alerts that are wanted in their newest state, last opened first; none that resolved before it fired.

        Raises:
            ConfigurationError: a pattern is too long.
        """
        parameters: dict[str, Any] = {
            "states": [state.value for state in wanted.states],
            "topics": any_of(wanted.topics),
            "since": max(wanted.since or OLDEST, OLDEST),
            "limit": limit,
        }
        if not wanted.names:
            return self._read(ALERTS, _FOUND, **parameters)
        tickers = sorted({valid_text(name.strip().lstrip("$").upper()) for name in wanted.names})
        parameters |= {
            "names": any_of(wanted.names, within=True),
            "entities": [valid_text(name) for name in wanted.names],
            "tickers": tickers,
            "series": [SYMBOL_PREFIX + ticker for ticker in tickers],
        }
        return self._read(ALERTS, _NAMED, **parameters)

    def get(self, alert_id: str) -> Alert | None:
        """Return one alert in its newest state."""
        return next(iter(self._read(ALERTS, _ALERT, id=alert_id)), None)

    def revision(self, now: datetime) -> Hashable:
        """Return a value that changes when an alert, an acknowledgement or a silence is written, or a silence begins or ends."""
        return self._only(_REVISION, now=now)
