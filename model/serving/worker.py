"""The worker thread: takes batches from the queue, runs the network, hands results or errors to their calls, and counts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from squall.model.serving.backends.base import Padding
from squall.model.serving.request_queue import Batch, QueuedText, RequestQueue
from squall.model.serving.served_model import ServedModel
from squall.model.serving.stats import EngineStats

log = logging.getLogger("squall.engine")


class Worker:
    """Takes batches from the queue until it is closed, runs them, and hands results or errors to their calls.

    Holds no reference to the engine, so that an unused engine can be collected.

    Args:
        queue: where rows come from.
    """

    def __init__(self, queue: RequestQueue) -> None:
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
                del batch  # a model that was swapped out must not stay alive while waiting
        except BaseException as error:
            log.exception("the scoring thread failed")
            self._queue.close(error=error)

    def _run(self, batch: Batch) -> None:
        model, done = cast(ServedModel, batch.model), 0
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
            self._fail_call(Batch(model, batch.rows[done:]), error)
        execution = model.execution
        if (execution.splits, execution.fallbacks) != (splits, fallbacks):
            self._add(splits=execution.splits - splits, fallbacks=execution.fallbacks - fallbacks)

    def _fail_call(self, batch: Batch, error: Exception) -> None:
        """Fail the only call in `batch`; of several, each is tried by itself, so that only the failing call fails."""
        calls: dict[int, list[QueuedText]] = {}
        for row in batch.rows:
            calls.setdefault(id(row.request), []).append(row)
        if len(calls) == 1:
            self._add(failures=1)
            self._queue.fail(batch.rows[0].request, error)
        else:
            for rows in calls.values():
                self._run(Batch(batch.model, rows))

    def _count(self, model: ServedModel, rows: Sequence[QueuedText], budget: int, seconds: float) -> None:
        backend, lengths = model.execution.backend, [len(row.ids) for row in rows]
        computed = backend.padded_tokens(lengths) if isinstance(backend, Padding) else sum(lengths)
        self._add(texts=len(rows), tokens=sum(lengths), computed_tokens=computed, batches=1, offered_tokens=budget, device_seconds=seconds)

    def _add(self, **counts: float) -> None:
        with self._lock:
            self._stats = replace(self._stats, **{name: getattr(self._stats, name) + count for name, count in counts.items()})
