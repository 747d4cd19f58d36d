"""Items that could not become documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from squall.core.items import RAW_LIMIT, DeadLetter
from squall.storage.queries.base import Queries, newest
from squall.storage.schema.tables.pipeline import DEAD_LETTERS

_LATEST = DEAD_LETTERS.select("FINAL ORDER BY version DESC LIMIT {limit:UInt32}")
_BY_REASON = "SELECT reason, count() AS letters FROM dead_letters FINAL GROUP BY reason ORDER BY letters DESC, reason"


class DeadLetterQueries(Queries):
    """Dead letters; a `squall.core.items.DeadLetterSink`."""

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Keep rejected items; the same origin and stage is one row however often it is written."""
        rows = [replace(letter, raw=letter.raw[:RAW_LIMIT]) for letter in newest(letters, lambda letter: (letter.origin, letter.stage))]
        if rows:
            self._backend.insert(DEAD_LETTERS.block(rows, {"version": self._versions.next(DEAD_LETTERS.name, len(rows))}), "")

    def latest(self, limit: int = 100) -> list[DeadLetter]:
        """Return rejected items, last written first."""
        return self._read(DEAD_LETTERS, _LATEST, limit=limit)

    def by_reason(self) -> list[tuple[str, int]]:
        """Return how many items were rejected for each reason, most frequent first."""
        return [(reason, int(count)) for reason, count in self._select(_BY_REASON)]
