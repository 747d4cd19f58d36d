"""How far streams have been stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from squall.core.items import Progress
from squall.storage.queries.base import Queries, newest
from squall.storage.schema.tables.pipeline import PROGRESS

_PROGRESS = PROGRESS.select("FINAL WHERE NOT retired ORDER BY stream, partition")


class ProgressQueries(Queries):
    """Progress: one row per stream and partition, the last that was written."""

    def write(self, rows: Sequence[Progress]) -> None:
        """Remember how far partitions have been stored; a retired stream counts again."""
        self._write_all(rows, retired=False)

    def _write_all(self, rows: Sequence[Progress], *, retired: bool) -> None:
        self._write(PROGRESS, newest(rows, lambda row: (row.stream, row.partition)), retired=retired)

    def all(self) -> list[Progress]:
        """Return the latest progress per stream and partition, without retired streams."""
        return self._read(PROGRESS, _PROGRESS)

    def retire(self, keep: Collection[str]) -> None:
        """Let the rows of every stream not in `keep` stop counting, until they are written again."""
        self._write_all([row for row in self.all() if row.stream not in keep], retired=True)
