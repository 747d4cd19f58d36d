"""SIGINT and SIGTERM as an event."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("squall")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; a second signal ends the process the hard way."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        log.info("%s: stopping; once more to stop at once", signal.Signals(number).name)
        stop.set()
        for name in SIGNALS:
            signal.signal(name, signal.SIG_DFL)

    before = {name: signal.signal(name, handle) for name in SIGNALS}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
