"""The queue between callers and the one thread that runs the network: bounded, fair, and with deadlines."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from squall.core.errors import StoppedError, UnavailableError
from squall.model.serving.backends.base import Logits, width_of
from squall.model.serving.fair_queueing import FairQueue


class Runnable(Protocol):
    """What a batch is run with; batches hold rows of one of these."""

    @property
    def budget(self) -> int:
        """Most padded tokens in a batch."""
        ...


class Sink(Protocol):
    """Where a call's results go."""

    def put(self, logits: Logits, rows: Sequence[int], positions: Sequence[int]) -> None:
        """Keep rows `rows` of `logits` as the results at `positions` of the call."""
        ...


@dataclass(eq=False)
class Request:
    """One call: which model answers it, where its results go, how many of its texts have no result yet."""

    model: Runnable
    sink: Sink
    pending: int = 0
    complete: bool = False
    """All of its texts have been queued."""
    error: BaseException | None = None
    changed: threading.Condition | None = None

    @property
    def finished(self) -> bool:
        """Whether every text has its result, or the call has failed."""
        return self.error is not None or (self.complete and not self.pending)


@dataclass(frozen=True, slots=True)
class QueuedText:
    """One tokenised text and its position in its call."""

    ids: Sequence[int]
    request: Request
    position: int


@dataclass(frozen=True)
class Batch:
    """Texts to run in one pass, sorted by length."""

    model: Runnable
    rows: list[QueuedText]


@dataclass(frozen=True)
class Depth:
    """What waits now, and how many texts were dropped because their caller had left."""

    texts: int
    tokens: int
    dropped: int


class RequestQueue:
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
        self._space = threading.Condition(self._lock)
        self._waiting: FairQueue[Runnable, QueuedText] = FairQueue()
        self._active: set[Request] = set()
        self._blocked: deque[Request] = deque()
        self._since = 0.0
        self._dropped = 0
        self._closed = ""

    def enter(self, request: Request) -> None:
        """Announce a call.

        Raises:
            StoppedError: the queue is closed.
        """
        with self._lock:
            self._check_open()
            request.changed = threading.Condition(self._lock)
            self._active.add(request)
            self._arrived.notify()

    def put(self, request: Request, rows: Sequence[QueuedText], deadline: float | None = None, *, last: bool = True) -> None:
        """Add rows of a call that has entered, in the order in which callers came; blocks while the queue is full.

        Raises:
            UnavailableError: there was no space for all of them before `deadline` (of the clock).
            StoppedError: the queue was closed meanwhile.
            Exception: the call failed meanwhile; what the network raised.
        """
        with self._lock:
            self._blocked.append(request)
            try:
                for row in rows:
                    self._await(self._space, partial(self._may_enter, request, width_of(len(row.ids))), deadline, request)
                    self._check_open()
                    if request.error:
                        raise request.error
                    self._add(row)
                request.complete = last
            finally:
                self._blocked.remove(request)
                self._space.notify_all()
                self._arrived.notify()

    def wait(self, request: Request, deadline: float | None = None) -> None:
        """Block until every row of a complete call has its result.

        Raises:
            UnavailableError: not before `deadline` (of the clock).
            Exception: the call failed; what the network raised.
        """
        with self._lock:
            assert request.changed is not None
            self._await(request.changed, lambda: request.finished, deadline, request)
            if request.error:
                raise request.error

    def leave(self, request: Request) -> None:
        """End a call; rows of it that still wait are dropped."""
        with self._lock:
            self._active.discard(request)
            if request.pending:
                self._dropped += self._waiting.drop(request)
                self._space.notify_all()
            self._arrived.notify()

    def take(self) -> Batch | None:
        """Return the next batch, waiting for one; None when the queue is closed and empty."""
        with self._lock:
            while not self._ready():
                if self._closed and not len(self._waiting):
                    return None
                self._arrived.wait(self._remaining_wait())
            model, rows = self._waiting.take(lambda model: model.budget)
            self._since = self._clock()
            self._space.notify_all()
        rows.sort(key=lambda row: len(row.ids))
        return Batch(model, rows)

    def deliver(self, rows: Sequence[QueuedText], logits: Logits) -> None:
        """Hand the results of `rows`, in that order, to their calls."""
        positions: dict[Request, tuple[list[int], list[int]]] = {}
        for number, row in enumerate(rows):
            numbers, where = positions.setdefault(row.request, ([], []))
            numbers.append(number)
            where.append(row.position)
        for request, (numbers, where) in positions.items():
            request.sink.put(logits, numbers, where)
        with self._lock:
            for request, (numbers, _) in positions.items():
                request.pending -= len(numbers)
                self._settle(request)

    def fail(self, request: Request, error: BaseException) -> None:
        """End a call with `error`; rows of it that still wait are dropped."""
        with self._lock:
            self._fail(request, error)

    def close(self, *, drop: bool = False, error: BaseException | None = None) -> None:
        """Refuse new calls; what waits is still run, or with `drop` or an `error` fails with that error."""
        with self._lock:
            self._closed = self._closed or (
                f"the scoring thread failed: {type(error).__name__}: {error}" if error else "the engine is closed"
            )
            if drop or error:
                for request in list(self._active):
                    self._fail(request, error or StoppedError(self._closed))
            self._arrived.notify_all()
            self._space.notify_all()

    def depth(self) -> Depth:
        """Return what waits now."""
        with self._lock:
            return Depth(len(self._waiting), self._waiting.tokens, self._dropped)

    def _add(self, row: QueuedText) -> None:
        if not len(self._waiting):
            self._since = self._clock()
        self._waiting.add(row.request, row.request.model, len(row.ids), row)
        row.request.pending += 1

    def _fail(self, request: Request, error: BaseException) -> None:
        request.error = request.error or error
        self._waiting.drop(request)
        self._space.notify_all()
        self._settle(request)

    def _settle(self, request: Request) -> None:
        if request.finished:
            self._active.discard(request)
            if request.changed:
                request.changed.notify_all()

    def _ready(self) -> bool:
        if not len(self._waiting):
            return False
        full = bool(self._blocked) or self._waiting.tokens >= self._waiting.next_group().budget  # a blocked caller has more to queue
        return full or bool(self._closed) or len(self._active) <= 1 or self._remaining_wait() == 0.0

    def _remaining_wait(self) -> float | None:
        """Seconds that the queued texts may still wait for others; None: without limit, nothing is queued."""
        return max(0.0, self._since + self._max_wait - self._clock()) if len(self._waiting) else None

    def _may_enter(self, request: Request, width: int) -> bool:
        fits = self._waiting.tokens + width <= self._capacity or not len(self._waiting)
        return bool(self._closed) or request.error is not None or (self._blocked[0] is request and fits)

    def _await(self, condition: threading.Condition, ready: Callable[[], bool], deadline: float | None, request: Request) -> None:
        timeout = None if deadline is None else max(0.0, deadline - self._clock())
        if ready():
            return
        self._arrived.notify()
        if not condition.wait_for(ready, timeout):
            raise UnavailableError(
                f"the model did not answer in time: {len(self._waiting)} texts wait, {request.pending} of this call among them or running",
                "send less at once, give it longer, or raise SQUALL_MODEL__QUEUE_TOKENS",
            )

    def _check_open(self) -> None:
        if self._closed:
            raise StoppedError(self._closed)
