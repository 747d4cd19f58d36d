"""What the engine has done since it was opened, as counts."""

from __future__ import annotations

from dataclasses import dataclass

from squall.core.observability.metrics import ModelReading


@dataclass(frozen=True)
class EngineStats:
    """What the engine has done since it was opened, and what waits now.

    Args:
        queued_texts: texts that wait.
        queued_tokens: tokens that wait, padding included.
        dropped_texts: texts whose caller gave up before they were scored.
        texts: texts scored.
        tokens: their tokens.
        computed_tokens: tokens computed for them, padding included.
        batches: passes handed to the backend.
        offered_tokens: the budgets of these batches together.
        splits: batches halved because memory ran out.
        fallbacks: times that the CPU took over from the device.
        failures: batches that raised an error.
        device_seconds: time in the network.
    """

    queued_texts: int = 0
    queued_tokens: int = 0
    dropped_texts: int = 0
    texts: int = 0
    tokens: int = 0
    computed_tokens: int = 0
    batches: int = 0
    offered_tokens: int = 0
    splits: int = 0
    fallbacks: int = 0
    failures: int = 0
    device_seconds: float = 0.0

    def reading(self, version: str) -> ModelReading:
        """Return the counts of the model called `version` for metrics."""
        return ModelReading(
            version=version,
            texts=self.texts,
            tokens=self.tokens,
            computed_tokens=self.computed_tokens,
            batches=self.batches,
            offered_tokens=self.offered_tokens,
            device_seconds=self.device_seconds,
            queued_texts=self.queued_texts,
            queued_tokens=self.queued_tokens,
            splits=self.splits,
            fallbacks=self.fallbacks,
            failures=self.failures,
        )

    @property
    def batch_fill(self) -> float:
        """Mean share of the token budget that batches used, 0 to 1 (more when one text is longer than the budget)."""
        return self.tokens / self.offered_tokens if self.offered_tokens else 0.0

    @property
    def padding_waste(self) -> float:
        """Share of the computed tokens that were padding, 0 to 1."""
        return 1 - self.tokens / self.computed_tokens if self.computed_tokens else 0.0
