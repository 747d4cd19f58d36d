"""One detector at a time: a lease over a store that has no compare-and-set.

Each process writes only a row of its own, its claim, and reads those of the others. A process that holds nothing claims
first and looks afterwards, and holds only when it sees no other unexpired claim. Of two that claim at once at
least the one that looks last sees the other (the flag principle, Herlihy and Shavit, The Art of Multiprocessor
Programming, 2.3); when both see each other neither holds the lease, the larger name withdraws, and the smaller holds at a later
try. A holder renews before its claim expires and need not look: no other process can have taken a lease that never expired.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Collection
from datetime import timedelta
from typing import Final

import psutil

from squall.alerts.interfaces import LeaseStore
from squall.core.clock import Clock
from squall.storage.rows.alerting import Claim

log = logging.getLogger(__name__)

SKEW_SECONDS: Final = 5.0
"""How far apart the clocks of two machines may be."""


class Lease:
    """The right to be the only one that works, for `seconds` at a time.

    Guarantees that while one process holds, until `seconds` after it began to ask, no other process is,
    if clocks of different machines are less than `skew_seconds` apart and do not jump further meanwhile, and if what the store
    acknowledged is seen by every later read (one ClickHouse server, or chDB; not replicas read without a quorum). A
    holder's own time is taken from the monotonic clock, so that its wall clock may be set back. It does not stop work that goes
    on longer than that: ask again before each step that others would see.

    A holder that stops without `release` is followed `seconds + skew_seconds` later; one that calls it, at once. An owner that comes back
    under its name takes its own claim over without a wait, so names must be unique among the processes of a store.

    Thread-safe.

    Args:
        store: where claims are kept.
        name: what is leased.
        owner: unique name of this process.
        seconds: how long a claim lasts; several times the pause between two calls of `hold`.
        clock: wall time that the others compare with, and the monotonic time of this process.
        skew_seconds: how far apart clocks may be.
    """

    def __init__(self, store: LeaseStore, name: str, owner: str, seconds: float, clock: Clock, skew_seconds: float = SKEW_SECONDS) -> None:
        self._store = store
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._clock = clock
        self._skew = timedelta(seconds=skew_seconds)
        self._lock = threading.Lock()
        self._held_until = float("-inf")
        self._term = 0
        self._waiting = False
        """This process has claimed, and did not hold the lease when it looked."""

    @property
    def held(self) -> bool:
        """Whether this process holds the lease, as far as it knows without asking the store."""
        return self._clock.monotonic() < self._held_until

    @property
    def term(self) -> int:
        """How often this process took the lease. While it holds with the same term, no other process has held in between."""
        return self._term

    def hold(self) -> bool:
        """Take the lease or keep it; return whether this process holds it.

        Raises:
            StoreUnavailableError: the store did not answer; a lease held before stays with this process until it expires.
        """
        with self._lock:
            return self._renew() if self.held else self._take()

    def renew(self) -> bool:
        """Keep the lease if this process holds it; return whether it does. A lease that has expired before is not taken again.

        Raises:
            StoreUnavailableError: as of `hold`.
        """
        with self._lock:
            return self.held and self._renew()

    def release(self) -> None:
        """Give up the lease, or the wait for it, so that others need not wait until the claim of this process expires."""
        with self._lock:
            self._held_until = float("-inf")
            self._withdraw()

    def _renew(self) -> bool:
        until = self._clock.monotonic() + self._seconds
        self._claim(self._seconds)
        if self.held:  # the old claim had not expired when the new one was stored: no gap for others
            self._held_until = until
            return True
        return self._check(until)

    def _take(self) -> bool:
        rivals = self._others()
        if rivals:
            self._give_way(rivals)
            return False
        until = self._clock.monotonic() + self._seconds
        self._claim(self._seconds)
        return self._check(until)

    def _check(self, until: float) -> bool:
        """Look for other claims after this process has claimed up to `until`, monotonic time; hold when there are none."""
        self._held_until = float("-inf")
        self._waiting = True
        rivals = self._others()
        if rivals:
            self._give_way(rivals)
            return False
        if self._clock.monotonic() < until:
            self._term += 1
            self._held_until, self._waiting = until, False
            log.info("%s holds the lease %r", self._owner, self._name)
        return self.held

    def _give_way(self, rivals: Collection[str]) -> None:
        """Withdraw a claim that blocks an owner with a smaller name; the smallest stays, or no process would ever hold."""
        if self._waiting and min(rivals) < self._owner:
            self._withdraw()

    def _withdraw(self) -> None:
        self._waiting = False
        self._claim(-self._skew.total_seconds())

    def _claim(self, seconds: float) -> None:
        self._store.write(Claim(self._name, self._owner, self._clock.now() + timedelta(seconds=seconds)))

    def _others(self) -> list[str]:
        """Return the owners of claims that may not have expired for a process whose clock is behind."""
        earliest = self._clock.now() - self._skew
        return [claim.owner for claim in self._store.claims(self._name) if claim.owner != self._owner and claim.until > earliest]


def owner_of(store_url: str) -> str:
    """Return the name of this process among those of a store.

    An embedded store has one process, which after a crash need not wait for itself; the name is then the same every time.
    """
    if store_url.startswith("chdb:"):
        return "node"
    return f"{socket.gethostname()}-{os.getpid()}-{psutil.Process().create_time():.0f}"
