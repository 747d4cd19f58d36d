"""The delivery loop: sends what is queued, apart from the detector's run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from squall.alerts.delivery.lane import Lane
from squall.alerts.delivery.lanes import RETRY_SECONDS, Lanes
from squall.alerts.interfaces import NotificationQueue, Sender
from squall.alerts.lease import Lease
from squall.core.clock import Clock
from squall.core.errors import UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import MessageOutcome

log = logging.getLogger(__name__)

LIVENESS_PART: Final = "delivery"
"""The loop's name in `squall.core.observability.health.Liveness`. A lane that hangs does not count: a restart would hold up the detector
and the other receivers. Its messages are counted as waiting."""
STOP_SECONDS: Final = 5.0
"""How long `stop` waits for messages in progress. Docker kills a container 10 s after SIGTERM."""
_LONGEST_PERIOD: Final = 60.0
_POLL_SECONDS: Final = 0.1
"""How often `flush` looks whether it has to end."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What was delivered since the last report.

    Attributes:
        sent: messages that receivers accepted since then.
        waiting: messages in the queue now.
        last_error: why some of them wait; empty when no attempt has failed.
    """

    sent: int = 0
    waiting: int = 0
    last_error: str = ""


class Delivery:
    """Sends the queued messages of all receivers, each receiver's in a lane of its own, while the lease is held.

    Either `start` and `notify`: a loop sends what is queued until `stop`. Or `flush`: what is due is tried once, and the caller waits.
    The lease is renewed while a lane works; it is never taken here.

    Args:
        queue: where the messages are.
        sender: takes them.
        lease: of the detector.
        lease_seconds: how long it lasts.
        clock: of pauses and rows.
        health: gets metrics, the state of the receivers, and the loop's progress.
    """

    def __init__(
        self, queue: NotificationQueue, sender: Sender, lease: Lease, lease_seconds: float, clock: Clock, health: Health | None = None
    ) -> None:
        def open_lane(receiver: str, stopping: threading.Event, on_attempt: Callable[[MessageOutcome], None]) -> Lane:
            return Lane(receiver, queue, sender, lease, clock, stopping, on_attempt)

        self._queue = queue
        self._lease = lease
        self._clock = clock
        self._health = health or Health(clock)
        self._lanes = Lanes(open_lane, clock, self._health)
        self._period = min(lease_seconds / 3, _LONGEST_PERIOD)
        self._notified = False
        self._unserved = False
        """A look at the queue that is in progress, or failed and is repeated soon."""
        self._ending = False
        self._reported = 0
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the loop was started and not stopped."""
        return self._thread is not None

    @property
    def idle(self) -> bool:
        """Whether everything that was queued before the last `notify` has been tried, as far as its receiver answers."""
        with self._lanes.changed:
            return not (self._notified or self._unserved or self._lanes.working)

    def start(self) -> None:
        """Start the loop."""
        self._lanes.open()
        self._ending = False
        self._health.liveness.expect(LIVENESS_PART, 3 * self._period)
        self._thread = threading.Thread(target=self._loop, name="delivery", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Tell the loop that messages were queued, so that they are sent at once."""
        with self._lanes.changed:
            self._notified = True
            self._lanes.changed.notify_all()

    def flush(self, seconds: float, stop: threading.Event | None = None) -> DeliveryReport:
        """Try every message that is due, without the loop; return when it is done.

        Args:
            seconds: longest wait; what was not tried by then stays queued.
            stop: when set, the wait ends; `stop` then gives the messages in progress their time.

        Raises:
            UnavailableError: the store did not answer.
        """
        self._lanes.open()
        self._notified = False
        self._lanes.work(self._count(), everything=True)
        deadline, renew_at = self._clock.monotonic() + seconds, self._clock.monotonic() + self._period
        while not self._lanes.wait_until_idle(_POLL_SECONDS):
            now = self._clock.monotonic()
            if stop is not None and stop.is_set():
                break
            if now >= deadline:
                late = f"not every message was tried within {seconds:g} s: to {', '.join(self._lanes.working)}"
                report = self.report()
                return replace(report, last_error="; ".join(filter(None, [report.last_error, late])))
            if now >= renew_at:
                renew_at = now + self._period
                self._lease.renew()
        return self.report()

    def report(self) -> DeliveryReport:
        """Return what was delivered since the last report, and what waits.

        Raises:
            UnavailableError: the store did not answer.
        """
        waiting, total = self._count(), self._lanes.sent
        sent, self._reported = total - self._reported, total
        return DeliveryReport(sent, sum(waiting.values()), "; ".join(self._lanes.errors(waiting)))

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Send what can be sent within `seconds`, then stop. The store may be closed afterwards.

        A message that its receiver has neither accepted nor refused by then stays queued, and is sent again later with the same id.
        """
        deadline = self._clock.monotonic() + seconds
        with self._lanes.changed:
            self._ending = True
            self._lanes.changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None
        self._health.liveness.done(LIVENESS_PART)
        self._lanes.wait_until_idle(max(deadline - self._clock.monotonic(), 0.0))
        self._lanes.close()

    def _loop(self) -> None:
        lanes = self._lanes
        while True:
            with lanes.changed:
                lanes.changed.wait_for(lambda: self._notified or lanes.ended or self._ending, self._pause())
                ending, everything = self._ending, self._notified or self._unserved
                self._notified, lanes.ended, self._unserved = False, False, everything
            if everything or not ending:
                self._turn(everything)
            self._health.liveness.touch(LIVENESS_PART)
            if ending:
                return

    def _pause(self) -> float:
        """Return in how many seconds the loop has something to do without being told."""
        if self._unserved:
            return RETRY_SECONDS
        return min(self._lanes.pause(), self._period) if self._lease.held else self._period

    def _turn(self, everything: bool) -> None:
        failed = False
        try:
            if self._lease.held:
                if self._lanes.working:
                    self._lease.renew()
                self._lanes.work(self._count(), everything=everything)
        except UnavailableError as error:
            log.warning("the queue of messages was not read and is read again: %s", error)
            failed = True
        except Exception:  # the loop goes on: the next look may succeed
            log.exception("the queue of messages was not read and is read again")
            failed = True
        self._unserved = failed

    def _count(self) -> Mapping[str, int]:
        waiting = self._queue.waiting()
        self._health.metrics.messages_waiting(sum(waiting.values()))
        return waiting
