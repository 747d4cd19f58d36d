"""What the engine exports about its device and its queue."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from squall.core.observability.metrics import Metrics, ModelReading
from squall.model.serving.backends.base import Device, Logits
from squall.model.serving.failure_recovery import RecoveringExecutor


class Steady:
    """A backend that answers, or fails, and takes a second of the test's clock."""

    name = "steady-fp32"
    device: Device = "cpu"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        if self.errors:
            raise self.errors.pop(0)
        return {"topic": np.zeros((len(rows), 2), dtype=np.float32)}

    def device_memory(self) -> int | None:
        return None

    def free_memory(self) -> None:
        """Keep nothing."""


def execution(*errors: Exception) -> RecoveringExecutor:
    ticks = itertools.count()
    return RecoveringExecutor(Steady(*errors), 256, None, clock=lambda: float(next(ticks)))


def test_device_time_is_that_of_passes() -> None:
    tested = execution()
    list(tested.run([[1], [1, 2]]))
    list(tested.run([[1]]))
    assert tested.device_seconds == 2


def test_a_pass_that_failed_took_its_time_too() -> None:
    tested = execution(RuntimeError("out of memory"))
    list(tested.run([[1], [1, 2]]))
    assert tested.splits == 1
    assert tested.device_seconds == 3
    failing = execution(ValueError("odd"))
    with pytest.raises(ValueError, match="odd"):
        list(failing.run([[1]]))
    assert failing.device_seconds == 1


def test_padding_and_fill_can_be_computed_from_the_counts() -> None:
    metrics = Metrics()
    metrics.build("1.0")
    metrics.watch_model(
        lambda: ModelReading(
            version="m1",
            texts=10,
            tokens=75,
            computed_tokens=100,
            batches=2,
            offered_tokens=150,
            device_seconds=0.5,
            queued_texts=3,
            queued_tokens=30,
            splits=0,
            fallbacks=1,
            failures=0,
        )
    )
    value = metrics.registry.get_sample_value
    assert value("squall_model_tokens_total", {"kind": "padding"}) == 25
    text = value("squall_model_tokens_total", {"kind": "text"})
    assert text == 75
    assert text / (value("squall_model_offered_tokens_total") or 1) == 0.5
    assert value("squall_queue_tokens") == 30
    assert value("squall_model_fallbacks_total") == 1
    assert value("squall_build_info", {"version": "1.0", "model_version": "m1"}) == 1


def test_a_model_that_was_swapped_is_exported_at_the_next_scrape() -> None:
    versions = iter(["m1", "m2"])
    metrics = Metrics()
    metrics.build("1.0")
    metrics.watch_model(lambda: ModelReading(next(versions), 0, 0, 0, 0, 0, 0.0, 0, 0, 0, 0, 0))
    assert metrics.registry.get_sample_value("squall_build_info", {"version": "1.0", "model_version": "m1"}) == 1
    [family] = [family for family in metrics.registry.collect() if family.name == "squall_build_info"]
    assert [sample.labels["model_version"] for sample in family.samples] == ["m2"]
