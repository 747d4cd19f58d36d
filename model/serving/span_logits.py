"""The logits of spans: for every head that answers about spans at once, because they are asked about the same ones in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from squall.model.serving.logits_collector import LogitsCollector
from squall.model.tasks import TaskSpec

Spans = Sequence[tuple[int, int]]


class SpanLogits:
    """The logits of spans of n texts, of all heads of kind `spans`: the mean of those of its tokens. Thread-safe.

    Args:
        tasks: the heads of the checkpoint.
        collected: their logits.
    """

    def __init__(self, tasks: Sequence[TaskSpec], collected: LogitsCollector) -> None:
        self._collected = collected
        self._columns: dict[str, slice] = {}
        self._width = 0
        for task in tasks:
            if task.kind == "spans":
                self._columns[task.name] = slice(self._width, self._width + len(task.labels))
                self._width += len(task.labels)
        nothing = np.zeros((0, 0), np.float32)
        self._last_sums: tuple[object, NDArray[np.float32]] = (None, nothing)
        self._last_means: tuple[object, NDArray[np.float32]] = (None, nothing)

    def of(self, task: str, row: int, spans: Spans) -> NDArray[np.float32]:
        """Return the logits of one head for spans of a text: float32, shape (spans, labels), NaN for a span that the network did not read.

        Args:
            task: name of a head of kind `spans`.
            row: which text.
            spans: first character and the one after the last, in the text as it was given.
        """
        key = (row, tuple(spans))
        last, found = self._last_means
        if last != key:
            found = self._means(row, spans)
            self._last_means = key, found
        return found[:, self._columns[task]]

    def _means(self, row: int, spans: Spans) -> NDArray[np.float32]:
        offsets, sums = self._collected.offsets[row], self._sums(row)
        places = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
        first = offsets[:, 1].searchsorted(places[:, 0], side="right")
        stop = np.maximum(first, offsets[:, 0].searchsorted(places[:, 1], side="left"))
        count = (stop - first).astype(np.float32)[:, None]
        means: NDArray[np.float32] = np.divide(sums[stop] - sums[first], np.maximum(count, 1), dtype=np.float32)
        means[count[:, 0] == 0] = np.nan
        return means

    def _sums(self, row: int) -> NDArray[np.float32]:
        """Return the sum of the logits of the tokens before each, shape (tokens + 1, labels of all heads)."""
        last, found = self._last_sums
        if last != row:
            found = np.zeros((len(self._collected.offsets[row]) + 1, self._width), np.float32)
            np.cumsum(np.concatenate([self._collected.spans[name][row] for name in self._columns], axis=1), axis=0, out=found[1:])
            self._last_sums = row, found
        return found
