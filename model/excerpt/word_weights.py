"""How grave a sentence sounds: a sum of weights of its words and pairs of words, which ridge regression has learnt.

It only says in which order sentences are worth reading. How grave a text is, the network says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

WEIGHTS_FILE = Path(__file__).with_name("word_weights.npz")
"""Made by `python -m squall.model.training.word_weights`."""
BUCKETS = 1 << 18
"""Words and pairs that share one have one weight (feature hashing, Weinberger and others 2009)."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\d+(?:[.,]\d+)*%?|[^\W\d_]+")


def buckets(text: str) -> set[int]:
    """Return the buckets of the words of `text` and of its pairs of neighbours: small letters, every digit a zero."""
    words = _WORD.findall(_DIGIT.sub("0", text.lower()))
    pairs = [f"{left} {right}" for left, right in pairwise(words)]
    return {xxhash.xxh3_64_intdigest(item.encode("utf-8", "replace")) % BUCKETS for item in (*words, *pairs)}


@dataclass(frozen=True)
class WordWeights:
    """The weights.

    Args:
        weights: per bucket, int8, shape (`BUCKETS`,).
        scale: what a weight of 1 adds to the severity.
        base: the severity of a text without a word that counts.
    """

    weights: NDArray[np.int8]
    scale: float
    base: float

    def severity(self, text: str) -> float:
        """Return how grave `text` sounds: mostly in [0, 1], as `squall.core.gravity` has it."""
        return self.base + self.scale * int(self.weights[list(buckets(text))].sum(dtype=np.int64))

    def save(self, path: Path) -> None:
        """Write them; equal weights give equal bytes."""
        with path.open("wb") as file:
            np.savez_compressed(file, weights=self.weights, scale=np.float64(self.scale), base=np.float64(self.base))


@cache
def shipped_weights() -> WordWeights:
    """Return those that come with the package."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as file:
        return WordWeights(file["weights"], float(file["scale"]), float(file["base"]))


def digest(weights: WordWeights) -> bytes:
    """Return what tells these weights from others."""
    state: Any = xxhash.xxh3_64(weights.weights.tobytes())
    state.update(f"{weights.scale!r} {weights.base!r}".encode())
    return bytes(state.digest())


def severities(weights: WordWeights, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how grave each text sounds, shape (texts,)."""
    return np.fromiter((weights.severity(text) for text in texts), dtype=np.float64, count=len(texts))
