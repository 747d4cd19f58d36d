"""How long a server asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3) and what some services send instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from squall.alerts.interfaces import LONGEST_ASKED_SECONDS

_HEADERS: Final = ("Retry-After", "X-RateLimit-Period-In-Sec")
"""The second one is Opsgenie's."""
_LONGEST_VALUE: Final = 64


def asked_wait(header: Callable[[str], str], now: datetime) -> float:
    """Return for how many seconds a server asks to wait; 0 if it does not say, at most `LONGEST_ASKED_SECONDS`.

    Args:
        header: gives a header of the answer by name, empty if it is not there.
        now: turns a date into seconds.
    """
    for name in _HEADERS:
        value = header(name)[:_LONGEST_VALUE].strip()
        if value:
            seconds = _seconds(value, now)
            if seconds > 0:
                return min(seconds, LONGEST_ASKED_SECONDS)
    return 0.0


def _seconds(value: str, now: datetime) -> float:
    """Return what a header says, 0 where it is neither a number of seconds nor a date."""
    try:
        number = float(value)
    except ValueError:
        pass
    else:
        return number if math.isfinite(number) else 0.0
    try:
        date = parsedate_to_datetime(value)
        return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
