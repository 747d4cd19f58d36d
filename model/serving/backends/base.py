"""The interface of a backend, and what every backend needs: device, precision, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.model.hardware import has_bf16, has_vnni

WIDTH_STEP = 8
"""Rows are padded to a multiple of this, never to the longest neighbour: a text meets the same padding in any company."""

Logits = dict[str, NDArray[np.float32]]


class UnsupportedError(ConfigurationError):
    """A backend can't run this checkpoint, precision or machine; `auto` takes the next one."""


class Backend(Protocol):
    """An implementation of the network's forward pass."""

    name: str
    """Kind and precision: torch-fp32, torch-bf16, torch-int8, torch-compile-bf16, cuda-graphs-bf16, ragged-bf16, onnx-fp32, onnx-int8."""
    device: torch.device

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """One pass over token id rows (each 1..max_tokens ids, special tokens included, any mix of lengths, sorted by length).

        Returns per task float32 logits: (rows, labels) for text tasks; tokens tasks: (rows, longest row, labels).
        A row's logits don't depend on the rows beside it (float tolerance).
        """
        ...


@runtime_checkable
class Padding(Protocol):
    """A backend that computes more tokens than it is given; one without this method is counted as padding nothing."""

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens a pass over rows of these lengths computes."""
        ...


def device_of(settings: ModelSettings) -> torch.device:
    """Return the device that the settings select.

    Raises:
        ConfigurationError: CUDA is asked for and not available.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("model.device is cuda, and torch sees no GPU", "set SQUALL_MODEL__DEVICE=cpu or auto")
    cuda = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if cuda else "cpu")


def precision_of(settings: ModelSettings, device: torch.device) -> str:
    """Return fp32, bf16 or int8: the one asked for, or for `auto` the fastest that scores as fp32 does, int8 where only that is fast.

    Raises:
        ConfigurationError: int8 is asked for on CUDA.
    """
    if settings.precision == "int8" and device.type == "cuda":
        raise ConfigurationError("model.precision int8 is for the CPU", "set SQUALL_MODEL__PRECISION=bf16 or auto")
    if settings.precision != "auto":
        return settings.precision
    if has_bf16(device):
        return "bf16"  # gives fp32's labels; int8 is half as fast again, and moves one topic in a hundred
    return "int8" if has_vnni() and device.type == "cpu" else "fp32"


def width_of(length: int) -> int:
    """Return the width a row of `length` tokens is padded to."""
    return -(-max(1, length) // WIDTH_STEP) * WIDTH_STEP


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
