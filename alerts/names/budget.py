"""How much evidence is worth an alert, so that a budget of alerts a day holds by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappush, heappushpop, nlargest
from math import ceil, log
from typing import Final

LEARNT_DAYS: Final = 28
"""The limit is learnt from so much of the past."""
_FIRST_LIMIT: Final = 8.8
"""Until something was learnt: the score that three candidates a day reached in the headlines of 2012,"""
_FIRST_BUDGET: Final = 3.0
_FIRST_SLOPE: Final = 1.37
"""and how much lower it was there for e times as many."""
_FIRST_DAYS: Final = 7.0
"""It counts as so many days at first, and not at all once `LEARNT_DAYS` are known."""
_LOWEST: Final = 6.0
"""Less evidence is worth no alert, however quiet the feed."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What a budget has learnt.

    Args:
        since: the minute from which on it learns.
        limit: that it gives in the hour in which it learnt last.
        hour: in which it learnt last, since the epoch; -1: never.
        ended: minute and highest score of candidates that ended, in order of time.
    """

    since: int
    limit: float
    hour: int
    ended: tuple[tuple[int, float], ...]


class Budget:
    """Learns the score that only so many candidates a day reach.

    Args:
        per_day: alerts a day, on average over `LEARNT_DAYS`.
        since: the minute from which on it sees candidates.
        state: of before; its `since` counts.
    """

    def __init__(self, per_day: float, since: int, state: BudgetState | None = None) -> None:
        self._per_day = per_day
        self._since = state.since if state else since
        self._ended = deque(state.ended if state else ())
        self._first_limit = _FIRST_LIMIT - _FIRST_SLOPE * log(per_day / _FIRST_BUDGET)
        self._limit = state.limit if state else self._first_limit
        self._learnt_hour = state.hour if state else -1

    @property
    def state(self) -> BudgetState:
        """Everything that it goes on from, bounded by the budget: candidates that can't be among the highest any more are left out.

        One matters while fewer than there are alerts in `LEARNT_DAYS` came after it and were as high.
        """
        most = max(1, ceil(LEARNT_DAYS * self._per_day))
        highest: list[float] = []
        kept = []
        for minute, score in reversed(self._ended):
            if len(highest) < most:
                heappush(highest, score)
            elif score <= highest[0]:
                continue
            else:
                heappushpop(highest, score)
            kept.append((minute, score))
        self._ended = deque(reversed(kept))
        return BudgetState(self._since, self._limit, self._learnt_hour, tuple(self._ended))

    def add(self, minute: int, score: float) -> None:
        """Take in a candidate that has ended, whether or not it became an alert; in order of time."""
        self._ended.append((minute, score))

    def limit(self, minute: int, present: Iterable[float]) -> float:
        """Return the score from which a candidate is worth an alert at `minute`; it is learnt anew each hour.

        Args:
            minute: since the epoch.
            present: the highest scores of the candidates that have not ended.
        """
        hour = minute // 60
        if hour > self._learnt_hour:
            self._learnt_hour = hour
            self._limit = self._learn(minute, present)
        return self._limit

    def _learn(self, minute: int, present: Iterable[float]) -> float:
        oldest = minute - LEARNT_DAYS * 1440
        while self._ended and self._ended[0][0] < oldest:
            self._ended.popleft()
        days = min(LEARNT_DAYS, max(0.0, (minute - self._since) / 1440))
        wanted = max(1, round(days * self._per_day))
        highest = nlargest(wanted, [*(score for _, score in self._ended), *present])
        learnt = highest[-1] if len(highest) == wanted else 0.0
        first = _FIRST_DAYS * (1 - days / LEARNT_DAYS)
        return max(_LOWEST, (days * learnt + first * self._first_limit) / (days + first))
