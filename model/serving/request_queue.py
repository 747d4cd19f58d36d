"""The queue between callers and the one thread that runs the network: bounded, fair, and nobody waits for what will not come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from squall.core.errors import StoppedError, UnavailableError
from squall.model.serving.backends.base import Logits, width_of
from squall.model.serving.fair_pool import FairPool


class Runnable(Protocol):
    """What a batch is run with; batches hold rows of one of these."""

    @property
    def budget(self) -> int:
        """Most padded tokens in a batch."""
        ...


class Sink(Protocol):
    """Where a call's results go."""

    def put(self, logits: Logits, rows: Sequence[int], places: Sequence[int]) -> None:
        """Keep rows `rows` of `logits` as the results at `places` of the call."""
        ...


@dataclass(eq=False)
class Ticket:
    """One call: which model answers it, where results go, how many rows are still out."""

    model: Runnable
    sink: Sink
    out: int = 0
    sealed: bool = False
    """No more rows will come."""
    error: BaseException | None = None
    changed: threading.Condition | None = None

    @property
    def finished(self) -> bool:
        """Whether every row has its result, or will never have one."""
        return self.error is not None or (self.sealed and not self.out)


@dataclass(frozen=True, slots=True)
class Row:
    """One tokenised text and its place in its call."""

    ids: Sequence[int]
    ticket: Ticket
    place: int


@dataclass(frozen=True)
class Batch:
    """Rows to run together, sorted by length."""

    model: Runnable
    rows: list[Row]


@dataclass(frozen=True)
class Depth:
    """What waits now, and how many texts were dropped because their caller had gone."""

    texts: int
    tokens: int
    dropped: int


