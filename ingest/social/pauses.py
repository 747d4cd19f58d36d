"""Pauses between attempts to connect, and what a server asks for."""

from __future__ import annotations

from random import Random
from typing import Final

LONGEST_PAUSE: Final = 60.0
"""Seconds between two attempts; what a server asks for takes precedence."""
LONGEST_REFUSED: Final = 900.0
"""The same where the server refuses, which passes only when somebody changes something."""
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

    def failed(self, asked: float | None = None, *, refused: bool = False) -> float:
        """Return the seconds to wait after one more failure: between half and the whole of a limit that doubles, or what was `asked`.

        Args:
            asked: by the server, seconds.
            refused: pauses begin longer and grow to `LONGEST_REFUSED`.
        """
        first, longest = (8 * self._shortest, LONGEST_REFUSED) if refused else (self._shortest, self._longest)
        limit = min(longest, first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        pause = limit * self._random.uniform(0.5, 1.0)
        return pause if asked is None else max(pause, asked)
