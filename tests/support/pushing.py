"""A push endpoint over real HTTP, with a driver that commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from squall.core.clock import ManualClock
from squall.core.config.settings import PushSettings, PushTokenSettings
from squall.core.items import Batch
from squall.ingest.push.source import PushSource

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
GOOD: dict[str, Any] = {"source": "desk", "title": "Bank fails", "published_at": "2026-03-02T14:05:00Z"}


def token(name: str, *sources: str, value: str = "") -> PushTokenSettings:
    """Return a token; its value is made of the name unless it is given."""
    return PushTokenSettings(name=name, token=SecretStr(value or f"{name}-0123456789abcdef"), sources=sources)


def bearer(given: PushTokenSettings) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {given.token.get_secret_value()}"}


class PushDriver:
    """Takes batches on a thread and commits them while `running` is set."""

    def __init__(self, source: PushSource) -> None:
        self.source = source
        self.stop = threading.Event()
        self.running = threading.Event()
        self.running.set()
        self.batches: list[Batch] = []
        self.thread = threading.Thread(target=self._drive, daemon=True)
        self.thread.start()

    def _drive(self) -> None:
        for batch in self.source.batches(self.stop):
            self.batches.append(batch)
            while not self.running.wait(0.02):
                if self.stop.is_set():
                    return
            batch.commit()

    @property
    def titles(self) -> list[str]:
        return [item.document.title for batch in self.batches for item in batch.items if item.document]


@contextmanager
def pushing(**settings: Any) -> Iterator[tuple[PushDriver, httpx.Client]]:
    """Serve until the end of the block."""
    source = PushSource(PushSettings(port=0, **settings), ManualClock(NOW))
    source.start()
    driver = PushDriver(source)
    with httpx.Client(base_url=f"http://127.0.0.1:{source.port}", timeout=10) as client:
        yield driver, client
    driver.stop.set()
    driver.thread.join(10)
    source.close()
    assert not driver.thread.is_alive()
