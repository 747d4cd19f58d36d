"""What a run shows while it works."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from squall.model.training.artifacts.run_log import ReportProgress, RunLog


class Shown:
    """Records what is reported, stage by stage."""

    def __init__(self) -> None:
        self.stages: list[list[tuple[str, float | None]]] = []

    @contextmanager
    def open(self) -> Iterator[ReportProgress]:
        stage: list[tuple[str, float | None]] = []
        self.stages.append(stage)
        yield lambda description, fraction: stage.append((description, fraction))


def test_each_step_reports_its_count_smoothed_loss_time_left_and_fraction() -> None:
    shown, seconds = Shown(), iter((0.0, 3.0, 6.0))
    log = RunLog(io.StringIO(), open_progress=shown.open, monotonic=lambda: next(seconds))
    with log.progress("epoch 1/2", 2) as advance:
        advance(1.0)
        advance(2.0)
    assert shown.stages == [
        [("epoch 1/2: step 1/2, loss 1.0000, 3 s left", 0.5), ("epoch 1/2: step 2/2, loss 1.0200, 0 s left", 1.0)],
    ]
    assert log.step == 2


def test_each_stage_opens_its_own_progress_and_steps_without_a_loss_show_none() -> None:
    shown = Shown()
    log = RunLog(io.StringIO(), open_progress=shown.open, monotonic=lambda: 0.0)
    for label in ("teacher a", "teacher b"):
        with log.progress(label, 1) as advance:
            advance(float("nan"))
    assert shown.stages == [[("teacher a: step 1/1, 0 s left", 1.0)], [("teacher b: step 1/1, 0 s left", 1.0)]]


def test_messages_are_written_line_by_line_as_they_are() -> None:
    stream = io.StringIO()
    log = RunLog(stream)
    log.message("epoch 1: loss [0.5]")
    log.message("done")
    assert stream.getvalue() == "epoch 1: loss [0.5]\ndone\n"
