"""The rate limit: at most `max_per_hour` messages to one receiver; the rest is collected in a digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.notification.content import DualTime
from squall.core.config.alerts import AlertSettings

_HOUR_SECONDS: Final = 3600.0


def within_hour(sent: Sequence[DualTime], at: DualTime) -> list[DualTime]:
    """Return the messages of the hour before `at`, on either clock."""
    return [one for one in sent if not at.waited(one, _HOUR_SECONDS)]


def is_exhausted(receiver: str, sent: Sequence[DualTime], settings: AlertSettings) -> bool:
    """Return whether the messages `sent` within the last hour use up the receiver's limit."""
    return len(sent) >= (settings.by_name[receiver].max_per_hour or settings.max_per_hour)


def limit_ends(sent: Sequence[DualTime]) -> datetime:
    """Return the event time at which the oldest of `sent` no longer counts."""
    return sent[0].event + timedelta(seconds=_HOUR_SECONDS)
