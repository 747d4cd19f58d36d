"""Pauses between attempts to connect, and what a server asks for."""

from __future__ import annotations

from random import Random
from typing import Final

LONGEST_PAUSE: Final = 60.0
"""Seconds between two attempts; what a server asks for takes precedence."""
SHORTEST_PAUSE: Final = 0.25
"""Seconds after a connection that delivered something."""


class Pauses:
    """Growing random pauses after failures in a row.

    Args:
        random: the pauses of many processes must not coincide.
        shortest: the first pause, seconds.
        longest: the limit, seconds.
    """

    def __init__(self, random: Random, shortest: float = SHORTEST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._random = random
        self._shortest = shortest
        self._longest = longest
        self._failures = 0

    def succeeded(self) -> None:
        """Begin again with the shortest pause."""
        self._failures = 0

    def failed(self, asked: float | None = None) -> float:
        """Return the seconds to wait after one more failure: between half and the whole of a limit that doubles, or what was `asked`."""
        limit = min(self._longest, self._shortest * 2.0 ** min(self._failures, 30))
        self._failures += 1
        pause = limit * self._random.uniform(0.5, 1.0)
        return pause if asked is None else max(pause, asked)
