"""Pictures are written, also at the edges: many labels, empty bins, a single epoch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from matplotlib.image import imread

from squall.core.records import TOPICS
from squall.model.evaluation.calibration import reliability
from squall.model.evaluation.plots import confusion_png, curves_png, reliability_png


def _is_drawn(path: Path) -> bool:
    pixels = imread(path)
    return min(pixels.shape[:2]) > 300 and float(np.std(pixels)) > 0.01


def test_a_confusion_of_twenty_labels_is_drawn_larger_than_one_of_three(tmp_path: Path) -> None:
    confusion_png(tmp_path / "many.png", np.diag(np.arange(20)), TOPICS)
    confusion_png(tmp_path / "few.png", [[3, 1, 0], [0, 0, 0], [1, 1, 9]], ("a", "b", "c"))
    assert _is_drawn(tmp_path / "many.png")
    assert imread(tmp_path / "many.png").shape[0] > imread(tmp_path / "few.png").shape[0]


def test_an_empty_confusion_is_no_error(tmp_path: Path) -> None:
    confusion_png(tmp_path / "none.png", np.zeros((2, 2)), ("a", "b"))
    assert _is_drawn(tmp_path / "none.png")


def test_reliability_is_drawn_with_empty_bins_and_into_a_new_folder(tmp_path: Path) -> None:
    bins = reliability([[0.9, 0.1], [0.4, 0.6]], [0, 0])
    reliability_png(tmp_path / "new" / "reliability.png", bins, 0.35)
    assert _is_drawn(tmp_path / "new" / "reliability.png")


def test_curves_are_drawn_for_one_epoch_for_many_and_for_a_task_that_comes_later(tmp_path: Path) -> None:
    dev = {"topic": {"accuracy": 0.8, "macro_f1": 0.7}}
    one = {"epoch": 1, "step": 10, "loss": 1.0, "dev": dev}
    two = {"epoch": 2, "step": 20, "loss": 0.5, "dev": {**dev, "sentiment": {"accuracy": 0.8, "macro_f1": 0.75}}}
    for name, history in (("none", []), ("one", [one]), ("two", [one, two])):
        curves_png(tmp_path / f"{name}.png", history)
        assert _is_drawn(tmp_path / f"{name}.png")


def test_threads_draw_side_by_side_and_get_the_same_picture(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: confusion_png(path, [[5, 1], [2, 7]], ("a", "b")), paths))
    assert len({path.read_bytes() for path in paths}) == 1
