"""The learning-rate schedule: linear warm-up, then linear decay."""

from __future__ import annotations

from collections.abc import Callable


def warmup_decay(steps: int, warmup_share: float) -> Callable[[int], float]:
    """Return the factor on the learning rate by step: linear up over `warmup_share`, then linear down to 0."""
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        return min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))

    return factor
