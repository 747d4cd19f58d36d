"""The log of a run: progress on a stream, and scalars for TensorBoard."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINES_PER_EPOCH = 20
_SMOOTHING = 0.98


class RunLog:
    """Progress on a stream: a bar on a terminal, lines elsewhere; scalars for TensorBoard where a folder is given.

    Args:
        stream: receives progress.
        tensorboard: folder of the event files; None, or the package missing: none are written.
    """

    def __init__(self, stream: TextIO = sys.stderr, tensorboard: Path | None = None) -> None:
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self.step = 0
        self._writer = _writer(tensorboard)

    def message(self, line: str) -> None:
        """Show one line."""
        self.console.print(line, markup=False)

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
        """Show `steps` steps; the caller calls what it gets with the loss of each."""
        shown = self._bar(label, steps) if self.console.is_terminal else self._lines(label, steps)
        with shown as show:
            mean = float("nan")

            def advance(loss: float) -> None:
                nonlocal mean
                self.step += 1
                mean = loss if mean != mean else _SMOOTHING * mean + (1 - _SMOOTHING) * loss
                self.scalar("train/loss", loss)
                show(mean)

            yield advance

    @contextmanager
    def _bar(self, label: str, steps: int) -> Iterator[Callable[[float], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task(label, total=steps)
            yield lambda mean: bar.update(task, advance=1, description=f"{label}{_loss(mean)}")

    @contextmanager
    def _lines(self, label: str, steps: int) -> Iterator[Callable[[float], None]]:
        started, done, every = time.monotonic(), 0, max(1, steps // _LINES_PER_EPOCH)

        def show(mean: float) -> None:
            nonlocal done
            done += 1
            if done % every == 0:
                pace = (time.monotonic() - started) / done
                self.message(f"{label}: step {done}/{steps}{_loss(mean)}, {pace:.3f} s a step, {pace * (steps - done):.0f} s left")

        yield show


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
