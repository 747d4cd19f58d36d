"""When a queued message is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from squall.storage.rows.alerting import QueuedMessage

FIRST_RETRY: Final = timedelta(seconds=15)
LONGEST_RETRY: Final = timedelta(minutes=10)
REFUSED_RETRY: Final = timedelta(hours=1)
"""A permanently refused message is retried, and reported, at this interval: it may pass after an address is corrected."""
_REFUSED: Final = "refused: "
"""How `last_error` begins after a refusal, so that a restart keeps to the long pause."""
_LONGEST_DOUBLING: Final = 10
"""Keeps the power small; far beyond `LONGEST_RETRY`."""


def refusal(error: Exception) -> str:
    """Return the `last_error` of a message that was refused with `error`."""
    return f"{_REFUSED}{error}"


def seconds_until_due(message: QueuedMessage, now: datetime) -> float:
    """Return for how long a message must still wait; 0 when it is due, as a new one is at once.

    A message tried later than `now` is due: the clock was set back, and the pause must not last until the clock catches up.
    """
    if not message.attempts:
        return 0.0
    waited = now - message.updated_at
    if waited < timedelta(0):
        return 0.0
    pause = REFUSED_RETRY
    if not message.last_error.startswith(_REFUSED):
        pause = min(FIRST_RETRY * float(2 ** min(message.attempts - 1, _LONGEST_DOUBLING)), LONGEST_RETRY)
    return max((pause - waited).total_seconds(), 0.0)
