"""Rows into training batches."""

from __future__ import annotations

import random
from collections.abc import Sequence


def batches(lengths: Sequence[int], batch_rows: int, rng: random.Random) -> list[list[int]]:
    """Return shuffled batches of row positions of similar length: little padding, order still random."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    window = batch_rows * 50
    result = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda i: lengths[i])
        result += [part[i : i + batch_rows] for i in range(0, len(part), batch_rows)]
    rng.shuffle(result)
    return result
