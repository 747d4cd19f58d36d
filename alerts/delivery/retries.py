"""When a queued message is tried again."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.interfaces import LONGEST_ASKED_SECONDS, DeliveryUnavailableError
from squall.core.net.redaction import redact_secrets_in
from squall.storage.rows.alerting import QueuedMessage

FIRST_RETRY: Final = timedelta(seconds=15)
LONGEST_RETRY: Final = timedelta(minutes=10)
REFUSED_RETRY: Final = timedelta(hours=1)
"""A permanently refused message is retried, and reported, at this interval: it may pass after an address is corrected."""
_ASKED: Final = "asked to wait "
"""How `last_error` begins where the receiver said how long it wants to be left alone, so that a restart keeps to it."""
_LONGEST_NUMBER: Final = 12
_REFUSED: Final = "refused: "
"""How `last_error` begins after a refusal, so that a restart keeps to the long pause."""
_LONGEST_DOUBLING: Final = 10
"""Keeps the power small; far beyond `LONGEST_RETRY`."""


def refusal(error: Exception) -> str:
    """Return the `last_error` of a message that was refused with `error`."""
    return redact_secrets_in(f"{_REFUSED}{error}")


def unavailability(error: Exception) -> str:
    """Return the `last_error` of a message that could not be sent because of `error`."""
    wait = wait_asked_by(error)
    return redact_secrets_in(f"{_ASKED}{math.ceil(wait)} s: {error}" if wait else str(error))


def wait_asked_by(error: Exception) -> float:
    """Return for how many seconds the receiver asks to be left alone; 0 where `error` does not say."""
    return error.wait_seconds if isinstance(error, DeliveryUnavailableError) else 0.0


def seconds_until_due(message: QueuedMessage, now: datetime) -> float:
    """Return for how long a message must still wait; 0 when it is due, as a new one is at once.

    A message tried later than `now` is due: the clock was set back, and the pause must not last until the clock catches up.
    A receiver that asks for a pause gets it: after the first try as long as it asks for, then at least as long as one that does not answer.
    """
    if not message.attempts:
        return 0.0
    waited = now - message.updated_at
    if waited < timedelta(0):
        return 0.0
    pause = REFUSED_RETRY
    if not message.last_error.startswith(_REFUSED):
        asked = _asked(message.last_error)
        tries = message.attempts - 1 if asked else message.attempts
        pause = max(asked, min(FIRST_RETRY * float(2 ** min(tries - 1, _LONGEST_DOUBLING)), LONGEST_RETRY) if tries else asked)
    return max((pause - waited).total_seconds(), 0.0)


def _asked(last_error: str) -> timedelta:
    """Return the pause that the receiver asked for when the message was tried last; zero if it did not."""
    number = last_error.removeprefix(_ASKED).partition(" ")[0] if last_error.startswith(_ASKED) else ""
    known = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    return timedelta(seconds=min(float(number), LONGEST_ASKED_SECONDS)) if known else timedelta(0)
