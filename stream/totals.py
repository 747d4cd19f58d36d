"""Running totals over micro-batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from squall.core.batch_report import BatchReport


@dataclass
class RunningTotals:
    """Sums over any number of micro-batches; seconds are time spent in the model and in the store."""

    batches: int = 0
    largest_batch: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    unscored: Counter[str] = field(default_factory=Counter)
    """Of the stored documents: those in languages that the model does not know, by language."""
    deleted: int = 0
    """Stored documents that were taken back."""
    retries: int = 0
    scoring_seconds: float = 0.0
    storing_seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected items by reason."""

    @property
    def items(self) -> int:
        """Number of items that were handled, whatever became of them."""
        return self.stored + self.duplicates + self.rejected

    def add_batch(self, report: BatchReport) -> None:
        """Add one micro-batch."""
        self.batches += 1
        self.largest_batch = max(self.largest_batch, report.size)
        self._add(report)

    def add_totals(self, other: RunningTotals) -> None:
        """Add what `other` has summed up."""
        self.batches += other.batches
        self.largest_batch = max(self.largest_batch, other.largest_batch)
        self._add(other)

    def _add(self, part: BatchReport | RunningTotals) -> None:
        self.stored += part.stored
        self.duplicates += part.duplicates
        self.rejected += part.rejected
        self.deleted += part.deleted
        self.retries += part.retries
        self.scoring_seconds += part.scoring_seconds
        self.storing_seconds += part.storing_seconds
        self.reasons.update(part.reasons)
        self.unscored.update(part.unscored)
