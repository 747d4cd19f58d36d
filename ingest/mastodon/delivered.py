"""Statuses that were delivered lately, which are asked for again after the stream was not connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

MOST_PER_TIMELINE: Final = 400
_MOST: Final = 5_000
"""Of all timelines together."""
_LONGEST_MS: Final = 24 * 3_600_000


class DeliveredStatuses:
    """By number the timeline that brought a status and the version that was delivered, oldest first.

    Statuses that are still to be checked are kept whatever came after them.

    Args:
        cursor: as `cursor` returned it; anything else counts as nothing.
        milliseconds: gives the time in a status's number, milliseconds since 1970; 0 if there is none.
    """

    def __init__(self, cursor: Any, milliseconds: Callable[[str], int]) -> None:
        self._milliseconds = milliseconds
        self._statuses: dict[str, tuple[str, str]] = {}
        if isinstance(cursor, dict):
            self._statuses = {
                str(number): (str(each[0]), str(each[1])) for number, each in cursor.items() if isinstance(each, list) and len(each) == 2
            }
        self._unchecked: set[str] = set(self._statuses)

    def add(self, number: str, timeline: str, version: str) -> None:
        """Note that a version of a status is delivered; a later version stays with the timeline that brought the first."""
        known = self._statuses.get(number)
        self._statuses[number] = (known[0] if known else timeline, version)

    def version(self, number: str) -> str | None:
        """Return the delivered version of a status, empty if it is as it was written; None if it is not remembered."""
        known = self._statuses.get(number)
        return known[1] if known else None

    def forget(self, number: str) -> None:
        """Forget a status: it is gone."""
        self._statuses.pop(number, None)
        self._unchecked.discard(number)

    def disconnected(self) -> None:
        """Note that any of them may have been deleted or edited unheard."""
        self._unchecked = set(self._statuses)

    def unchecked(self, timeline: str) -> list[str]:
        """Return the numbers of the statuses of a timeline that are still to be checked."""
        return [number for number in self._unchecked if self._statuses[number][0] == timeline]

    def checked(self, numbers: Iterable[str]) -> None:
        """Note that statuses were checked."""
        self._unchecked.difference_update(numbers)

    @property
    def all_checked(self) -> bool:
        """Whether none is still to be checked."""
        return not self._unchecked

    def cursor(self, newest_ms: int) -> dict[str, Any]:
        """Return what the next start needs: of each timeline the last 400 that are at most 24 hours older than `newest_ms`."""
        counts: Counter[str] = Counter()
        kept: dict[str, tuple[str, str]] = {}
        for number, status in reversed(self._statuses.items()):
            counts[status[0]] += 1
            young = (self._milliseconds(number) or newest_ms) >= newest_ms - _LONGEST_MS
            if number in self._unchecked or (young and counts[status[0]] <= MOST_PER_TIMELINE and len(kept) < _MOST):
                kept[number] = status
        self._statuses = dict(reversed(kept.items()))
        return {number: list(status) for number, status in self._statuses.items()}
