"""Runs the network with torch: operation by operation in fp32, bf16 or int8, or compiled into fused kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

import torch
from torch import Tensor

from squall.core.config.settings import ModelSettings
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Logits, UnsupportedError, device_of, joined, precision_of, width_of
from squall.model.serving.backends.dynamic_int8 import quantise
from squall.model.tokenizer import padded

Forward = Callable[[Tensor, Tensor], Mapping[str, Tensor]]


class TorchBackend:
    """Rows of one padded width go through `forward` together, widths one after another.

    Args:
        name: kind and precision.
        device: where the network is.
        forward: (input_ids, attention_mask), int64 of shape (rows, width) on `device` → logits per task.
    """

    def __init__(self, name: str, device: torch.device, forward: Forward) -> None:
        self.name = name
        self.device = device
        self._forward = forward

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        with torch.inference_mode():
            # every width is launched before the first result is fetched: fetching waits for the device
            passes = [self._forward(*self._tensors(rows[start:stop], width)) for start, stop, width in same_width(rows)]
            return {task: joined([found[task].float().cpu().numpy() for found in passes], max(map(len, rows))) for task in passes[0]}

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens rows of these lengths are padded to."""
        return sum(map(width_of, lengths))

    def _tensors(self, rows: Sequence[Sequence[int]], width: int) -> tuple[Tensor, Tensor]:
        input_ids, mask = padded(rows, width)
        return torch.from_numpy(input_ids).to(self.device), torch.from_numpy(mask).to(self.device)


def open_eager(network: MultiTaskNetwork, settings: ModelSettings) -> TorchBackend:
    """Return the network as torch runs it; it supports every checkpoint and device. `network` is changed in place.

    Raises:
        ConfigurationError: the device or the precision can't be had.
    """
    device = device_of(settings)
    precision = precision_of(settings, device)
    return TorchBackend(f"torch-{precision}", device, on_device(network, device, precision))


def open_compiled(network: MultiTaskNetwork, settings: ModelSettings) -> TorchBackend:
    """Return the network compiled for any number of rows; compiling takes a minute, here. `network` is changed in place.

    Raises:
        ConfigurationError: the device or the precision can't be had.
        UnsupportedError: torch can't compile here, most often because there is no C++ compiler.
    """
    device = device_of(settings)
    precision = precision_of(settings, device)
    if precision == "int8":
        raise UnsupportedError("the compile backend has no int8", "set SQUALL_MODEL__PRECISION=bf16 or fp32, or SQUALL_MODEL__BACKEND=auto")
    compiled = torch.compile(on_device(network, device, precision), dynamic=True)
    backend = TorchBackend(f"torch-compile-{precision}", device, partial(_never_one, compiled))
    try:
        backend.logits([[1] * 16] * 3)
    except Exception as error:  # the compiler's own errors, and those of the C++ compiler, have no common class
        raise UnsupportedError(
            f"torch.compile failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            "install a C++ compiler, or set SQUALL_MODEL__BACKEND=auto",
        ) from error
    return backend


def _never_one(forward: Forward, input_ids: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
    """Call `forward` with two rows where there is one: torch.compile would compile once more for a size of one."""
    if len(input_ids) > 1:
        return forward(input_ids, mask)
    return {task: values[:1] for task, values in forward(input_ids.repeat(2, 1), mask.repeat(2, 1)).items()}


def on_device(network: MultiTaskNetwork, device: torch.device, precision: str) -> MultiTaskNetwork:
    """Return `network`, changed in place: frozen, in `precision`, on `device`."""
    network.eval().requires_grad_(False)
    if device.type == "cpu":
        network.encoder.set_attn_implementation("eager")  # type: ignore[operator]  # faster than sdpa on short texts
    if precision == "bf16":
        network = network.bfloat16()
    if precision == "int8":
        for part in filter(None, (network.encoder, network.branch)):  # heads stay fp32: they are tiny
            quantise(part)
    return network.to(device)


def same_width(rows: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, stop, width) of each run of neighbours that are padded to one width."""
    start = 0
    for width, run in groupby(rows, key=lambda row: width_of(len(row))):
        stop = start + sum(1 for _ in run)
        yield start, stop, width
        start = stop
