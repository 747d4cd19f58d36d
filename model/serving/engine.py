"""The scoring engine, the only entry to the model: texts in, what they say out."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from squall.core.config.settings import ModelSettings
from squall.core.observability.metrics import ModelReading
from squall.model.excerpt.choice import Wanted
from squall.model.serving.backends.base import Device
from squall.model.serving.logits_collector import LogitsCollector
from squall.model.serving.long_texts import WantedOf, tokenised
from squall.model.serving.reading import Reading
from squall.model.serving.request_queue import QueuedText, Request, RequestQueue
from squall.model.serving.served_model import ServedModel
from squall.model.serving.stats import EngineStats
from squall.model.serving.worker import Worker
from squall.model.tasks import DEFAULT_TASKS, TaskSpec

log = logging.getLogger("squall.engine")

_CHUNK = 256
"""Texts that a caller tokenises at once, while the network runs the chunk before; the queue bounds how far it gets ahead."""


def _nobody(_: int) -> Wanted:
    return ()


class ScoringEngine:
    """A network ready to read; use `open`, and `close` or `with`. Every method may be called from several threads.

    Callers tokenise in their own threads; one thread of the engine packs the waiting texts of all callers into batches and runs them.

    Args:
        model: the checkpoint to score with.
        settings: token limits, waits, threads.
        clock: monotonic seconds, for deadlines.
    """

    def __init__(self, model: ServedModel, settings: ModelSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._settings = settings
        self._clock = clock
        self._swapping = threading.Lock()
        self._queue = RequestQueue(settings.queue_tokens, settings.max_wait_ms / 1000, clock)
        self._worker = Worker(self._queue)
        thread = threading.Thread(target=self._worker.run, name="squall-engine", daemon=True)
        self._end = weakref.finalize(self, _end, self._queue, thread)
        self._thread = thread
        thread.start()

    @classmethod
    def open(cls, settings: ModelSettings, needed: Sequence[TaskSpec] = DEFAULT_TASKS) -> ScoringEngine:
        """Load the checkpoint in `settings.path`, or the shipped one; it must have the heads `needed`.

        Raises:
            ConfigurationError: the folder is no checkpoint, lacks a head, or the device, precision or backend can't be had.
        """
        return cls(ServedModel.open(settings, needed), settings)

    def __enter__(self) -> ScoringEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def model_version(self) -> str:
        """Name of the model that answers new calls; `Reading.model_version` names the one that answered."""
        return self._model.version

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows, as the settings say, else the checkpoint; `*`: all."""
        return self._settings.languages or self._model.languages

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The heads of the checkpoint that answer by themselves."""
        return self._model.tasks

    @property
    def backend(self) -> str:
        """Name of the backend in use."""
        return self._model.execution.backend.name

    @property
    def device(self) -> Device:
        """Where the network runs: cpu or cuda."""
        return self._model.execution.backend.device

    @property
    def device_memory(self) -> int | None:
        """Bytes that the backend holds on the GPU; None on a CPU."""
        return self._model.execution.backend.device_memory()

    @property
    def precision(self) -> str:
        """What the network computes in: fp32, bf16 or int8."""
        return self.backend.rpartition("-")[2]

    def read(self, texts: Sequence[str], *, wanted: WantedOf = _nobody, timeout: float | None = None) -> Reading:
        """Read any number of texts, the empty one too, once for all heads; results keep their order.

        What is said of a text depends on the texts beside it by rounding only (1e-5 in fp32, about 1e-3 in bf16). Blocks while the queue is
        full.

        Args:
            texts: of any length. Of one with more tokens than the model reads, the title, the first sentence below it and the sentences
                that sound grave are read, as far as there are tokens (`squall.model.excerpt.choice.excerpt`).
            wanted: says of such a text, by its number, whom it should be read about: for each name how much more a sentence with it
                counts, as a severity, and its places. What it raises is raised here.
            timeout: seconds until the call gives up; None: no limit.

        Raises:
            UnavailableError: no answer within `timeout`; texts of this call that still wait are dropped.
            StoppedError: the engine is closed.
        """
        model = self._model
        collector = LogitsCollector(model.heads, len(texts))
        request = Request(model, collector)
        deadline = None if timeout is None else self._clock() + timeout
        self._queue.enter(request)
        try:
            for start in range(0, len(texts), _CHUNK):
                rows = [
                    QueuedText(ids, request, start + i)
                    for i, ids in enumerate(_tokenised(model, texts[start : start + _CHUNK], start, collector, wanted))
                ]
                self._queue.put(request, rows, deadline, last=start + _CHUNK >= len(texts))
            if texts:
                self._queue.wait(request, deadline)
        finally:
            self._queue.leave(request)
        return Reading(model.tasks, collector, model.version, model.mixture)

    def warm_up(self) -> None:
        """Run a few texts, so that the first real ones aren't the slow ones."""
        self.read(["Shares of the bank fell after a profit warning", "ok", "Gold steadies as " * 8])

    def swap(self, folder: Path) -> str:
        """Score with the checkpoint in `folder` from now on, and return its version.

        It is loaded and warmed up while the present one continues to answer. Calls under way end with the model they began with.

        Raises:
            ConfigurationError: it can't be loaded, or lacks a head that the present one has; nothing has changed.
        """
        with self._swapping:
            model = ServedModel.open(self._settings.model_copy(update={"path": folder}), self._model.tasks)
            model.warm_up()
            before, self._model = self._model.version, model
        log.info("model %s replaced %s", model.version, before)
        return model.version

    def stats(self) -> EngineStats:
        """Return what the engine has done, and what waits."""
        return self._worker.stats()

    def reading(self) -> ModelReading:
        """Return what the engine has done, and what waits, for metrics."""
        return self.stats().reading(self.model_version)

    def close(self) -> None:
        """Refuse new calls, answer those that have entered, and end the thread; may be called again."""
        self._queue.close()
        self._thread.join()
        self._end.detach()


def _tokenised(model: ServedModel, texts: Sequence[str], position: int, collector: LogitsCollector, wanted: WantedOf) -> list[list[int]]:
    """Token ids of texts from `position` of a call on; where a head reads tokens, `collector` learns their places."""
    tokenizer = model.tokenizer

    def wanted_here(number: int) -> Wanted:
        return wanted(position + number)

    if all(task.kind == "text" for task in model.heads):  # nobody asks for places, and without them tokenising is faster
        return tokenised(tokenizer, texts, wanted_here, tokenizer.ids, len)[0]
    aligned, parts = tokenised(tokenizer, texts, wanted_here, tokenizer.aligned, lambda text: len(text.ids))
    collector.place(position, aligned, parts)
    return [text.ids for text in aligned]


def _end(queue: RequestQueue, thread: threading.Thread) -> None:
    queue.close(drop=True)
    if thread is not threading.current_thread():  # a collection may run in any thread
        thread.join()
