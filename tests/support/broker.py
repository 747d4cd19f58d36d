"""A broker for tests: the development broker, or the real one that `SQUALL_TEST_KAFKA` names."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Self

from squall.app import dev_broker as broker
from squall.app.dev_broker import free_port, free_ports
from squall.core.clock import SystemClock

__all__ = ["DevelopmentBroker", "free_port", "free_ports", "unique"]

REAL_BROKER = "SQUALL_TEST_KAFKA"


def unique(name: str) -> str:
    """Return a topic or group name no other test has, so that a shared real broker can serve."""
    return f"{name}.{uuid.uuid4().hex[:12]}"


class DevelopmentBroker(broker.DevelopmentBroker):
    """A Kafka-protocol broker on a free loopback port with its data in `folder`.

    With `SQUALL_TEST_KAFKA=host:port` that broker is used; it can't be stopped, so tests that stop one ask `owned` first.
    """

    def __init__(self, folder: Path) -> None:
        self.real = os.environ.get(REAL_BROKER, "")
        super().__init__(folder, 0, SystemClock())

    @property
    def owned(self) -> bool:
        """Is it ours to stop and kill?"""
        return not self.real

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return self.real or self.bootstrap_servers

    def start(self) -> Self:
        """Start it and wait until it accepts connections; does nothing for a real broker."""
        if not self.real:
            super().start()
        return self

    def restart(self) -> Self:
        """Stop and start with the same port and data."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
