"""Inhibition: what another alert tells more exactly, or as a whole, is not reported one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from squall.alerts.notification.groups import FilteredGroup, GroupedAlert
from squall.core.records import Alert, SeriesKind, Severity
from squall.core.series import NO_DATA

_OF_MARKET: Final = frozenset({SeriesKind.TOPIC, SeriesKind.SECTOR, SeriesKind.SYMBOL})
_OF_NAME: Final = _OF_MARKET | {SeriesKind.MARKET}
_MOST: Final = 0.5
"""From this share of its documents on an alert is about a name."""


def inhibit(groups: Sequence[FilteredGroup]) -> None:
    """Move what firing alerts cover from `shown` to `inhibited`, in all groups of one receiver.

    An alert about a name covers those about series that are mostly about the same name; then a market-wide alert, if it is still shown,
    covers topics, sectors and symbols. "No data" alerts are never inhibited. A receiver that was notified of an inhibited alert is notified
    of its end once what covers it is resolved.
    """
    names = [row.alert for group in groups for row in group.shown if row.alert.kind is SeriesKind.ENTITY and not row.resolved]
    if names:
        _cover(groups, lambda row: row.alert.kind in _OF_NAME and any(is_about(row.alert, name) for name in names))
    if any(row.alert.kind is SeriesKind.MARKET and not row.resolved for group in groups for row in group.shown):
        _cover(groups, lambda row: row.alert.kind in _OF_MARKET)


def is_about(alert: Alert, name: Alert) -> bool:
    """Return whether most documents of `alert`, which is about a series, name whom the alert `name` is about, or drive that as well.

    It is no graver than that: people are told of what is critical.
    """
    if alert.severity is Severity.CRITICAL and name.severity is not Severity.CRITICAL:
        return False
    led = alert.lead_entity == name.lead_entity and alert.lead_documents >= max(1.0, _MOST * alert.named_documents)
    shared = len(set(alert.document_ids) & set(name.document_ids))
    return led or (shared > 0 and shared >= _MOST * len(alert.document_ids))


def _cover(groups: Sequence[FilteredGroup], covers: Callable[[GroupedAlert], bool]) -> None:
    for filtered in groups:
        covered = [row for row in filtered.shown if covers(row) and row.alert.test != NO_DATA]
        filtered.shown = [row for row in filtered.shown if row not in covered]
        for row in covered:
            if row.resolved and not row.notified:
                del filtered.group.alerts[row.alert.id]
        filtered.inhibited += [row for row in covered if not row.resolved]
