"""The roofline: how many texts per second the network's matrix products alone allow at the machine's measured peak rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from squall.model.hardware import has_bf16, has_vnni

Clock = Callable[[], float]
_SIDES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192)}
_TURNS = 5


def products_per_text(encoder: Mapping[str, Any], lengths: Sequence[int], branch_layers: int = 0) -> float:
    """Return the mean floating point operations of a text's matrix products, two per multiply-add.

    A token costs 2·(4d² + 2di) per layer in linear layers and 4nd in attention, with width d, inner width i and text length n.
    Heads, norms and softmax are left out, embeddings cost none.

    Args:
        encoder: Hugging Face configuration with hidden_size, intermediate_size, num_hidden_layers.
        lengths: tokens of each text.
        branch_layers: layers beside the encoder's.
    """
    width, inner, layers = (int(encoder[key]) for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    linear = 2 * (4 * width * width + 2 * width * inner)
    return sum((layers + branch_layers) * tokens * (linear + 4 * tokens * width) for tokens in lengths) / len(lengths)


def peak_rates(device: torch.device, clock: Clock) -> dict[str, float]:
    """Return operations per second of the best big square product in each precision the device has natively."""
    found = {"fp32": _best(device, clock, torch.float32)}
    if has_bf16(device):
        found["bf16"] = _best(device, clock, torch.bfloat16)
    if device.type == "cpu" and has_vnni():
        found["int8"] = _best(device, clock, torch.int8)
    return found


def _best(device: torch.device, clock: Clock, dtype: torch.dtype) -> float:
    return max(_rate(_product(device, dtype, side), side, device, clock) for side in _SIDES[device.type])


def _product(device: torch.device, dtype: torch.dtype, side: int) -> Callable[[], object]:
    """Return a product with the fastest kernel torch has for it: on a CPU oneDNN's, with weights packed beforehand."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(side, side, generator=generator) for _ in range(2))
    if dtype is torch.int8:
        left8, right8 = ((values * 20).clamp(-127, 127).to(dtype) for values in (left, right))
        return lambda: torch._int_mm(left8, right8)
    left, right = left.to(device, dtype), right.to(device, dtype)
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        packed = torch.ops.mkldnn._reorder_linear_weight(right, side)
        return lambda: torch.ops.mkldnn._linear_pointwise(left, packed, None, "none", [], "")
    return lambda: torch.mm(left, right)


def _rate(product: Callable[[], object], side: int, device: torch.device, clock: Clock) -> float:
    with torch.inference_mode():
        product()
        best = float("inf")
        for _ in range(_TURNS):
            _wait(device)
            started = clock()
            product()
            _wait(device)
            best = min(best, clock() - started)
    return float(2 * side**3 / max(best, 1e-9))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
