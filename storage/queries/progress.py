"""How far streams have been stored, what was rejected, and where the detector stands."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from datetime import datetime

from squall.core.delivery import RAW_LIMIT, DeadLetter, Origin, Progress
from squall.storage.queries.base import StoreBase, utc, valid_text
from squall.storage.schema.tables import DEAD_LETTERS, DETECTOR_POSITIONS, PROGRESS

_PROGRESS = """
SELECT stream, partition, position, event_time, caught_up, updated_at
FROM progress FINAL
WHERE NOT retired
ORDER BY stream, partition
"""
_BY_REASON = "SELECT reason, count() AS letters FROM dead_letters FINAL GROUP BY reason ORDER BY letters DESC, reason"
_LETTERS = """
SELECT topic, partition, offset, reason, detail, base64Encode(raw), at, stage
FROM dead_letters FINAL
ORDER BY version DESC
LIMIT {limit:UInt32}
"""
_POSITION = "SELECT evaluated_until, state FROM detector_positions FINAL WHERE name = {name:String}"


class ProgressQueries(StoreBase):
    """Progress, dead letters, detector position: small rows whose last version wins."""

    def write_progress(self, rows: Sequence[Progress]) -> None:
        """Remember how far partitions have been stored; a retired stream counts again."""
        self._write_progress(rows, retired=False)

    def _write_progress(self, rows: Sequence[Progress], *, retired: bool) -> None:
        version = self._next_version()
        newest = {(row.stream, row.partition): row for row in rows}
        values = [
            (row.stream, row.partition, row.position, row.event_time, row.caught_up, row.updated_at, retired, version)
            for row in newest.values()
        ]
        self._insert(PROGRESS, values)

    def progress(self) -> list[Progress]:
        """Return the latest progress per stream and partition, without retired streams."""
        return [
            Progress(stream, partition, position, utc(event_time), bool(caught_up), utc(updated_at))
            for stream, partition, position, event_time, caught_up, updated_at in self._select(_PROGRESS)
        ]

    def retire_progress(self, keep: Collection[str]) -> None:
        """Let the rows of every stream not in `keep` stop counting, until they are written again."""
        self._write_progress([row for row in self.progress() if row.stream not in keep], retired=True)

    def write_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Keep rejected items; the same origin and stage is one row however often it is written."""
        first = self._next_version()
        newest = {(letter.origin, letter.stage): letter for letter in letters}
        values = [
            (
                letter.origin.topic,
                letter.origin.partition,
                letter.origin.offset,
                letter.stage,
                letter.reason,
                valid_text(letter.detail),
                letter.raw[:RAW_LIMIT],
                letter.at,
                first + number,
            )
            for number, letter in enumerate(newest.values())
        ]
        self._insert(DEAD_LETTERS, values)

    def dead_letters_by_reason(self) -> list[tuple[str, int]]:
        """Return how many items were rejected for each reason, most frequent first."""
        return [(reason, int(count)) for reason, count in self._select(_BY_REASON)]

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return rejected items, last written first."""
        return [
            DeadLetter(Origin(topic, partition, offset), reason, detail, base64.b64decode(raw), utc(at), stage)
            for topic, partition, offset, reason, detail, raw, at, stage in self._select(_LETTERS, limit=limit)
        ]

    def write_detector_position(self, name: str, evaluated_until: datetime, state: str) -> None:
        """Remember how far the detector `name` has evaluated event time, with its state as JSON."""
        self._insert(DETECTOR_POSITIONS, [(name, evaluated_until, state, self._next_version())])

    def detector_position(self, name: str) -> tuple[datetime, str] | None:
        """Return what `write_detector_position` wrote last, None before the first."""
        found = self._one(_POSITION, name=name)
        return (utc(found[0]), found[1]) if found else None
