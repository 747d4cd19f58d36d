"""How far timelines were read, and which statuses of the last minutes were delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from squall.ingest.mastodon.delivered import DeliveredStatuses

OVERLAP_MS: Final = 600_000
"""How much of a timeline is read again after a pause: statuses of other servers arrive late, with the number of when they were written."""
_MOST_REMEMBERED: Final = 20_000
_TIME_BITS: Final = 16
"""A number of Mastodon has the milliseconds since 1970 above these bits."""
_OLDEST_MS: Final = 1_450_000_000_000
"""Smaller numbers are counted, not made of times: those of before 2016 and of other software."""


class TimelinePosition:
    """Newest numbers by timeline, and the statuses that were delivered lately.

    Args:
        cursor: as `cursor` returned it; None at the first start.
        start_ms: where a timeline begins that was never read, milliseconds since 1970; 0: with what is new.
    """

    def __init__(self, cursor: dict[str, Any] | None = None, start_ms: int = 0) -> None:
        cursor = cursor or {}
        self._start = str(start_ms << _TIME_BITS) if start_ms else ""
        newest, recent = cursor.get("newest"), cursor.get("recent")
        self._newest: dict[str, str] = {str(key): str(value) for key, value in newest.items()} if isinstance(newest, dict) else {}
        self._recent: dict[str, None] = dict.fromkeys(str(key) for key in recent) if isinstance(recent, list) else {}
        self.statuses = DeliveredStatuses(cursor.get("delivered"), _milliseconds)
        """What is looked for again after the stream was cut."""

    def newest(self, timeline: str) -> str:
        """Return the number of the newest status of a timeline; empty if none was seen."""
        return self._newest.get(timeline, "")

    def read_from(self, timeline: str) -> str:
        """Return after which number to read a timeline again: somewhat before the newest; empty to begin with what is new."""
        newest = self.newest(timeline)
        if not newest:
            return self._start
        time = _milliseconds(newest)
        return str((time - OVERLAP_MS) << _TIME_BITS) if time else newest

    def saw(self, timeline: str, number: str) -> None:
        """Note a status of a timeline."""
        if sort_key(number) > sort_key(self.newest(timeline)):
            self._newest[timeline] = number

    def is_new(self, key: str) -> bool:
        """Return whether the version of a status, or its deletion, was not delivered lately."""
        number, _, version = key.partition("/")
        return key not in self._recent and self.statuses.version(number) != version

    def delivered(self, key: str) -> None:
        """Note that it is delivered; `key` begins with the status's number and a slash."""
        self._recent[key] = None
        if len(self._recent) >= 2 * _MOST_REMEMBERED:
            self._forget()

    def cursor(self) -> dict[str, Any]:
        """Return what the next start needs."""
        self._forget()
        newest = max((_milliseconds(number) for number in self._newest.values()), default=0)
        return {"newest": dict(self._newest), "recent": list(self._recent), "delivered": self.statuses.cursor(newest)}

    def _forget(self) -> None:
        times = [_milliseconds(number) for number in self._newest.values()]
        oldest = min(times, default=0) - 2 * OVERLAP_MS
        kept = [key for key in self._recent if (_milliseconds(key.partition("/")[0]) or oldest) >= oldest]
        self._recent = dict.fromkeys(kept[-_MOST_REMEMBERED:])


def sort_key(number: str) -> tuple[int, str]:
    """Return what sorts statuses from old to new: numbers by their value, the ids of other software, all of one length, as texts."""
    return len(number), number


def written_at(number: str) -> str:
    """Return when the status with this number was written, ISO 8601; empty if the number does not say."""
    time = _milliseconds(number)
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="seconds") if time else ""


def _milliseconds(number: str) -> int:
    """Return the time in a number, milliseconds since 1970; 0 if there is none."""
    time = int(number) >> _TIME_BITS if number.isascii() and number.isdigit() and len(number) < 20 else 0
    return time if time >= _OLDEST_MS else 0
