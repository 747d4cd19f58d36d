"""Runs the network with torch: operation by operation in fp32, bf16 or int8, or compiled into fused kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.checkpoint import Checkpoint
from squall.model.hardware import has_bf16, has_vnni
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Device, Logits, UnsupportedError, device_of, joined, same_width, width_of
from squall.model.serving.backends.dynamic_int8 import quantise
from squall.model.tokenizer import padded

Forward = Callable[[Tensor, Tensor], Mapping[str, Tensor]]


class TorchBackend:
    """Rows of one padded width go through `forward` together, widths one after another.

    Args:
        name: kind and precision.
        device: where the network is.
        forward: (input_ids, attention_mask), int64 of shape (rows, width) on `device` → logits per task.
        threads: cores to use; 0: all that this process may.
    """

    def __init__(self, name: str, device: Device, forward: Forward, threads: int = 0) -> None:
        self.name = name
        self.device = device
        self._forward = forward
        self._threads = threads or usable_cores()

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        torch.set_num_threads(self._threads)  # OpenMP keeps the number per thread, and any thread may come
        with torch.inference_mode():
            # every width is launched before the first result is fetched: fetching waits for the device
            passes = [self._forward(*self._tensors(rows[start:stop], width)) for start, stop, width in same_width(rows)]
            return {task: joined([found[task].float().cpu().numpy() for found in passes], max(map(len, rows))) for task in passes[0]}

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens rows of these lengths are padded to."""
        return sum(map(width_of, lengths))

    def device_memory(self) -> int | None:
        """Return the bytes that torch holds on the GPU; None on a CPU."""
        return int(torch.cuda.memory_reserved(self.device)) if self.device == "cuda" else None

    def free_memory(self) -> None:
        """Give back the GPU's memory that torch keeps for later passes."""
        if self.device == "cuda" and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _tensors(self, rows: Sequence[Sequence[int]], width: int) -> tuple[Tensor, Tensor]:
        input_ids, mask = padded(rows, width)
        return torch.from_numpy(input_ids).to(self.device), torch.from_numpy(mask).to(self.device)


def open_eager(checkpoint: Checkpoint, settings: ModelSettings) -> TorchBackend:
    """Return the network as torch runs it; it supports every checkpoint and device.

    Raises:
        ConfigurationError: the device or the precision can't be had.
    """
    device = device_of(settings)
    precision = precision_of(settings, device)
    return TorchBackend(f"torch-{precision}", device, on_device(MultiTaskNetwork.of(checkpoint), device, precision), settings.threads)


def precision_of(settings: ModelSettings, device: Device) -> str:
    """Return fp32, bf16 or int8: the one asked for, or for `auto` the fastest that scores as fp32 does, int8 where only that is fast.

    Raises:
        ConfigurationError: int8 is asked for on CUDA.
    """
    if settings.precision == "int8" and device == "cuda":
        raise ConfigurationError("model.precision int8 is for the CPU", "set SQUALL_MODEL__PRECISION=bf16 or auto")
    if settings.precision != "auto":
        return settings.precision
    if has_bf16(torch.device(device)):
        return "bf16"
    return "int8" if has_vnni() and device == "cpu" else "fp32"


def open_compiled(checkpoint: Checkpoint, settings: ModelSettings) -> TorchBackend:
    """Return the network compiled for any number of rows; compiling takes a minute, here.

    Raises:
        ConfigurationError: the device or the precision can't be had.
        UnsupportedError: torch can't compile here, most often because there is no C++ compiler.
    """
    device = device_of(settings)
    precision = precision_of(settings, device)
    if precision == "int8":
        raise UnsupportedError("the compile backend has no int8", "set SQUALL_MODEL__PRECISION=bf16 or fp32, or SQUALL_MODEL__BACKEND=auto")
    compiled = torch.compile(on_device(MultiTaskNetwork.of(checkpoint), device, precision), dynamic=True)
    backend = TorchBackend(f"torch-compile-{precision}", device, partial(_never_one, compiled), settings.threads)
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


def on_device(network: MultiTaskNetwork, device: Device, precision: str) -> MultiTaskNetwork:
    """Return `network`, changed in place: frozen, in `precision`, on `device`."""
    network.eval().requires_grad_(False)
    if device == "cpu":
        network.encoder.set_attn_implementation("eager")  # type: ignore[operator]  # faster than sdpa on short texts
    if precision == "bf16":
        network = network.bfloat16()
    if precision == "int8":
        for part in filter(None, (network.encoder, network.branch)):  # heads stay fp32: they are tiny
            quantise(part)
    return network.to(device)
