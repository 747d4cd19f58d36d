"""The split into training and dev examples: by a hash of the normalised text, so that near-duplicates land on the same side."""

from __future__ import annotations

from collections.abc import Sequence

import xxhash

from squall.model.data.examples import Example
from squall.model.data.near_duplicates import group_key


def split(rows: Sequence[Example], *, dev_share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Return (train, dev); rows of one `group_key` land on the same side, whatever else is in the set."""
    train: list[Example] = []
    dev: list[Example] = []
    for row in rows:
        drawn = xxhash.xxh3_64_intdigest(group_key(row.text).encode("utf-8", "replace"), seed=seed) / 2**64
        (dev if drawn < dev_share else train).append(row)
    return train, dev
