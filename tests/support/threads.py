"""Which threads a test file leaves behind."""

from __future__ import annotations

import threading
import time

_GRACE_SECONDS = 5.0
_OF_KAFKA = "kafka"
"""kafka-python names its threads so. One that goes on connects, and logs errors, during other tests."""


def kafka_threads() -> set[threading.Thread]:
    """Return the threads of Kafka clients that run."""
    return {thread for thread in threading.enumerate() if thread.name.startswith(_OF_KAFKA)}


def left_behind(before: set[threading.Thread], grace_seconds: float = _GRACE_SECONDS) -> list[str]:
    """Return the names of Kafka clients' threads that were not there before and do not end in time."""
    deadline = time.monotonic() + grace_seconds
    new = kafka_threads() - before
    for thread in new:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sorted(thread.name for thread in new if thread.is_alive())
