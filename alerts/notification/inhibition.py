"""Inhibition: while a receiver sees a firing market-wide alert, the topics, sectors and symbols it covers are not reported one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from squall.alerts.notification.groups import FilteredGroup
from squall.core.records import SeriesKind
from squall.core.series import NO_DATA

_INHIBITED_KINDS: Final = frozenset({SeriesKind.TOPIC, SeriesKind.SECTOR, SeriesKind.SYMBOL})


def inhibit(groups: Sequence[FilteredGroup]) -> None:
    """Move what a firing market-wide alert covers from `shown` to `inhibited`, in all groups of one receiver.

    "No data" alerts are never inhibited. A receiver that was notified of an inhibited alert is notified of its end once the market-wide
    alert is resolved.
    """
    if not any(row.alert.kind is SeriesKind.MARKET and not row.resolved for group in groups for row in group.shown):
        return
    for group in groups:
        _inhibit(group)


def _inhibit(filtered: FilteredGroup) -> None:
    covered = [row for row in filtered.shown if row.alert.kind in _INHIBITED_KINDS and row.alert.test != NO_DATA]
    filtered.shown = [row for row in filtered.shown if row not in covered]
    for row in covered:
        if row.resolved and not row.notified:
            del filtered.group.alerts[row.alert.id]
    filtered.inhibited = [row for row in covered if not row.resolved]
