"""The log of a run: messages on a stream, progress where the caller shows it, and scalars for TensorBoard."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

ReportProgress = Callable[[str, float | None], None]
"""Called with a description, `stage: counts`, and the fraction that is done, 0 to 1."""
OpenProgress = Callable[[], AbstractContextManager[ReportProgress]]
"""Opens what shows one stage of progress."""

_SMOOTHING = 0.98


def no_progress() -> AbstractContextManager[ReportProgress]:
    """Show nothing."""
    return nullcontext(lambda _description, _fraction: None)


class RunLog:
    """Messages on a stream; progress; scalars for TensorBoard where a folder is given.

    Args:
        stream: receives messages.
        tensorboard: folder of the event files; None, or the package missing: none are written.
        open_progress: called for each stage of the run.
        monotonic: seconds from an arbitrary start that never goes back, for the time left.
    """

    def __init__(
        self,
        stream: TextIO = sys.stderr,
        tensorboard: Path | None = None,
        open_progress: OpenProgress = no_progress,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.step = 0
        self._stream = stream
        self._open_progress = open_progress
        self._monotonic = monotonic
        self._writer = _writer(tensorboard)

    def message(self, line: str) -> None:
        """Write one line."""
        print(line, file=self._stream, flush=True)

    def scalar(self, name: str, value: float) -> None:
        """Record one number at the current step."""
        if self._writer is not None:
            self._writer.add_scalar(name, value, self.step)

    def close(self) -> None:
        """Flush the scalars and close their file."""
        if self._writer is not None:
            self._writer.close()

    @contextmanager
    def progress(self, label: str, steps: int) -> Iterator[Callable[[float], None]]:
        """Show a stage of `steps` steps; the caller calls what it gets with the loss of each, NaN for steps that have none."""
        with self._open_progress() as report:
            started, done, mean = self._monotonic(), 0, float("nan")

            def advance(loss: float) -> None:
                nonlocal done, mean
                self.step += 1
                done += 1
                mean = loss if math.isnan(mean) else _SMOOTHING * mean + (1 - _SMOOTHING) * loss
                self.scalar("train/loss", loss)
                left = (self._monotonic() - started) / done * (steps - done)
                report(f"{label}: step {done}/{steps}{_loss(mean)}, {left:.0f} s left", done / steps)

            yield advance


def _loss(mean: float) -> str:
    """Return the text about a loss; empty where steps have none, as those of a teacher."""
    return "" if math.isnan(mean) else f", loss {mean:.4f}"


def _writer(folder: Path | None) -> Any:
    if folder is None:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # the extra `train` is not installed: a run without curves is still a run
        return None
    return SummaryWriter(str(folder))
