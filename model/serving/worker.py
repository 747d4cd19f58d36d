"""The worker thread between the queue and the network, what it counts, and where results are gathered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from squall.model.serving.backends.base import Logits, Padding
from squall.model.serving.checkpoint import LoadedModel
from squall.model.serving.queue import Batch, Row, RowQueue
from squall.model.tasks import TaskSpec

log = logging.getLogger("squall.engine")


@dataclass(frozen=True)
class EngineStats:
    """What the engine has done since it was opened, and what waits now.

    Args:
        queued_texts: texts that wait.
        queued_tokens: tokens that wait, padding included.
        dropped_texts: texts whose caller gave up before they were scored.
        texts: texts scored.
        tokens: their tokens.
        computed_tokens: tokens computed for them, padding included.
        batches: passes handed to the backend.
        offered_tokens: the budgets of these batches together.
        splits: batches halved because memory ran out.
        fallbacks: times that the CPU took over from the device.
        failures: batches that raised an error.
        device_seconds: time in the network.
    """

    queued_texts: int = 0
    queued_tokens: int = 0
    dropped_texts: int = 0
    texts: int = 0
    tokens: int = 0
    computed_tokens: int = 0
    batches: int = 0
    offered_tokens: int = 0
    splits: int = 0
    fallbacks: int = 0
    failures: int = 0
    device_seconds: float = 0.0

    @property
    def batch_fill(self) -> float:
        """Mean share of the token budget that batches used, 0 to 1 (more when one text is longer than the budget)."""
        return self.tokens / self.offered_tokens if self.offered_tokens else 0.0

    @property
    def padding_waste(self) -> float:
        """Share of the computed tokens that were padding, 0 to 1."""
        return 1 - self.tokens / self.computed_tokens if self.computed_tokens else 0.0


class Gathered:
    """Collects a call's logits.

    Args:
        tasks: those wanted.
        texts: how many texts the call has.
    """

    def __init__(self, tasks: Sequence[TaskSpec], texts: int) -> None:
        self.text: dict[str, NDArray[np.float32]] = {
            task.name: np.zeros((texts, len(task.labels)), dtype=np.float32) for task in tasks if task.kind == "text"
        }
        """Per text task the logits, shape (texts, labels)."""
        self.tokens: dict[str, list[NDArray[np.float32]]] = {
            task.name: [np.zeros((0, len(task.labels)), dtype=np.float32)] * texts for task in tasks if task.kind == "tokens"
        }
        """Per tokens task and text the logits, shape (tokens or more, labels)."""

    def put(self, logits: Logits, rows: Sequence[int], places: Sequence[int]) -> None:
        """Keep rows `rows` of `logits` as the results at `places`."""
        for name, values in self.text.items():
            values[places] = logits[name][rows]
        for name, per_text in self.tokens.items():
            for row, place in zip(rows, places, strict=True):
                per_text[place] = logits[name][row].copy()


class Worker:
    """Takes batches from the queue until it is closed, runs them, and hands results or errors to their calls.

    Holds no reference to the engine, so that an engine nobody uses any more can go.

    Args:
        queue: where rows come from.
    """

    def __init__(self, queue: RowQueue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._stats = EngineStats()

    def stats(self) -> EngineStats:
        """Return the counts at this moment."""
        depth = self._queue.depth()
        with self._lock:
            return replace(self._stats, queued_texts=depth.texts, queued_tokens=depth.tokens, dropped_texts=depth.dropped)

    def run(self) -> None:
        """Work until the queue is closed and empty; an error of this loop itself ends every call with it."""
        try:
            while batch := self._queue.take():
                self._run(batch)
                del batch  # nor a model that was swapped out kept while waiting
        except BaseException as error:
            log.exception("the scoring thread failed")
            self._queue.close(error=error)

    def _run(self, batch: Batch) -> None:
        model, done = cast(LoadedModel, batch.model), 0
        budget, splits, fallbacks = model.budget, model.execution.splits, model.execution.fallbacks
        seconds = model.execution.device_seconds
        try:
            for start, stop, logits in model.execution.run([row.ids for row in batch.rows]):
                # counted first: who has its answer must find it in the counts
                self._count(model, batch.rows[start:stop], budget, model.execution.device_seconds - seconds)
                seconds = model.execution.device_seconds
                self._queue.deliver(batch.rows[start:stop], logits)
                done = stop
        except Exception as error:  # noqa: BLE001 - it belongs to the callers
            self._blame(Batch(model, batch.rows[done:]), error)
        execution = model.execution
        if (execution.splits, execution.fallbacks) != (splits, fallbacks):
            self._add(splits=execution.splits - splits, fallbacks=execution.fallbacks - fallbacks)

    def _blame(self, batch: Batch, error: Exception) -> None:
        """Fail the only call in `batch`; of several each is tried by itself, so that only the culprit's fails."""
        calls: dict[int, list[Row]] = {}
        for row in batch.rows:
            calls.setdefault(id(row.ticket), []).append(row)
        if len(calls) == 1:
            self._add(failures=1)
            self._queue.fail(batch.rows[0].ticket, error)
        else:
            for rows in calls.values():
                self._run(Batch(batch.model, rows))

    def _count(self, model: LoadedModel, rows: Sequence[Row], budget: int, seconds: float) -> None:
        backend, lengths = model.execution.backend, [len(row.ids) for row in rows]
        computed = backend.padded_tokens(lengths) if isinstance(backend, Padding) else sum(lengths)
        self._add(texts=len(rows), tokens=sum(lengths), computed_tokens=computed, batches=1, offered_tokens=budget, device_seconds=seconds)

    def _add(self, **counts: float) -> None:
        with self._lock:
            self._stats = replace(self._stats, **{name: getattr(self._stats, name) + count for name, count in counts.items()})
