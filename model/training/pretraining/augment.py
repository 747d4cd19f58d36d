"""Data augmentation: some words of a text are masked, and a language model fills in others. Teachers label the new texts.

As TinyBERT augments its data (Jiao et al. 2020, section 3.2), with a masked language model of the texts' own kind. The label
of a rewritten text is unknown: only a teacher that reads it can give one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import orjson
import torch
from torch import Tensor

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import TOKENIZER_FILE
from squall.model.hardware import has_bf16
from squall.model.network import pad
from squall.model.preprocess import prepare
from squall.model.tokenizer import load_tokenizer
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.batching import batches
from squall.model.training.pretraining.masked_language_model import MaskedLanguageModel, mask_token

_ROWS = 128
_SHARES = (0.15, 0.5)
"""Least and greatest share of a text's tokens that change."""
_CHOICES = 40
"""A token is drawn from this many likeliest ones."""


class Rewriter:
    """Rewrites texts with a masked language model.

    Args:
        folder: written by `squall model pretrain`.
        max_tokens: longer texts are cut here.
        seed: of the order, of what is hidden and of what is drawn.

    Raises:
        ConfigurationError: the folder holds no masked language model.
    """

    def __init__(self, folder: Path, max_tokens: int, seed: int) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = MaskedLanguageModel.load(folder).to(self._device)
        self._tokenizer, self._max_tokens = load_tokenizer(folder / TOKENIZER_FILE, max_tokens), max_tokens
        self._mask_id = mask_token(self._tokenizer, folder)
        self._generator = torch.Generator().manual_seed(seed)
        self._rng = random.Random(seed)  # noqa: S311 - an order, not a secret

    def rewrite(self, texts: Sequence[str], copies: int, log: RunLog) -> Iterator[str]:
        """Yield `copies` rewritten texts per text, in no order; a text of only special tokens gives none.

        Half of the hidden tokens are filled first, the others with those in context.
        """
        encoded = self._tokenizer.encode_batch([prepare(text, self._max_tokens) for text in texts]) * copies
        plan = batches([len(e.ids) for e in encoded], _ROWS, self._rng)
        with log.progress("rewriting", len(plan)) as advance:
            for part in plan:
                ids, mask = pad([encoded[i].ids for i in part])
                fixed = pad([encoded[i].special_tokens_mask for i in part])[0].bool() | (mask == 0)
                changed = self._filled(ids, mask, fixed)
                for row, length, whole in zip(changed.tolist(), mask.sum(1).tolist(), fixed.all(1).tolist(), strict=True):
                    if not whole:
                        yield self._tokenizer.decode(row[:length], skip_special_tokens=True)
                advance(float("nan"))

    def _filled(self, ids: Tensor, mask: Tensor, fixed: Tensor) -> Tensor:
        """Return `ids` with a share of the tokens that are not `fixed` replaced, shape (rows, tokens)."""
        low, high = _SHARES
        share = low + (high - low) * torch.rand(len(ids), 1, generator=self._generator)
        hidden = ~fixed & (torch.rand(ids.shape, generator=self._generator) < share)
        first = hidden & (torch.rand(ids.shape, generator=self._generator) < 0.5)
        ids = ids.masked_fill(hidden, self._mask_id)
        for now in (first, hidden & ~first):
            if bool(now.any()):
                ids = ids.masked_scatter(now, self._drawn(ids, mask, now))
        return ids

    def _drawn(self, ids: Tensor, mask: Tensor, now: Tensor) -> Tensor:
        device = self._device
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)):
            logits = self._model(ids.to(device), mask.to(device), now.to(device))
        best = logits.float().topk(min(_CHOICES, logits.shape[-1]))
        picked = torch.multinomial(best.values.softmax(-1).cpu(), 1, generator=self._generator)
        drawn: Tensor = best.indices.cpu().gather(-1, picked).squeeze(-1)
        return drawn


def write_lines(path: Path, texts: Iterable[str]) -> int:
    """Write texts as JSONL with a column `text`; returns how many.

    Raises:
        ConfigurationError: the file can't be written.
    """
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for text in texts:
                file.write(orjson.dumps({"text": text}) + b"\n")
                count += 1
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}", "check the path") from error
    return count
