"""The content of a message before a channel renders it: the reason, the alerts, and when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from squall.alerts.notification.links import AlertLinks
from squall.core.records import Alert
from squall.storage.rows.drivers import Drivers

MAX_DOCUMENTS: Final = 10
"""Documents of one alert in a message."""


class Reason(StrEnum):
    """Why a message goes out."""

    FIRING = "firing"
    """The first alert of a group."""
    MORE_FIRING = "more firing"
    """Further alerts in addition to those already reported."""
    ESCALATED = "escalated"
    """A warning became critical."""
    RESOLVED = "resolved"
    REPEAT = "repeat"
    """Still firing and unacknowledged."""
    DIGEST = "digest"
    """What quiet hours or the rate limit held back."""
    ACKNOWLEDGED = "acknowledged"
    """Every alert of a group that was reported is acknowledged: for services that keep incidents, nobody else is told."""


@dataclass(frozen=True, slots=True)
class DualTime:
    """One instant on two clocks. A wait is over when either has moved on that far: a live stream that stalls is reported in
    real time, and a replay at 600× groups as it would have live."""

    event: datetime
    wall: datetime

    def waited(self, since: DualTime, seconds: float) -> bool:
        """Return whether either clock shows `seconds` or more after `since`."""
        return max(self.event - since.event, self.wall - since.wall) >= timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class NotificationContent:
    """The content of one message to one receiver.

    Attributes:
        key: the same for the same message, and for no other: group, running number in the group, and a digest of the content.
        receiver: a name in the settings.
        reason: why it goes out.
        alerts: all alerts that it is about: new ones first, then by severity and p-value.
        at: when it was made; `at.event` orders messages.
        group: messages of one group never overtake each other.
        new_count: how many of `alerts` are new; the others were reported before and still fire.
        inhibited: alerts that others among `alerts` cover.
        silenced: how many alerts of the group a silence mutes.
        groups: which of `alerts`, by id, are of which group: a digest is about several. Empty: all are of `group`.
        drivers: by alert id, who and what drives it.
        links: by alert id, where it is on the live page; none where the page's address is not known.
    """

    key: str
    receiver: str
    reason: Reason
    alerts: tuple[Alert, ...]
    at: DualTime
    group: str = ""
    new_count: int = 0
    inhibited: tuple[Alert, ...] = ()
    silenced: int = 0
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    drivers: Mapping[str, Drivers] = field(default_factory=dict)
    links: Mapping[str, AlertLinks] = field(default_factory=dict)

    def by_group(self) -> tuple[NotificationContent, ...]:
        """Return the same as one content per group of alerts, for channels that open and close an incident for each."""
        if len(self.groups) < 2:
            return (self,)
        parts = []
        for key, ids in self.groups:
            chosen = [(index < self.new_count, alert) for index, alert in enumerate(self.alerts) if alert.id in ids]
            news = sum(new for new, _ in chosen)
            parts.append(replace(self, group=key, groups=(), alerts=tuple(alert for _, alert in chosen), new_count=news))
        return tuple(part for part in parts if part.alerts)
