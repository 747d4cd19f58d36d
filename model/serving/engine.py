"""The only door to the model: texts in, probabilities out."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.core.observability.metrics import ModelReading
from squall.model import preprocess
from squall.model.serving.checkpoint import LoadedModel
from squall.model.serving.queue import Row, RowQueue, Ticket
from squall.model.serving.worker import EngineStats, Gathered, Worker
from squall.model.spans import Span
from squall.model.tagging import tagged_spans
from squall.model.tasks import DEFAULT_TASKS, SENTIMENT, TOPIC, TaskSpec
from squall.model.tokens import PAD_ID

log = logging.getLogger("squall.engine")

Probabilities = NDArray[np.float32]
_CHUNK = 256
"""Texts tokenised at once, by their caller, while the network runs the chunk before; the queue bounds how far it gets ahead."""


@dataclass(frozen=True)
class Scores:
    """What the model says of n texts, in their order.

    Args:
        topic: float32, shape (n, 20), rows sum to 1, columns as `squall.core.records.TOPICS`.
        sentiment: float32, shape (n, 3), rows sum to 1, columns as `squall.core.records.SENTIMENTS`.
        model_version: which model said it; one for all texts of a call.
    """

    topic: Probabilities
    sentiment: Probabilities
    model_version: str

    def __len__(self) -> int:
        return len(self.topic)


class ScoringEngine:
    """A network ready to score; use `open`, and `close` or `with`. Every method may be called from several threads.

    Callers tokenise in their own threads; one thread of the engine packs what waits, of all callers, into batches and runs them.

    Args:
        model: the checkpoint to score with.
        settings: token limits, waits, threads.
        clock: monotonic seconds, for deadlines.
    """

    def __init__(self, model: LoadedModel, settings: ModelSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._settings = settings
        self._clock = clock
        self._swapping = threading.Lock()
        self._queue = RowQueue(settings.queue_tokens, settings.max_wait_ms / 1000, clock)
        self._worker = Worker(self._queue)
        thread = threading.Thread(target=_serve, args=(self._worker,), name="squall-engine", daemon=True)
        self._end = weakref.finalize(self, _end, self._queue, thread)
        self._thread = thread
        thread.start()

    @classmethod
    def open(cls, settings: ModelSettings, needed: Sequence[TaskSpec] = DEFAULT_TASKS) -> ScoringEngine:
        """Load the checkpoint in `settings.path`, or the shipped one; it must have the heads `needed`, and `score` needs the default ones.

        Raises:
            ConfigurationError: the folder is no checkpoint, lacks a head, or the device, precision or backend can't be had.
        """
        return cls(LoadedModel.open(settings, needed), settings)

    def __enter__(self) -> ScoringEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def model_version(self) -> str:
        """Name of the model that answers calls which come now; `Scores.model_version` names the one that answered."""
        return self._model.version

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """What the checkpoint answers."""
        return self._model.tasks

    @property
    def backend(self) -> str:
        """Name of the backend in use."""
        return self._model.execution.backend.name

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self._model.execution.backend.device

    @property
    def device_memory(self) -> int | None:
        """Bytes that torch holds on the GPU; None on a CPU."""
        return int(torch.cuda.memory_reserved(self.device)) if self.device.type == "cuda" else None

    @property
    def precision(self) -> str:
        """What the network computes in: fp32, bf16 or int8."""
        return self.backend.rpartition("-")[2]

    def score(self, texts: Sequence[str], *, timeout: float | None = None) -> Scores:
        """Score any number of texts, the empty one too; results keep their order.

        A text's scores don't depend on the texts beside it (float tolerance). Blocks while the queue is full.

        Args:
            texts: of any length; what the model does not read is cut off.
            timeout: seconds until the call gives up; None: it waits as long as it takes.

        Raises:
            UnavailableError: no answer within `timeout`; texts of this call that still wait are dropped.
            StoppedError: the engine is closed.
            ConfigurationError: the checkpoint has no topic or no sentiment head.
        """
        model = self._model
        columns = {task.name: model.columns(task) for task in (TOPIC, SENTIMENT)}
        logits = self._answer(model, model.tokenise, texts, [task for task in model.tasks if task.name in columns], timeout).text
        found = {name: softmax(logits[name])[:, order] for name, order in columns.items()}
        return Scores(found[TOPIC.name], found[SENTIMENT.name], model.version)

    def probabilities(self, texts: Sequence[str], *, timeout: float | None = None) -> dict[str, Probabilities]:
        """Return per text task float32 probabilities, shape (texts, labels), columns in the checkpoint's own order; raises as `score`."""
        model = self._model
        tasks = [task for task in model.tasks if task.kind == "text"]
        return {name: softmax(logits) for name, logits in self._answer(model, model.tokenise, texts, tasks, timeout).text.items()}

    def entities(self, texts: Sequence[str], *, task: str | None = None, timeout: float | None = None) -> list[list[Span]]:
        """Return the spans of each text, sorted; offsets count in the text as given, not as the tokenizer sees it.

        Args:
            texts: of any length; spans are found in the part that the model reads.
            task: name of the tokens head, where the checkpoint has several.
            timeout: as for `score`.

        Raises:
            ConfigurationError: the checkpoint has no such head.
            UnavailableError: as `score`.
            StoppedError: as `score`.
        """
        model = self._model
        spec = _tokens_task(model.tasks, task)
        origins: list[list[int]] = []
        offsets: list[list[tuple[int, int]]] = []

        def tokenise(chunk: Sequence[str]) -> list[list[int]]:
            prepared = [preprocess.prepare_aligned(text, model.max_tokens) for text in chunk]
            encoded = model.encode([text for text, _ in prepared])
            origins.extend(origin for _, origin in prepared)
            offsets.extend(encoding.offsets for encoding in encoded)
            return [encoding.ids or [PAD_ID] for encoding in encoded]

        found = self._answer(model, tokenise, texts, [spec], timeout).tokens[spec.name]
        tags = [values[: len(places)].argmax(-1).tolist() for values, places in zip(found, offsets, strict=True)]
        return [
            [span._replace(start=origin[span.start], end=origin[span.end - 1] + 1) for span in tagged_spans(row, places, spec)]
            for row, places, origin in zip(tags, offsets, origins, strict=True)
        ]

    def warm_up(self) -> None:
        """Run a few texts, so that the first real ones aren't the slow ones."""
        self.score(["Shares of the bank fell after a profit warning", "ok", "Gold steadies as " * 8])

    def swap(self, folder: Path) -> str:
        """Score with the checkpoint in `folder` from now on, and return its version.

        It is loaded and warmed up beside the present one, which goes on meanwhile. Calls under way end with the model they began with.

        Raises:
            ConfigurationError: it can't be loaded, or lacks a head that the present one has; nothing has changed.
        """
        with self._swapping:
            model = LoadedModel.open(self._settings.model_copy(update={"path": folder}), self._model.tasks)
            model.warm_up()
            before, self._model = self._model.version, model
        log.info("model %s took over from %s", model.version, before)
        return model.version

    def stats(self) -> EngineStats:
        """Return what the engine has done, and what waits."""
        return self._worker.stats()

    def reading(self) -> ModelReading:
        """Return what the engine has done, and what waits, for metrics."""
        stats = self.stats()
        return ModelReading(
            version=self.model_version,
            texts=stats.texts,
            tokens=stats.tokens,
            computed_tokens=stats.computed_tokens,
            batches=stats.batches,
            offered_tokens=stats.offered_tokens,
            device_seconds=stats.device_seconds,
            queued_texts=stats.queued_texts,
            queued_tokens=stats.queued_tokens,
            splits=stats.splits,
            fallbacks=stats.fallbacks,
            failures=stats.failures,
        )

    def close(self) -> None:
        """Let no more calls in, answer those that are in, and end the thread; may be called again."""
        self._queue.close()
        self._thread.join()
        self._end.detach()

    def _answer(
        self,
        model: LoadedModel,
        tokenise: Callable[[Sequence[str]], list[list[int]]],
        texts: Sequence[str],
        tasks: Sequence[TaskSpec],
        timeout: float | None,
    ) -> Gathered:
        gathered = Gathered(tasks, len(texts))
        ticket = Ticket(model, gathered)
        deadline = None if timeout is None else self._clock() + timeout
        self._queue.enter(ticket)
        try:
            for start in range(0, len(texts), _CHUNK):
                rows = [Row(ids, ticket, start + i) for i, ids in enumerate(tokenise(texts[start : start + _CHUNK]))]
                self._queue.put(ticket, rows, deadline, last=start + _CHUNK >= len(texts))
            if texts:
                self._queue.wait(ticket, deadline)
        finally:
            self._queue.leave(ticket)
        return gathered


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return float32 probabilities over the last axis."""
    powers: Probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers


def _tokens_task(tasks: Sequence[TaskSpec], name: str | None) -> TaskSpec:
    known = [task for task in tasks if task.kind == "tokens"]
    chosen = [task for task in known if name in (None, task.name)]
    if len(chosen) != 1:
        names = ", ".join(task.name for task in known)
        raise ConfigurationError(
            f"the model has no tokens head{f' {name}' if name else ''}" if not chosen else f"the model has several tokens heads: {names}",
            f"name one of {names}" if known else "train one with a tokens task, and set SQUALL_MODEL__PATH to it",
        )
    return chosen[0]


def _serve(worker: Worker) -> None:
    torch.set_num_threads(torch.get_num_threads())  # OpenMP keeps the number per thread
    worker.run()


def _end(queue: RowQueue, thread: threading.Thread) -> None:
    queue.close(drop=True)
    if thread is not threading.current_thread():  # a collection may run in any thread
        thread.join()
