"""Processes that share a store, interleaved one store operation at a time, in an order that the test draws."""

from __future__ import annotations

import threading
from collections.abc import Callable

from squall.storage.rows.alerting import Claim


class ClaimStore:
    """Claims in a dictionary; every read sees every write before it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Claim] = {}

    def write(self, claim: Claim) -> None:
        self.rows[claim.name, claim.owner] = claim

    def claims(self, name: str) -> list[Claim]:
        return [claim for claim in self.rows.values() if claim.name == name]


class Stepper:
    """Runs `work` on a thread that stops before and after each operation on the store until `step` lets it go on."""

    def __init__(self, store: ClaimStore) -> None:
        self._store = store
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._ended = False

    def start(self, work: Callable[[], None]) -> None:
        """Start `work` and return when it stands before its first operation."""

        def run() -> None:
            try:
                work()
            except _GivenUp:
                pass
            finally:
                self.done = True
                self._stopped.release()

        self.done = False
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def step(self) -> None:
        """Let it run up to where it stops next; nothing when it has ended."""
        if not self.done:
            self._go.release()
            self._stopped.acquire()

    def kill(self) -> None:
        """End it where it stands."""
        self._ended = True
        self.step()
        self._thread.join()

    def _stop(self) -> None:
        self._stopped.release()
        self._go.acquire()
        if self._ended:
            raise _GivenUp

    def write(self, claim: Claim) -> None:
        self._stop()
        self._store.write(claim)
        self._stop()

    def claims(self, name: str) -> list[Claim]:
        self._stop()
        found = self._store.claims(name)
        self._stop()
        return found


class _GivenUp(BaseException):
    """The process was killed."""
