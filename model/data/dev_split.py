"""The split into training and dev examples: by a hash of the normalised text, so that near-duplicates land on the same side."""

from __future__ import annotations

from collections.abc import Sequence

import xxhash

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example
from squall.model.data.near_duplicates import group_key


def split(rows: Sequence[Example], *, dev_share: float, seed: int, fold: int = 0) -> tuple[list[Example], list[Example]]:
    """Return (train, dev); rows of one `group_key` land on the same side, whatever else is in the set.

    Args:
        rows: to split.
        dev_share: of the rows: held out.
        seed: of the split.
        fold: which such share is held out. Folds 0 to 1 / dev_share − 1 hold out each row once.

    Raises:
        ConfigurationError: there is no such fold.
    """
    low, high = fold * dev_share, (fold + 1) * dev_share
    if high > 1 + 1e-9:
        raise ConfigurationError(f"there is no fold {fold} of {dev_share:g} of the rows", "take a smaller dev_fold or dev_share")
    train: list[Example] = []
    dev: list[Example] = []
    for row in rows:
        drawn = xxhash.xxh3_64_intdigest(group_key(row.text).encode("utf-8", "replace"), seed=seed) / 2**64
        (dev if low <= drawn < high else train).append(row)
    return train, dev
