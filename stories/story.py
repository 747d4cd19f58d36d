"""A story as it grows: when its documents came, and which names they had."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field

from squall.stories.headline import Headline
from squall.stories.member import WINDOW_HOURS, Counts
from squall.stories.moves import Moves

HOUR_MS = 3_600_000


@dataclass(slots=True)
class Story:
    """The documents of a story that are not too old to count.

    Args:
        id: of its first document.
        size: how many documents it has had.
        moves: what they said.
        times: when they were published, sorted, in milliseconds since 1970.
        by_name: the same, of those that name a name.
    """

    id: str
    size: int = 0
    moves: Moves = field(default_factory=Moves)
    times: list[int] = field(default_factory=list)
    by_name: dict[str, list[int]] = field(default_factory=dict)

    def add(self, headline: Headline, at: int) -> None:
        """Take up a document that was published at `at`."""
        self.size += 1
        self.moves.add(headline)
        self.hold(headline, at)

    def hold(self, headline: Headline, at: int) -> None:
        """Count a document that was taken up before."""
        insort(self.times, at)
        for name in headline.names:
            insort(self.by_name.setdefault(name, []), at)

    def drop(self, headline: Headline, at: int) -> None:
        """Count a document no longer."""
        del self.times[bisect_left(self.times, at)]
        for name in headline.names:
            times = self.by_name[name]
            del times[bisect_left(times, at)]
            if not times:
                del self.by_name[name]

    def linked(self, at: int) -> Counts:
        """Return how many documents came in each of the windows before `at`, that moment included."""
        return _counts(self.times, at)

    def linked_by_name(self, names: tuple[str, ...], at: int) -> dict[str, Counts]:
        """Return the same for the documents with each of `names`."""
        return {name: _counts(self.by_name.get(name, []), at) for name in names}

    def within_a_day(self, at: int) -> int:
        """Return how many documents came in the 24 hours before `at`."""
        return bisect_right(self.times, at) - bisect_left(self.times, at - 24 * HOUR_MS)


def _counts(times: list[int], at: int) -> Counts:
    until = bisect_right(times, at)
    a, b, c, d, e = (until - bisect_left(times, at - hours * HOUR_MS, 0, until) for hours in WINDOW_HOURS)
    return a, b, c, d, e
