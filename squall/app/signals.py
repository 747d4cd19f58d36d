"""SIGINT and SIGTERM stop a process; SIGHUP makes it read its settings again."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from squall.core.config.settings import Settings
from squall.core.errors import SquallError

log = logging.getLogger("squall")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        log.info("%s: stopping; send it again to stop at once", signal.Signals(number).name)
        stop.set()
        for name in SIGNALS:
            signal.signal(name, signal.SIG_DFL)

    before = {name: signal.signal(name, handle) for name in SIGNALS}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def on_hangup(action: Callable[[], None]) -> Iterator[None]:
    """Run `action` in its own thread after each SIGHUP; signals that arrive while it runs count as one. Call it from the main thread."""
    asked, ended = threading.Event(), threading.Event()

    def work() -> None:
        while asked.wait():
            asked.clear()
            if ended.is_set():
                return
            action()

    thread = threading.Thread(target=work, name="squall-hangup", daemon=True)
    before = signal.signal(signal.SIGHUP, lambda _number, _frame: asked.set())
    thread.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
        ended.set()
        asked.set()
        thread.join()


@contextmanager
def reload_on_hangup(reload: Callable[[], Settings], *uses: Callable[[Settings], None]) -> Iterator[None]:
    """On SIGHUP read the settings again and hand them to each of `uses`.

    What can't use them logs why and continues with what it has. At a terminal SIGHUP means that the terminal was closed, and ends the
    process.

    Args:
        reload: reads the settings.
        uses: each takes what it can change while it runs.
    """

    def work() -> None:
        try:
            settings = reload()
        except SquallError as error:
            log.error("the settings were not read again: %s", error)  # noqa: TRY400 - a traceback would add nothing
            return
        except Exception:  # the next signal must find this thread alive
            log.exception("the settings were not read again")
            return
        for use in uses:
            try:
                use(settings)
            except SquallError as error:
                log.error("%s", error)  # noqa: TRY400
            except Exception:  # one must not keep the settings from the others
                log.exception("a part did not take the new settings")

    with nullcontext() if sys.stdin.isatty() else on_hangup(work):
        yield
