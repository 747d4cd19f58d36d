"""The network as CUDA graphs: on short texts a GPU spends its time waiting for launches, and a graph is launched once.

A graph has fixed shapes, so there is one per (rows, width): rows rounded up to a power of two and filled with rows of one token,
width as everywhere. Each is captured when it is first needed and kept; they share one pool of memory.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from squall.core.config.settings import ModelSettings
from squall.model.checkpoint import Checkpoint
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Logits, UnsupportedError, device_of, width_of
from squall.model.serving.backends.torch_backend import TorchBackend, on_device, precision_of

_WARM_UPS = 3
"""Passes before a capture: libraries set themselves up in the first ones, which may not be captured."""


@dataclass(frozen=True)
class _Graph:
    graph: torch.cuda.CUDAGraph
    input_ids: Tensor
    mask: Tensor
    outputs: Mapping[str, Tensor]


class GraphedNetwork:
    """Replays the graph of the inputs' shape; call it as the network itself.

    Args:
        network: frozen, on a GPU.
        device: that GPU.
    """

    def __init__(self, network: MultiTaskNetwork, device: torch.device) -> None:
        self._network = network
        self._device = device
        self._graphs: dict[tuple[int, int], _Graph] = {}
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._lock = threading.Lock()

    def __call__(self, input_ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return logits per task of shape (rows, …) from token ids and mask of shape (rows, width) on the GPU."""
        rows, width = input_ids.shape
        size = bucket(rows)
        with self._lock:  # the graphs' inputs and outputs are shared
            graph = self._graphs.get((size, width))
            if graph is None:
                graph = self._graphs[size, width] = self._capture(size, width)
            graph.input_ids[:rows].copy_(input_ids)
            graph.mask[:rows].copy_(mask)
            graph.mask[rows:, 1:] = 0  # what an earlier batch left there; the first token keeps the softmax finite
            graph.graph.replay()
            return {task: values[:rows].clone() for task, values in graph.outputs.items()}

    def _capture(self, rows: int, width: int) -> _Graph:
        input_ids = torch.zeros((rows, width), dtype=torch.long, device=self._device)
        mask = torch.zeros_like(input_ids)
        mask[:, 0] = 1
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            for _ in range(_WARM_UPS):
                self._network(input_ids, mask)
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        # thread_local: another model may be scoring meanwhile, when this one is swapped in
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            outputs = self._network(input_ids, mask)
        return _Graph(graph, input_ids, mask, outputs)


class CudaGraphsBackend(TorchBackend):
    """`TorchBackend` over graphs; `padded_tokens` counts the filling rows too."""

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens the graphs of rows of these lengths compute."""
        widths = [width_of(length) for length in lengths]
        return sum(width * bucket(widths.count(width)) for width in set(widths))

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        with torch.cuda.device(self.device):
            return super().logits(rows)


def bucket(rows: int) -> int:
    """Return the number of rows of the graph that takes `rows` rows: the next power of two."""
    return 1 << max(0, rows - 1).bit_length()


def open_cuda_graphs(checkpoint: Checkpoint, settings: ModelSettings) -> CudaGraphsBackend:
    """Return the network as CUDA graphs.

    Raises:
        ConfigurationError: the device or the precision can't be had.
        UnsupportedError: the device is no GPU, or the network does what a graph can't hold.
    """
    device = device_of(settings)
    if device != "cuda":
        raise UnsupportedError("the cuda_graphs backend needs a GPU", "set SQUALL_MODEL__BACKEND=auto")
    precision = precision_of(settings, device)
    network = on_device(MultiTaskNetwork.of(checkpoint), device, precision)
    backend = CudaGraphsBackend(f"cuda-graphs-{precision}", device, GraphedNetwork(network, torch.device(device)), settings.threads)
    try:
        backend.logits([[1] * 8])
    except torch.cuda.OutOfMemoryError:
        raise
    except RuntimeError as error:  # a synchronisation inside the network ends the capture
        raise UnsupportedError(f"this network can't be captured as a CUDA graph: {error}", "set SQUALL_MODEL__BACKEND=eager") from error
    return backend
