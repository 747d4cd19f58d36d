"""How many connections a listener may hold, and how long each may take."""

from __future__ import annotations

import logging
import resource
from dataclasses import dataclass
from typing import Final

log = logging.getLogger("squall.http")

PAGE_SHARE: Final = 1 / 4
PUSH_SHARE: Final = 1 / 8
METRICS_SHARE: Final = 1 / 32
"""Largest shares of the descriptor limit: together less than half. The rest is for the store, Kafka, feeds, mails and files."""
FEWEST: Final = 16
"""A listener gets at least this many, however low the limit is."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that a connection may spend in each phase; a client that sends or reads a byte now and then gains no time.

    Args:
        head: from the first byte of a request, or from the connection, until request line and headers are complete.
        body: from there until the body is complete.
        idle: between two requests.
        write: a client that reads too little of a response for this long is disconnected.
        linger: a connection is drained this long after a response that was sent before the request was complete, so that the response
            is not lost in a reset.
    """

    head: float = 10.0
    body: float = 30.0
    idle: float = 15.0
    write: float = 30.0
    linger: float = 2.0


def connection_cap(listener: str, wanted: int, share: float) -> int:
    """Return how many connections a listener may hold; log it if that is less than `wanted`.

    Args:
        listener: what listens, for the log.
        wanted: the setting.
        share: of this process's descriptor limit (`ulimit -n`) that the listener may use.
    """
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    cap = min(wanted, max(FEWEST, int(soft * share)))
    if cap < wanted:
        log.warning(
            "%s: at most %d connections instead of %d, because the descriptor limit is %d; raise ulimit -n", listener, cap, wanted, soft
        )
    return cap
