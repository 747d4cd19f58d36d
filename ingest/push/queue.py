"""Pushed documents on their way from HTTP to a driver, and the acknowledgements on their way back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from squall.ingest.push.results import Entry, Result


@dataclass(slots=True, eq=False)
class Submission:
    """What one request holds; `answer` is called once: with the result of each entry when they are committed, None if they are given up."""

    entries: Sequence[Entry]
    answer: Callable[[Sequence[Result] | None], None]
    settled: bool = False


class PushQueue:
    """Submissions in order, bounded by their documents; thread-safe.

    Args:
        max_pending: the most documents accepted and not yet acknowledged.
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
        """Add the submission; return False if the queue is full or closed."""
        with self._changed:
            if self._closed or self._pending + len(submission.entries) > self.max_pending:
                return False
            self._pending += len(submission.entries)
            self._waiting.append(submission)
            self._changed.notify()
            return True

    def take(self, most: int, seconds: float) -> list[Submission]:
        """Return waiting submissions with about `most` documents in total; wait at most `seconds` for the first."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            taken: list[Submission] = []
            size = 0
            while self._waiting and (not taken or size + len(self._waiting[0].entries) <= most):
                submission = self._waiting.popleft()
                taken.append(submission)
                size += len(submission.entries)
            self._taken.extend(taken)
            return taken

    def abandon(self, submission: Submission) -> None:
        """Remove a submission whose sender was asked to send it again; one that a driver has taken stays pending until it is committed."""
        with self._changed:
            if submission in self._waiting:
                self._waiting.remove(submission)
                self._pending -= len(submission.entries)

    def settle(self, submissions: Sequence[Submission], results: Sequence[Result] | None) -> None:
        """Answer taken submissions and free their places; does nothing for those already settled.

        Args:
            submissions: in the order in which they were taken.
            results: of all their documents, in order; None if they are given up.
        """
        with self._changed:
            shares = _shares(submissions, results)
            due = [pair for pair in zip(submissions, shares, strict=True) if not pair[0].settled]
            for submission, _ in due:
                submission.settled = True
                self._pending -= len(submission.entries)
            self._taken = [submission for submission in self._taken if not submission.settled]
        for submission, share in due:
            submission.answer(share)

    def close(self) -> None:
        """Refuse new submissions and give up those not settled; their senders send them again."""
        with self._changed:
            self._closed = True
            left = [*self._taken, *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        self.settle(left, None)


def _shares(submissions: Sequence[Submission], results: Sequence[Result] | None) -> list[Sequence[Result] | None]:
    """Return each submission's part of `results`."""
    if results is None:
        return [None] * len(submissions)
    left = iter(results)
    return [[next(left) for _ in submission.entries] for submission in submissions]
