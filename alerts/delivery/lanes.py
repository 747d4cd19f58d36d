"""The lanes of all receivers and their threads: one receiver that hangs holds up no other."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from squall.alerts.delivery.lane import Lane
from squall.core.clock import Clock
from squall.core.errors import UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import MessageOutcome

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5.0
"""After the store did not answer."""
_FAILURE_SECONDS: Final = 60.0
"""After an error that a retry will not fix."""
_CLOSE_SECONDS: Final = 1.0
"""Longest wait for calls of the store in progress when the lanes are closed."""


@dataclass(slots=True)
class _Worker:
    """A lane and its thread, which ends when the lane has nothing to do."""

    lane: Lane
    running: bool = False
    again: bool = False
    """Woken while it ran: messages may have been queued since it looked."""
    due_at: float = 0.0
    """Monotonic time."""


OpenLane = Callable[[str, threading.Event, Callable[[MessageOutcome], None]], Lane]
"""Makes the lane of a receiver, which begins no message once the event is set, and reports each attempt."""


class Lanes:
    """Works on the lanes, each in a thread of its own while it has something to do.

    Args:
        open_lane: makes a lane.
        clock: of pauses.
        health: gets the outcome of each attempt, and whether every receiver answers.
    """

    def __init__(self, open_lane: OpenLane, clock: Clock, health: Health) -> None:
        self.changed = threading.Condition()
        """Notified when a lane has ended."""
        self.ended = False
        """Whether a lane has ended since this was set to False."""
        self._open_lane = open_lane
        self._clock = clock
        self._health = health
        self._stopping = threading.Event()
        self._workers: dict[str, _Worker] = {}

    @property
    def working(self) -> list[str]:
        """The receivers whose lanes work now."""
        with self.changed:
            return [name for name, worker in self._workers.items() if worker.running]

    @property
    def sent(self) -> int:
        """How many messages were accepted since this object was made."""
        with self.changed:
            return sum(worker.lane.sent for worker in self._workers.values())

    def errors(self, receivers: Mapping[str, int]) -> list[str]:
        """Return why messages to `receivers` wait, each reason once."""
        with self.changed:
            lanes = [worker.lane for name, worker in self._workers.items() if name in receivers]
        return list(dict.fromkeys(lane.last_error for lane in lanes if lane.last_error))

    def pause(self) -> float:
        """Return in how many seconds a lane that rests has something to do."""
        with self.changed:
            soonest = min((worker.due_at for worker in self._workers.values() if not worker.running), default=math.inf)
        return max(soonest - self._clock.monotonic(), 0.0)

    def work(self, waiting: Mapping[str, int], *, everything: bool) -> None:
        """Start the lanes that have work.

        Args:
            waiting: messages by receiver.
            everything: whether new messages may have come; otherwise only lanes are started that are due.

        Raises:
            UnavailableError: no thread can be started.
        """
        now = self._clock.monotonic()
        with self.changed:
            for receiver in waiting:
                worker = self._workers.get(receiver) or self._add(receiver)
                if everything or worker.due_at <= now:
                    self._start(worker)
            resting = [worker for name, worker in self._workers.items() if name not in waiting and not worker.running]
            recovered = any(worker.lane.down for worker in resting)
            for worker in resting:
                worker.due_at = math.inf
                worker.lane.forget()
            if recovered:
                self._show_receivers()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no lane works; return False when one still does after `seconds`."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.working, seconds)

    def open(self) -> None:
        """Let the lanes work, at first or again after `close`."""
        self._stopping.clear()
        with self.changed:
            for worker in self._workers.values():
                worker.lane.open()
                worker.due_at = 0.0

    def close(self) -> None:
        """Let no lane begin a message or use the store from now on. A message in progress is given up: it stays queued."""
        self._stopping.set()
        with self.changed:
            lanes = [worker.lane for worker in self._workers.values()]
        if self.working:
            log.warning("messages in progress are given up, and sent again later with the same id: to %s", ", ".join(self.working))
        deadline = self._clock.monotonic() + _CLOSE_SECONDS
        for lane in lanes:
            lane.close(max(deadline - self._clock.monotonic(), 0.0))

    def _add(self, receiver: str) -> _Worker:
        self._workers[receiver] = worker = _Worker(self._open_lane(receiver, self._stopping, self._attempted))
        return worker

    def _start(self, worker: _Worker) -> None:
        if worker.running:
            worker.again = True
            return
        worker.running, worker.again = True, False
        try:
            threading.Thread(target=self._run, args=(worker,), name=f"delivery-{worker.lane.receiver}", daemon=True).start()
        except RuntimeError as error:
            worker.running = False
            raise UnavailableError(f"no thread can be started for messages to {worker.lane.receiver}: {error}") from error

    def _run(self, worker: _Worker) -> None:
        while True:
            pause = self._work_once(worker.lane)
            with self.changed:
                worker.due_at = self._clock.monotonic() + pause
                if worker.again and not self._stopping.is_set():
                    worker.again = False
                    continue
                worker.running, self.ended = False, True
                self.changed.notify_all()
                return

    def _work_once(self, lane: Lane) -> float:
        try:
            return lane.work()
        except UnavailableError as error:
            log.warning("messages to %s wait: %s", lane.receiver, error)
            lane.last_error = str(error)
            return RETRY_SECONDS
        except Exception as error:  # one lane must neither end nor hold up the others
            log.exception("messages to %s wait", lane.receiver)
            lane.last_error = f"{type(error).__name__}: {error}"
            return _FAILURE_SECONDS

    def _attempted(self, outcome: MessageOutcome) -> None:
        self._health.metrics.message(outcome)
        self._show_receivers()

    def _show_receivers(self) -> None:
        """Report whether every receiver answered the last attempt."""
        with self.changed:
            if any(worker.lane.down for worker in self._workers.values()):
                self._health.dependencies.failed("receivers")
            else:
                self._health.dependencies.answered("receivers")
