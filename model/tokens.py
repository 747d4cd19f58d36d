"""Text to token ids and padded tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from core.errors import ConfigurationError

PAD_ID = 0
"""Any id does: padding is masked out."""


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Read `tokenizer.json`, cutting at `max_tokens` (special tokens included) and padding nothing.

    Raises:
        ConfigurationError: missing or broken.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ConfigurationError(f"{path} is not a readable tokenizer: {error}", "give a folder that holds tokenizer.json") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def pad(ids: Sequence[Sequence[int]], width: int = 0) -> tuple[Tensor, Tensor]:
    """Return (input_ids, attention_mask), int64 tensors of shape (rows, the longest row or `width` if that is more)."""
    width = max(width, max((len(row) for row in ids), default=0))
    input_ids = torch.full((len(ids), width), PAD_ID, dtype=torch.long)
    mask = torch.zeros((len(ids), width), dtype=torch.long)
    for position, row in enumerate(ids):
        input_ids[position, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[position, : len(row)] = 1
    return input_ids, mask
