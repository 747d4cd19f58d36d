"""Quiet hours: when a route holds its messages back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from squall.core.config.alerts import DAYS, QuietSettings
from squall.core.records import Alert, Severity


def holds_back(hours: QuietSettings | None, alert: Alert, wall: datetime) -> bool:
    """Return whether the quiet hours of a route hold a message about the alert back at the wall time `wall`."""
    if hours is None or (hours.critical_passes and alert.severity is Severity.CRITICAL):
        return False
    return is_quiet(hours, wall)


def is_quiet(hours: QuietSettings, wall: datetime) -> bool:
    """Return whether the wall time `wall` (aware) lies in the quiet hours.

    They are local clock times, so they move with daylight saving time. Hours that end at or before their start end on the next day and
    belong to the day on which they begin: 22:00 to 07:00 on `fri` ends on Saturday morning, 00:00 to 00:00 is the whole day.
    """
    local = wall.astimezone(ZoneInfo(hours.zone))
    today, yesterday = (DAYS[day.weekday()] in hours.days for day in (local, local - timedelta(days=1)))
    clock = local.time()
    if hours.start < hours.end:
        return today and hours.start <= clock < hours.end
    return (today and clock >= hours.start) or (yesterday and clock < hours.end)
