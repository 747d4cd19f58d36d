"""SIGHUP: the settings are read again, whatever one part makes of them."""

from __future__ import annotations

import os
import signal
import threading

from squall.app.signals import reload_on_hangup
from squall.core.config.settings import Settings


def test_a_part_that_raises_keeps_the_settings_from_no_other_and_the_next_signal_is_heard() -> None:
    heard: list[str] = []
    told = threading.Semaphore(0)

    def load() -> Settings:
        heard.append("read")
        if heard == ["read"]:
            told.release()
            raise OverflowError("odd")
        return Settings()

    def broken(_: Settings) -> None:
        raise ZeroDivisionError("odd")

    def good(_: Settings) -> None:
        heard.append("used")
        told.release()

    with reload_on_hangup(load, broken, good):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
            assert told.acquire(timeout=10)
    assert heard == ["read", "read", "used", "read", "used"]
