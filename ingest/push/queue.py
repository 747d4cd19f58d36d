"""Pushed documents on their way from the HTTP door to a driver, and the acknowledgements on their way back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from squall.core.records import Document


@dataclass(slots=True, eq=False)
class Submission:
    """One request's documents; `answer` is called once: True when they are safe, False when they are given up."""

    documents: Sequence[Document]
    answer: Callable[[bool], None]
    settled: bool = False


class PushQueue:
    """Submissions in order, bounded by documents; all methods are thread-safe.

    Args:
        max_pending: documents accepted and not yet acknowledged, at most.
    """

    def __init__(self, max_pending: int) -> None:
        self.max_pending = max_pending
        self._waiting: deque[Submission] = deque()
        self._taken: list[Submission] = []
        self._pending = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def pending(self) -> int:
        """Documents accepted and not yet acknowledged."""
        with self._changed:
            return self._pending

    def offer(self, submission: Submission) -> bool:
        """Take the submission; False when there is no room for it, or no longer anyone to deliver it."""
        with self._changed:
            if self._closed or self._pending + len(submission.documents) > self.max_pending:
                return False
            self._pending += len(submission.documents)
            self._waiting.append(submission)
            self._changed.notify()
            return True

    def take(self, most: int, seconds: float) -> list[Submission]:
        """Return waiting submissions of about `most` documents together, waiting at most `seconds` for the first."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            taken: list[Submission] = []
            size = 0
            while self._waiting and (not taken or size + len(self._waiting[0].documents) <= most):
                submission = self._waiting.popleft()
                taken.append(submission)
                size += len(submission.documents)
            self._taken.extend(taken)
            return taken

    def abandon(self, submission: Submission) -> None:
        """Forget a submission whose sender was told to send again; one that a driver has taken stays pending until it is safe."""
        with self._changed:
            if submission in self._waiting:
                self._waiting.remove(submission)
                self._pending -= len(submission.documents)

    def settle(self, submissions: Sequence[Submission], safe: bool) -> None:
        """Answer taken submissions and free their room; one that is settled already is left alone."""
        with self._changed:
            due = [submission for submission in submissions if not submission.settled]
            for submission in due:
                submission.settled = True
                self._pending -= len(submission.documents)
            self._taken = [submission for submission in self._taken if not submission.settled]
        for submission in due:
            submission.answer(safe)

    def close(self) -> None:
        """Refuse new submissions and give up those not settled: their senders send again."""
        with self._changed:
            self._closed = True
            left = [*self._taken, *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        self.settle(left, safe=False)
