"""The messages of one receiver: sent one at a time, in order, until the receiver has accepted them."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from squall.alerts.delivery.retries import FIRST_RETRY, REFUSED_RETRY, refusal, seconds_until_due, unavailability, wait_asked_by
from squall.alerts.interfaces import DeliveryRefusedError, NotificationQueue, Sender
from squall.alerts.lease import Lease
from squall.core.clock import Clock
from squall.core.errors import StoppedError, UnavailableError
from squall.core.observability.metric_spec import MessageOutcome
from squall.storage.rows.alerting import Notification, QueuedMessage

log = logging.getLogger(__name__)

_PAGE: Final = 100
"""Messages of which the lane knows more than the number at a time; their bytes are read one message at a time."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt whose result is not stored yet."""

    term: int
    before: Notification
    after: Notification


class Lane:
    """Sends the messages of one receiver, for one thread at a time.

    A message is marked after it was sent: a crash in between sends it again with the same id, which mail readers show once. Only the next
    message of a group of alerts is considered, so that a later one never overtakes it. The lease is checked before each message, and before
    its result is stored: a process that was stopped for long, or could not renew the lease, touches no message of the next holder.

    Args:
        receiver: name of the receiver.
        queue: where the messages are.
        sender: takes them.
        lease: must be held.
        clock: of pauses and rows.
        stopping: when set, no further message is begun.
        on_attempt: called after each attempt to send.
    """

    def __init__(
        self,
        receiver: str,
        queue: NotificationQueue,
        sender: Sender,
        lease: Lease,
        clock: Clock,
        stopping: threading.Event,
        on_attempt: Callable[[MessageOutcome], None],
    ) -> None:
        self.receiver = receiver
        self.sent = 0
        """Messages that the receiver accepted."""
        self.down = False
        """Whether the receiver did not answer the last attempt."""
        self.last_error = ""
        """Why messages wait."""
        self._queue = queue
        self._sender = sender
        self._lease = lease
        self._clock = clock
        self._stopping = stopping
        self._on_attempt = on_attempt
        self._paused_until = -math.inf
        self._term = lease.term
        self._unstored: _Attempt | None = None
        self._gate = threading.Lock()
        self._closed = False

    def open(self) -> None:
        """Let the lane use the store, at first or again after `close`."""
        self._closed = False

    def close(self, seconds: float) -> None:
        """Keep the lane from the store from now on, whatever it is doing. Waits up to `seconds` for a call of the store in progress."""
        held = self._gate.acquire(timeout=seconds)
        self._closed = True
        if held:
            self._gate.release()

    def forget(self) -> None:
        """Forget how the last attempt ended: no message waits."""
        self.down, self.last_error = False, ""

    def work(self) -> float:
        """Send what is due, oldest first; return in how many seconds there is more to do, infinity when nothing waits.

        It ends early when the receiver does not answer, for its other messages would wait for nothing. It also ends when the lease is lost
        or the lane is stopped, and then returns 0.

        Raises:
            UnavailableError: the store did not answer.
            StoreError: the store answered with an error that a retry will not fix.
        """
        try:
            self._store_result()
            while True:
                pause = self._paused_until - self._clock.monotonic()
                if pause > 0:
                    return pause
                before = self.sent
                wait = self._pass()
                if self.sent == before:
                    return wait  # else a message of the same group may be next
        except StoppedError:
            return 0.0

    def _pass(self) -> float:
        """Try every message that is the next of its group and due; return in how many seconds the next one is due."""
        self._term = self._lease.term
        last, soonest, error = None, math.inf, ""
        while page := self._page(last):
            for message in page:
                last = message
                wait = seconds_until_due(message, self._clock.now())
                if wait:
                    soonest, error = min(soonest, wait), error or message.last_error
                    continue
                outcome = self._send(message)
                if outcome == "unavailable":
                    return max(self._paused_until - self._clock.monotonic(), 0.0)
                if outcome == "sent":
                    break  # read again: another message of its group is next
                if outcome is None:
                    continue
                soonest, error = min(soonest, REFUSED_RETRY.total_seconds()), error or self.last_error
        self.last_error = error
        return soonest

    def _page(self, last: QueuedMessage | None) -> list[QueuedMessage]:
        with self._store() as queue:
            return queue.next_in_groups(self.receiver, last, _PAGE)

    def _send(self, queued: QueuedMessage) -> MessageOutcome | None:
        """Send one message and store the result; None when the message is gone."""
        with self._store() as queue:
            message = queue.get(queued.id)
        if message is None:
            return None
        if self._stopping.is_set() or not self._lease.held or self._lease.term != self._term:
            raise StoppedError(f"message {queued.id} was not sent: the lease was lost, or the process stops")
        outcome, error, wait = self._hand_over(message)
        if outcome == "sent":
            self.sent += 1
        else:
            log.warning("message %s to %s was not delivered and stays queued: %s", message.id, self.receiver, error)
        self.down, self.last_error = outcome == "unavailable", error
        if self.down:
            self._paused_until = self._clock.monotonic() + (wait or FIRST_RETRY.total_seconds())
        self._on_attempt(outcome)
        status = "sent" if outcome == "sent" else message.status
        tried = replace(message, status=status, attempts=message.attempts + 1, last_error=error, updated_at=self._clock.now())
        self._unstored = _Attempt(self._term, message, tried)
        self._store_result()
        return outcome

    def _hand_over(self, message: Notification) -> tuple[MessageOutcome, str, float]:
        """Return what became of the message, why, and for how many seconds the receiver asks to be left alone."""
        try:
            self._sender.send(message)
        except UnavailableError as error:
            return "unavailable", unavailability(error), wait_asked_by(error)
        except DeliveryRefusedError as error:
            return "refused", refusal(error), 0.0
        except Exception as error:  # one message that breaks its sender must not hold up the others
            log.exception("message %s to %s can't be sent", message.id, self.receiver)
            return "refused", refusal(error), 0.0
        return "sent", "", 0.0

    def _store_result(self) -> None:
        """Store the result of the last attempt; until that succeeds no other message is sent."""
        attempt = self._unstored
        if attempt is None:
            return
        with self._store() as queue:
            if not self._lease.held:
                raise StoppedError(f"the result of message {attempt.after.id} was not stored: the lease was lost")
            if self._lease.term == attempt.term or queue.get(attempt.before.id) == attempt.before:
                queue.write([attempt.after])
        self._unstored = None

    @contextmanager
    def _store(self) -> Iterator[NotificationQueue]:
        with self._gate:
            if self._closed:
                raise StoppedError("the store is about to be closed")
            yield self._queue
