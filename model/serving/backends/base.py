"""The interface of a backend, and what every backend needs: device and padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.model.hardware import has_cuda

WIDTH_STEP = 8
"""Rows are padded to a multiple of this, never to the longest neighbour: a text meets the same padding in any company."""

Device = Literal["cpu", "cuda"]
Logits = dict[str, NDArray[np.float32]]


class UnsupportedError(ConfigurationError):
    """A backend can't run this checkpoint, precision or machine; `auto` takes the next one."""


class Backend(Protocol):
    """An implementation of the network's forward pass."""

    name: str
    """Kind and precision: torch-fp32, torch-bf16, torch-int8, torch-compile-bf16, cuda-graphs-bf16, onnx-fp32, onnx-int8."""
    device: Device

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """One pass over token id rows (each 1..max_tokens ids, special tokens included, any mix of lengths, sorted by length).

        Returns per task float32 logits: (rows, labels) for text tasks; tokens tasks: (rows, longest row, labels).
        A row's logits don't depend on the rows beside it (float tolerance).
        """
        ...

    def device_memory(self) -> int | None:
        """Return the bytes that it holds on a GPU; None on a CPU."""
        ...

    def free_memory(self) -> None:
        """Give back what it keeps for later passes, after the device's memory ran out."""
        ...


@runtime_checkable
class Padding(Protocol):
    """A backend that computes more tokens than it is given; one without this method is counted as padding nothing."""

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens a pass over rows of these lengths computes."""
        ...


def device_of(settings: ModelSettings) -> Device:
    """Return the device that the settings select for torch.

    Raises:
        ConfigurationError: CUDA is asked for and not available.
    """
    if settings.device == "cuda" and not has_cuda():
        raise ConfigurationError("model.device is cuda, and torch sees no GPU", "set SQUALL_MODEL__DEVICE=cpu or auto")
    return "cuda" if settings.device != "cpu" and has_cuda() else "cpu"


def width_of(length: int) -> int:
    """Return the width a row of `length` tokens is padded to."""
    return -(-max(1, length) // WIDTH_STEP) * WIDTH_STEP


def same_width(rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, stop, width) of each run of neighbours that are padded to one width."""
    start = 0
    for width, run in groupby(rows, key=lambda row: width_of(len(row))):
        stop = start + sum(1 for _ in run)
        yield start, stop, width
        start = stop


def joined(parts: Sequence[NDArray[np.float32]], longest: int) -> NDArray[np.float32]:
    """Return the parts stacked by rows: (rows, labels), or (rows, `longest`, labels) where parts hold a row per token."""
    if parts[0].ndim == 2:
        return np.concatenate(parts)
    whole = np.zeros((sum(map(len, parts)), longest, parts[0].shape[-1]), dtype=np.float32)
    start = 0
    for part in parts:
        width = min(longest, part.shape[1])
        whole[start : start + len(part), :width] = part[:, :width]
        start += len(part)
    return whole
