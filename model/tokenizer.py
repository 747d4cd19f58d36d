"""The tokenizer, and token ids as padded arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from squall.core.errors import ConfigurationError

PAD_ID = 0
"""Any id does: padding is masked out."""


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Read `tokenizer.json`, cutting at `max_tokens` (special tokens included) and padding nothing.

    Raises:
        ConfigurationError: missing or unreadable.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ConfigurationError(f"{path} is not a readable tokenizer: {error}", "give a folder that holds tokenizer.json") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def padded(rows: Sequence[Sequence[int]], width: int, pad_id: int = PAD_ID) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (input_ids, attention_mask), int64 arrays of shape (rows, width); no row is longer than `width`."""
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    real = np.arange(width) < lengths[:, None]
    input_ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    input_ids[real] = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=int(lengths.sum()))
    return input_ids, real.astype(np.int64)
