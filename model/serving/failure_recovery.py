"""Runs batches on a backend and recovers from failures: halves the batch when memory runs out, moves to the CPU when a GPU fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from squall.model.serving.backends.base import Backend, Logits, width_of
from squall.model.serving.batch_tokens import DEFAULT_BATCH_TOKENS

log = logging.getLogger("squall.engine")

_MEMORY = ("out of memory", "failed to allocate memory", "can't allocate memory", "alloc_failed")
_DEVICE = ("cuda error", "cuda failure", "cudnn", "cublas", "device-side assert", "unspecified launch failure", "no cuda gpus")


class FailureKind(Enum):
    """The kinds of failure of a pass, by what can be done about them."""

    MEMORY = "the device's memory ran out"
    DEVICE = "the device failed"
    OTHER = "the pass failed"


def classify_failure(error: Exception) -> FailureKind:
    """Return the kind of failure; torch and onnxruntime raise RuntimeError for most of what a device can do wrong."""
    message, kinds = str(error).lower(), {kind.__name__ for kind in type(error).__mro__}  # torch's by name: it need not be installed
    if kinds & {"OutOfMemoryError", "MemoryError"} or ("RuntimeError" in kinds and any(x in message for x in _MEMORY)):
        return FailureKind.MEMORY
    if "AcceleratorError" in kinds or ("RuntimeError" in kinds and any(x in message for x in _DEVICE)):
        return FailureKind.DEVICE
    return FailureKind.OTHER


class RecoveringExecutor:
    """A backend, the token budget that fits it, and what to do when it fails. For one thread at a time.

    Args:
        backend: runs the network.
        budget: most padded tokens in a batch.
        replacement: opens the backend to use after the device has failed; None: there is none.
        clock: monotonic seconds, for the time spent in the network.
    """

    def __init__(
        self, backend: Backend, budget: int, replacement: Callable[[], Backend] | None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock = clock
        self.backend = backend
        self.budget = budget
        self._configured_budget = budget
        self.splits = 0
        self.fallbacks = 0
        self.device_seconds = 0.0
        self._replacement = replacement

    def run(self, rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, Logits]]:
        """Yield (start, stop, logits of `rows[start:stop]`) in order, together all of `rows`, which are sorted by length.

        One piece when nothing fails. A batch too big for the memory is halved, down to one row, and so is the budget from
        then on. If a single row is too big, or the device fails, the replacement takes over.

        Raises:
            Exception: what the backend raised, when none of this helps; pieces before it are done.
        """
        pieces = [(0, len(rows))]
        while pieces:
            start, stop = pieces.pop()
            found = self._attempt(rows[start:stop])
            if not isinstance(found, Exception):
                yield start, stop, found
                continue
            kind = classify_failure(found)
            if kind is FailureKind.MEMORY and stop - start > 1:
                self._shrink(rows[start:stop])
                middle = (start + stop) // 2
                pieces += [(middle, stop), (start, middle)]
            elif kind is not FailureKind.OTHER and self._replacement:
                self._fall_back(kind, found)
                pieces.append((start, stop))
            else:
                raise found

    def _attempt(self, rows: Sequence[Sequence[int]]) -> Logits | Exception:
        began = self._clock()
        try:
            return self.backend.logits(rows)
        except Exception as error:  # noqa: BLE001 - every kind of failure is judged by the caller
            # the frames of the traceback hold what fills the memory
            return error if classify_failure(error) is FailureKind.OTHER else error.with_traceback(None)
        finally:
            self.device_seconds += self._clock() - began  # results are on the host by now, so the device is done

    def _shrink(self, rows: Sequence[Sequence[int]]) -> None:
        self.splits += 1
        half = max(1, sum(width_of(len(row)) for row in rows) // 2)
        self.backend.free_memory()
        if half < self.budget:
            self.budget = half
            log.warning("%s: the batch limit is now %d tokens", FailureKind.MEMORY.value, half)

    def _fall_back(self, kind: FailureKind, error: Exception) -> None:
        assert self._replacement is not None
        before, self.backend, self._replacement = self.backend, self._replacement(), None
        self.budget = min(self._configured_budget, DEFAULT_BATCH_TOKENS[self.backend.device])
        self.fallbacks += 1
        log.warning(
            "%s (%s: %s): scoring continues with %s on %s instead of %s on %s, more slowly, until the process is restarted",
            *(kind.value, type(error).__name__, error, self.backend.name, self.backend.device, before.name, before.device),
        )
