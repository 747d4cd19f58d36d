"""How far a stream of Jetstream was read, and what of its last seconds was delivered."""

from __future__ import annotations

from typing import Any, Final

import xxhash

from squall.ingest.bluesky.events import StreamEvent

REWIND_US: Final = 5_000_000
"""How far a stream that is resumed by time is read again: servers see events at slightly different times and in other orders."""
SEARCH_US: Final = 60_000_000
"""How closely the oldest time is found that a server has."""
_REMEMBERED_US: Final = 6 * REWIND_US
_MOST_REMEMBERED: Final = 20_000


class StreamPosition:
    """A place in the stream of one server.

    A number (`seq`) means something only on the server that gave it, so a stream of another server, or of version 1, is resumed by time:
    a little earlier, without what was delivered of that time before.

    Args:
        server: URL and version of what is read.
        cursor: as `cursor` returned it; None at the first start.
        start_us: where the first start begins, microseconds since 1970; 0: with what is new.
    """

    def __init__(self, server: str, cursor: dict[str, Any] | None = None, start_us: int = 0) -> None:
        cursor = cursor or {}
        self._server = server
        same = cursor.get("server") == server
        self._boot = str(cursor.get("boot", "")) if same else ""
        self._seq = int(cursor.get("seq", 0)) if same else 0
        self.time_us = int(cursor.get("time_us", start_us))
        """Of the newest event that was read; 0 before the first, if the start is not set."""
        self.has_read = bool(cursor)
        """Whether anything was read before: what the server does not have from then on is missing."""
        recent = cursor.get("recent", {})
        self._recent: dict[str, int] = {str(key): int(value) for key, value in recent.items()} if isinstance(recent, dict) else {}

    @property
    def resume(self) -> int:
        """The cursor to ask the server for: a number, or microseconds since 1970; 0 to begin with what is new."""
        if self._seq:
            return self._seq
        return max(0, self.time_us - REWIND_US)

    @property
    def by_number(self) -> bool:
        """Whether `resume` is a number of this server."""
        return self._seq > 0

    def forget_number(self) -> None:
        """Resume by time: the server no longer knows the number."""
        self._seq = 0

    def is_same_boot(self, boot: str) -> bool:
        """Return whether the numbers are still those of the process `boot` of the server; empty: it does not say."""
        same = not (boot and self._boot) or boot == self._boot
        self._boot = boot or self._boot
        return same

    def is_new(self, event: StreamEvent) -> bool:
        """Return whether the event comes after what was read; call `passed` with it then."""
        return not (event.seq and event.seq <= self._seq)

    def was_delivered(self, event: StreamEvent) -> bool:
        """Return whether the post's change, or a later one, was delivered in the last seconds.

        A stream that began after a post was written is resumed before that: its text must not follow its deletion.
        """
        return self._key(event) in self._recent or event.time_us < self._recent.get(self._post(event), 0)

    def passed(self, event: StreamEvent) -> None:
        """Move behind the event."""
        self.has_read = True
        self._seq = max(self._seq, event.seq)
        self.time_us = max(self.time_us, event.time_us)

    def delivered(self, event: StreamEvent) -> None:
        """Remember that the post's change is delivered."""
        self._recent[self._key(event)] = event.time_us
        if event.operation != "create":
            self._recent[self._post(event)] = event.time_us
        if len(self._recent) >= 2 * _MOST_REMEMBERED:
            self._forget()

    def cursor(self) -> dict[str, Any]:
        """Return what the next start needs."""
        self._forget()
        return {"server": self._server, "boot": self._boot, "seq": self._seq, "time_us": self.time_us, "recent": dict(self._recent)}

    def _forget(self) -> None:
        oldest = self.time_us - _REMEMBERED_US
        kept = [(key, time_us) for key, time_us in self._recent.items() if time_us >= oldest]
        self._recent = dict(kept[-_MOST_REMEMBERED:])

    @staticmethod
    def _key(event: StreamEvent) -> str:
        return _digest(f"{event.did}/{event.rkey}/{event.operation}/{event.rev or event.cid}")

    @staticmethod
    def _post(event: StreamEvent) -> str:
        return _digest(f"{event.did}/{event.rkey}")


def _digest(key: str) -> str:
    return xxhash.xxh3_64_hexdigest(key.encode("utf-8", "replace"))


class OldestSearch:
    """Finds the oldest time that a server has, where it refuses an older one instead of beginning with what it has: by halving.

    Args:
        refused_us: a time that is too old, microseconds since 1970.
        now_us: the present.
    """

    def __init__(self, refused_us: int, now_us: int) -> None:
        self._refused, self._accepted, self._now = refused_us, now_us, now_us

    @property
    def cursor(self) -> int:
        """The cursor to try next, or the one to begin with if it is found; 0: with what is new, the server has nothing older."""
        if self._is_found:
            return 0 if self._accepted == self._now else self._accepted
        return (self._refused + self._accepted) // 2

    def refused(self) -> None:
        """Note that the server refuses `cursor`."""
        if self._is_found:  # the server has dropped it meanwhile
            self._refused, self._accepted = self._accepted, self._now
        else:
            self._refused = self.cursor

    def accepted(self) -> bool:
        """Note that the server has what `cursor` asks for; return whether that is the oldest, to within a minute."""
        if self._is_found:
            return True
        self._accepted = self.cursor
        return False

    @property
    def _is_found(self) -> bool:
        return self._accepted - self._refused <= SEARCH_US
