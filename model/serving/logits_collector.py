"""Collects the logits of one call, whose texts may be run in several batches, in as little memory as their answers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from squall.model.excerpt.sentences import Place
from squall.model.serving.backends.base import Logits
from squall.model.tasks import TaskSpec
from squall.model.text_tokenizer import NOTHING, TokenisedText

_NOTHING = np.zeros((0, 2), dtype=np.int32)


class LogitsCollector:
    """Collects a call's logits.

    Of a token it keeps its place (9 bytes), its tag (1 byte per tokens task) and its logits of spans tasks in half precision: 16 bytes for
    the shipped heads.

    Args:
        tasks: the heads.
        texts: how many texts the call has.
    """

    def __init__(self, tasks: Sequence[TaskSpec], texts: int) -> None:
        self.texts = texts
        self.text: dict[str, NDArray[np.float32]] = {
            task.name: np.zeros((texts, len(task.labels)), dtype=np.float32) for task in tasks if task.kind == "text"
        }
        """Per text task the logits, shape (texts, labels)."""
        self.offsets: list[NDArray[np.int32]] = [_NOTHING] * texts
        """Per text the start and end of its real tokens in characters, shape (tokens, 2); they rise."""
        self.tags: dict[str, list[NDArray[np.uint8]]] = {
            task.name: [np.zeros(0, dtype=np.uint8)] * texts for task in tasks if task.kind == "tokens"
        }
        """Per tokens task and text the likeliest tag of each real token, shape (tokens,)."""
        self.spans: dict[str, list[NDArray[np.float16]]] = {
            task.name: [np.zeros((0, len(task.labels)), dtype=np.float16)] * texts for task in tasks if task.kind == "spans"
        }
        """Per spans task and text the logits of each real token, shape (tokens, labels)."""
        self.inner: list[NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)] * texts
        """Per text whether each real token continues the word of the one before, shape (tokens,)."""
        self.parts: dict[int, Sequence[Place]] = {}
        """What was read of each text that is too long, sorted, with something between each and the next; the others were read whole."""
        self._real: list[NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)] * texts

    def place(self, position: int, tokens: Sequence[TokenisedText], parts: Mapping[int, Sequence[Place]] = NOTHING) -> None:
        """Note where the tokens of the texts from `position` on stand, before their logits come; `parts` by their number among these."""
        self.parts |= {position + number: places for number, places in parts.items()}
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(text.offsets for text in tokens)), dtype=np.int32).reshape(-1, 2)
        real = flat[:, 0] < flat[:, 1]
        inner = np.fromiter(chain.from_iterable(text.inner for text in tokens), dtype=np.bool_)
        start = 0
        for number, text in enumerate(tokens, position):
            stop = start + len(text.offsets)
            self._real[number] = real[start:stop]
            self.offsets[number] = flat[start:stop][real[start:stop]]
            self.inner[number] = inner[start:stop][real[start:stop]]
            start = stop

    def put(self, logits: Logits, rows: Sequence[int], positions: Sequence[int]) -> None:
        """Keep rows `rows` of `logits` as the results at `positions`."""
        for name, values in self.text.items():
            values[positions] = logits[name][rows]
        for name, tags in self.tags.items():
            best = logits[name].argmax(-1).astype(np.uint8)
            for row, position in zip(rows, positions, strict=True):
                real = self._real[position]
                tags[position] = best[row, : len(real)][real]
        for name, kept in self.spans.items():
            half = logits[name].astype(np.float16)
            for row, position in zip(rows, positions, strict=True):
                real = self._real[position]
                kept[position] = half[row, : len(real)][real]
