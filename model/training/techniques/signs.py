"""Emoji, arrows and other signs as tokens of their own: to a tokenizer that lacks them, a word with one in it is unknown as a whole."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import TOKENIZER_FILE, is_checkpoint
from squall.model.network import MultiTaskNetwork, encoder_dict

_RANGES = ((0x2190, 0x21FF), (0x2300, 0x23FF), (0x25A0, 0x27BF), (0x2B00, 0x2BFF), (0x1F1E6, 0x1FAFF))
_CATEGORIES = frozenset({"So", "Sm", "Sk"})
_CONTINUES = "##"
_EMPTY = frozenset(
    {"sign", "symbol", "with", "of", "emoji", "modifier", "regional", "indicator", "letter", "black", "white", "heavy", "face"}
)
"""Words of Unicode's names that say nothing of what a sign means."""


def signs() -> dict[str, str]:
    """Return each sign with its name in Unicode, in lower case: 🚀 → "rocket", 📉 → "chart with downwards trend"."""
    found = (chr(code) for first, last in _RANGES for code in range(first, last + 1))
    return {sign: unicodedata.name(sign).lower() for sign in found if unicodedata.category(sign) in _CATEGORIES}


def with_signs(base: Path, out: Path) -> Path:
    """Write a copy of checkpoint `base` to `out` that reads `signs`, and return its folder; `base` itself where it has them all.

    A sign is a token at the start of a word and one within it (WordPiece's `##`). Its vector starts as the mean of those of the words of
    its name (Hewitt 2021, "Initializing New Word Embeddings for Pretrained Language Models", starts one as the mean of all).

    Raises:
        ConfigurationError: `base` is no checkpoint, or its tokenizer is no WordPiece.
    """
    if not is_checkpoint(base):
        raise ConfigurationError(f"train.signs needs a checkpoint as base, and {base} is none", "train one first, or leave out train.signs")
    body: dict[str, Any] = json.loads((base / TOKENIZER_FILE).read_text(encoding="utf-8"))
    if body["model"]["type"] != "WordPiece":
        raise ConfigurationError(f"train.signs is for WordPiece tokenizers, and {base} has {body['model']['type']}", "leave it out")
    vocabulary: dict[str, int] = body["model"]["vocab"]
    new = {form: name for sign, name in signs().items() for form in (sign, _CONTINUES + sign) if form not in vocabulary}
    if not new:
        return base
    network = MultiTaskNetwork.load(base)
    tokenizer = Tokenizer.from_file(str(base / TOKENIZER_FILE))
    tokenizer.no_padding()  # a sign is the mean of the words of its name, not of the padding behind them
    encoder: Any = network.encoder
    before = encoder.get_input_embeddings().weight.detach()
    vectors = torch.stack([_start(name, tokenizer, before) for name in new.values()])
    first = len(before)
    encoder.resize_token_embeddings(first + len(new), mean_resizing=False)
    with torch.no_grad():
        encoder.get_input_embeddings().weight[first:] = vectors
    vocabulary.update({form: first + number for number, form in enumerate(new)})
    network.config = replace(network.config, encoder=encoder_dict(encoder.config))
    network.save(out, json.dumps(body, ensure_ascii=False))
    for name in ("tokenizer_config.json", "metrics.json"):
        if (base / name).is_file():
            (out / name).write_text((base / name).read_text(encoding="utf-8"), encoding="utf-8")
    return out


def _start(name: str, tokenizer: Tokenizer, vectors: torch.Tensor) -> torch.Tensor:
    words = [word for word in name.replace("-", " ").split() if word not in _EMPTY] or name.split()
    ids = tokenizer.encode(" ".join(words), add_special_tokens=False).ids
    return vectors[ids].mean(0)
