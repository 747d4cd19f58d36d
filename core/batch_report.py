"""The result of one micro-batch: the processor publishes it once, and metrics, log, totals and dashboards read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from squall.core.items import Fate, Item, Outcome
from squall.core.records import Document, ScoredDocument


@dataclass(frozen=True)
class BatchReport:
    """One micro-batch that is safe: its rows are in the store, its rejects are dead-lettered.

    Args:
        items: as they were delivered.
        outcomes: one per item, in the same order.
        rows: what was inserted.
        stored_at: when the insert was acknowledged.
        token: of the insert, empty when nothing was inserted; ClickHouse keeps it in system.query_log.
        limit: most items that a micro-batch may have.
        retries: calls repeated since the previous report because a dependency was unavailable.
        scoring_seconds: time in the model.
        storing_seconds: time in the store.
        deleted: how many stored documents were taken back.
        left_out: versions beyond `processor.max_versions_per_day`, which count as duplicates.
    """

    items: Sequence[Item]
    outcomes: Sequence[Outcome]
    rows: Sequence[ScoredDocument]
    stored_at: datetime
    token: str = ""
    limit: int = 1
    retries: int = 0
    scoring_seconds: float = 0.0
    storing_seconds: float = 0.0
    left_out: Sequence[Document] = ()
    deleted: int = 0

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def stored(self) -> int:
        """Number of documents inserted."""
        return len(self.rows)

    @cached_property
    def versions(self) -> int:
        """Number of inserted documents that are later versions of others."""
        return sum(bool(row.document.revises) for row in self.rows)

    @cached_property
    def unscored(self) -> Counter[str]:
        """Inserted documents that no model has read, by their language."""
        return Counter(row.document.language for row in self.rows if not row.scored)

    @cached_property
    def duplicates(self) -> int:
        """Number of items whose document was stored before, or came earlier in the same batch."""
        return sum(outcome.fate is Fate.DUPLICATE for outcome in self.outcomes)

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why items were rejected, one entry per rejected item."""
        return tuple(outcome.rejection.reason for outcome in self.outcomes if outcome.rejection)

    @property
    def rejected(self) -> int:
        """Number of items that were dead-lettered."""
        return len(self.reasons)

    @cached_property
    def published_ages(self) -> tuple[float, ...]:
        """Seconds from publication to storage, one entry per row."""
        return tuple((self.stored_at - row.document.published_at).total_seconds() for row in self.rows)

    @cached_property
    def collected_ages(self) -> tuple[float, ...]:
        """Seconds from collection to storage, one entry per row."""
        return tuple((self.stored_at - row.document.collected_at).total_seconds() for row in self.rows)

    @property
    def model_version(self) -> str:
        """The model that scored the rows, empty where it scored none."""
        return next((row.model_version for row in reversed(self.rows) if row.scored), "")


BatchSubscriber = Callable[[BatchReport], None]
"""Receives every report once, in order, on the thread that processed the batch."""