class RowQueue:
    """Callers `enter`, `put`, `wait` and `leave`; the worker thread calls `take`, then `deliver` or `fail` for every row it took.

    Args:
        capacity: padded tokens that may wait; a row that alone is more is let in when nothing else waits.
        max_wait: seconds that a batch which isn't full waits for more rows while several calls are under way.
        clock: monotonic seconds.
    """

    def __init__(self, capacity: int, max_wait: float, clock: Callable[[], float]) -> None:
        self._capacity = capacity
        self._max_wait = max_wait
        self._clock = clock
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._pool: FairPool[Runnable, Row] = FairPool()
        self._active: set[Ticket] = set()
        self._doors: deque[Ticket] = deque()
        self._since = 0.0
        self._dropped = 0
        self._closed = ""

    def enter(self, ticket: Ticket) -> None:
        """Announce a call.

        Raises:
            StoppedError: the queue is closed.
        """
        with self._lock:
            self._check_open()
            ticket.changed = threading.Condition(self._lock)
            self._active.add(ticket)
            self._arrived.notify()

    def put(self, ticket: Ticket, rows: Sequence[Row], deadline: float | None = None, *, last: bool = True) -> None:
        """Add rows of a call that has entered, in the order in which callers came; blocks while the queue is full.

        Raises:
            UnavailableError: there was no room for all of them before `deadline` (of the clock).
            StoppedError: the queue was closed meanwhile.
            Exception: the call failed meanwhile; what the network raised.
        """
        with self._lock:
            self._doors.append(ticket)
            try:
                for row in rows:
                    self._await(self._room, partial(self._may_enter, ticket, width_of(len(row.ids))), deadline, ticket)
                    self._check_open()
                    if ticket.error:
                        raise ticket.error
                    self._add(row)
                ticket.sealed = last
            finally:
                self._doors.remove(ticket)
                self._room.notify_all()
                self._arrived.notify()

    def wait(self, ticket: Ticket, deadline: float | None = None) -> None:
        """Block until every row of a sealed call has its result.

        Raises:
            UnavailableError: not before `deadline` (of the clock).
            Exception: the call failed; what the network raised.
        """
        with self._lock:
            assert ticket.changed is not None
            self._await(ticket.changed, lambda: ticket.finished, deadline, ticket)
            if ticket.error:
                raise ticket.error

    def leave(self, ticket: Ticket) -> None:
        """End a call; rows of it that still wait are dropped."""
        with self._lock:
            self._active.discard(ticket)
            if ticket.out:
                self._dropped += self._pool.drop(ticket)
                self._room.notify_all()
            self._arrived.notify()

    def take(self) -> Batch | None:
        """Return the next batch, waiting for one; None when the queue is closed and empty."""
        with self._lock:
            while not self._ready():
                if self._closed and not len(self._pool):
                    return None
                self._arrived.wait(self._patience())
            model, rows = self._pool.take(lambda model: model.budget)
            self._since = self._clock()
            self._room.notify_all()
        rows.sort(key=lambda row: len(row.ids))
        return Batch(model, rows)

    def deliver(self, rows: Sequence[Row], logits: Logits) -> None:
        """Hand the results of `rows`, in that order, to their calls."""
        places: dict[Ticket, tuple[list[int], list[int]]] = {}
        for number, row in enumerate(rows):
            numbers, where = places.setdefault(row.ticket, ([], []))
            numbers.append(number)
            where.append(row.place)
        for ticket, (numbers, where) in places.items():
            ticket.sink.put(logits, numbers, where)
        with self._lock:
            for ticket, (numbers, _) in places.items():
                ticket.out -= len(numbers)
                self._settle(ticket)

    def fail(self, ticket: Ticket, error: BaseException) -> None:
        """End a call with `error`; rows of it that still wait are dropped."""
        with self._lock:
            self._fail(ticket, error)

    def close(self, *, drop: bool = False, error: BaseException | None = None) -> None:
        """Let nobody in any more; what waits is still run, or with `drop` or an `error` ends with that error."""
        with self._lock:
            self._closed = self._closed or (
                f"the scoring thread failed: {type(error).__name__}: {error}" if error else "the engine is closed"
            )
            if drop or error:
                for ticket in list(self._active):
                    self._fail(ticket, error or StoppedError(self._closed))
            self._arrived.notify_all()
            self._room.notify_all()

    def depth(self) -> Depth:
        """Return what waits now."""
        with self._lock:
            return Depth(len(self._pool), self._pool.tokens, self._dropped)

    def _add(self, row: Row) -> None:
        if not len(self._pool):
            self._since = self._clock()
        self._pool.add(row.ticket, row.ticket.model, len(row.ids), row)
        row.ticket.out += 1

    def _fail(self, ticket: Ticket, error: BaseException) -> None:
        ticket.error = ticket.error or error
        self._pool.drop(ticket)
        self._room.notify_all()
        self._settle(ticket)

    def _settle(self, ticket: Ticket) -> None:
        if ticket.finished:
            self._active.discard(ticket)
            if ticket.changed:
                ticket.changed.notify_all()

    def _ready(self) -> bool:
        if not len(self._pool):
            return False
        full = bool(self._doors) or self._pool.tokens >= self._pool.next_group().budget  # who is still at the doors waits for room
        return full or bool(self._closed) or len(self._active) <= 1 or self._patience() == 0.0

    def _patience(self) -> float | None:
        """Seconds that the rows which wait may still wait for others; None: for ever, nothing is there."""
        return max(0.0, self._since + self._max_wait - self._clock()) if len(self._pool) else None

    def _may_enter(self, ticket: Ticket, width: int) -> bool:
        room = self._pool.tokens + width <= self._capacity or not len(self._pool)
        return bool(self._closed) or ticket.error is not None or (self._doors[0] is ticket and room)

    def _await(self, condition: threading.Condition, ready: Callable[[], bool], deadline: float | None, ticket: Ticket) -> None:
        timeout = None if deadline is None else max(0.0, deadline - self._clock())
        if ready():
            return
        self._arrived.notify()
        if not condition.wait_for(ready, timeout):
            raise UnavailableError(
                f"the model did not answer in time: {len(self._pool)} texts wait, {ticket.out} of this call among them or running",
                "send less at once, give it longer, or raise SQUALL_MODEL__QUEUE_TOKENS",
            )

    def _check_open(self) -> None:
        if self._closed:
            raise StoppedError(self._closed)
