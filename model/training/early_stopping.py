"""Early stopping: a stage ends when the dev score has not improved for a number of epochs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class EarlyStopping:
    """Counts the epochs since the best dev score.

    Args:
        patience: epochs without a better score after which training stops.
        best_score: the best score so far; None before the first epoch.
        stale_epochs: epochs since then.
    """

    patience: int
    best_score: float | None = None
    stale_epochs: int = 0

    def improved(self, score: float) -> bool:
        """Add the score of an epoch; return whether it is the best so far."""
        better = self.best_score is None or score > self.best_score
        self.best_score = score if better else self.best_score
        self.stale_epochs = 0 if better else self.stale_epochs + 1
        return better

    @property
    def should_stop(self) -> bool:
        """Whether `patience` epochs have passed without a better score."""
        return self.stale_epochs >= self.patience
