"""When a group's next message is due: `group_wait`, `group_interval` and `repeat_interval`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from squall.alerts.notification.content import DualTime
from squall.alerts.notification.groups import FilteredGroup, Group
from squall.core.config.alerts import AlertSettings


def is_due(filtered: FilteredGroup, at: DualTime, acknowledged: Collection[str], settings: AlertSettings) -> bool:
    """Return whether a message about the group is due, and note since when there is something new.

    Something new waits `group_wait` for more, and `group_interval` since the last message. What still fires is repeated every
    `repeat_interval`, unless each of it is acknowledged or has no negative document in its current window: what rests until it is
    resolved is repeated when something follows.
    """
    group = filtered.group
    if filtered.new:
        group.changed = group.changed or at  # a silence, an inhibition or quiet hours ended
        rested = group.sent is None or at.waited(group.sent, settings.group_interval_seconds)
        return rested and at.waited(group.changed, settings.group_wait_seconds)
    group.changed = None
    goes_on = any(row.alert.id not in acknowledged and not row.rests for row in filtered.shown)
    return goes_on and group.sent is not None and at.waited(group.sent, settings.repeat_interval_seconds)


def is_acknowledged(filtered: FilteredGroup, acknowledged: Collection[str]) -> bool:
    """Return whether the receiver was notified of the whole group, and each alert of it has been acknowledged since."""
    known = filtered.group.sent is not None and not filtered.new
    return known and bool(filtered.shown) and all(row.alert.id in acknowledged for row in filtered.shown)


def interval_ends(group: Group, settings: AlertSettings) -> list[datetime]:
    """Return the event times at which a wait of the group ends."""
    ends = []
    if group.changed:
        ends.append(group.changed.event + timedelta(seconds=settings.group_wait_seconds))
    if group.sent:
        pause = settings.group_interval_seconds if group.changed else settings.repeat_interval_seconds
        ends.append(group.sent.event + timedelta(seconds=pause))
    return ends
