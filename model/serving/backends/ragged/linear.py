"""Linear layers for the CPU with weights packed once for oneDNN, in fp32, bf16 or int8, and what follows them fused in."""

from __future__ import annotations

from typing import Protocol, Self

import torch
from torch import Tensor

_TYPICAL_TOKENS = 1024
"""Rows of a product that the packed layout is chosen for; it serves any number."""
_STEPS = 255


class Linear(Protocol):
    """A linear layer between fp32 vectors; `Native` is what its kernel reads: fp32, bf16 or uint8 of the same shape."""

    def take(self, vectors: Tensor) -> Tensor:
        """Return fp32 `vectors`, shape (tokens, inputs), as the kernel reads them."""
        ...

    def __call__(self, native: Tensor) -> Tensor:
        """Return fp32 outputs, shape (tokens, outputs), of `native`, shape (tokens, inputs)."""
        ...

    def gelu(self, native: Tensor) -> Tensor:
        """Return the outputs after GELU, shape (tokens, outputs), as the next layer's kernel reads them."""
        ...

    def plus(self, native: Tensor, residual: Tensor) -> Tensor:
        """Return outputs + fp32 `residual`, both of shape (tokens, outputs), in the memory of `residual`."""
        ...


class FloatLinear:
    """fp32 or bf16 products; sums are fp32 in both.

    Args:
        weight: (outputs, inputs).
        bias: (outputs,).
        dtype: torch.float32 or torch.bfloat16.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.to(dtype).contiguous(), _TYPICAL_TOKENS)
        self._bias = bias.to(dtype)

    def take(self, vectors: Tensor) -> Tensor:
        """Return `vectors`, shape (tokens, inputs), in the layer's precision."""
        return vectors.to(self._dtype)

    def __call__(self, native: Tensor) -> Tensor:
        """Return fp32 outputs, shape (tokens, outputs)."""
        return self._run(native, "none").float()

    def gelu(self, native: Tensor) -> Tensor:
        """Return the outputs after GELU, shape (tokens, outputs), in the layer's precision."""
        return self._run(native, "gelu")

    def plus(self, native: Tensor, residual: Tensor) -> Tensor:
        """Return outputs + `residual`, both of shape (tokens, outputs), in its memory."""
        return residual.add_(self._run(native, "none"))

    def _run(self, native: Tensor, then: str) -> Tensor:
        found: Tensor = torch.ops.mkldnn._linear_pointwise(native, self._weight, self._bias, then, [], "none")
        return found


class Int8Linear:
    """int8 products: weights symmetric with a scale per output, activations uint8 with one fixed scale and zero point.

    The scale is fixed beforehand, not read off the batch: so a text scores the same in any company, and the kernel writes the next
    layer's uint8 itself. `shrink` makes one scale do for all inputs: input i is divided by it and its weights multiplied (SmoothQuant,
    Xiao et al. 2023); it costs nothing, being part of the multiplication that quantising needs anyway.

    Args:
        weight: (outputs, inputs) fp32.
        bias: (outputs,) fp32.
        low: least input after shrinking; what is below is cut.
        high: largest input after shrinking.
        shrink: (inputs,) positive; None: ones.
        following: the layer that reads what `gelu` returns.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, low: float, high: float, shrink: Tensor | None = None, following: Self | None = None
    ) -> None:
        low, high = min(low, 0.0), max(high, 1e-6)
        self._scale = (high - low) / _STEPS
        self._zero = round(-low / self._scale)
        shrink = torch.ones(weight.shape[1]) if shrink is None else shrink
        self._inverse = 1 / (shrink * self._scale)
        weight = weight * shrink
        self._weight_scale = weight.abs().amax(1).clamp(min=1e-8) / 127
        quantised = torch.round(weight / self._weight_scale[:, None]).to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(quantised, [_TYPICAL_TOKENS, weight.shape[1]])
        self._weight_zero = torch.zeros(len(weight), dtype=torch.int64)
        self._bias = bias.clone()
        self._following = following

    def take(self, vectors: Tensor) -> Tensor:
        """Return fp32 `vectors`, shape (tokens, inputs), as uint8 of the same shape."""
        # torch turns floats into signed bytes many at a time, into unsigned ones one by one: hence the flip of the sign bit
        signed = vectors.mul(self._inverse).add_(self._zero - 128).clamp_(-128, 127).round_().to(torch.int8)
        return signed.view(torch.uint8).bitwise_xor_(128)

    def __call__(self, native: Tensor) -> Tensor:
        """Return fp32 outputs, shape (tokens, outputs)."""
        return self._run(native, "none", 1.0, 0, torch.float32)

    def gelu(self, native: Tensor) -> Tensor:
        """Return the outputs after GELU, shape (tokens, outputs), as uint8 for the following layer."""
        assert self._following is not None
        return self._run(native, "gelu", self._following._scale, self._following._zero, torch.uint8)

    def plus(self, native: Tensor, residual: Tensor) -> Tensor:
        """Return outputs + `residual`, both of shape (tokens, outputs), in its memory."""
        found: Tensor = torch.ops.onednn.qlinear_pointwise.binary(
            native, self._scale, self._zero, self._weight, self._weight_scale, self._weight_zero, residual, self._bias,
            1.0, 0, torch.float32, 1.0, 0, "sum", 1.0, "none", [], "",
        )  # fmt: skip
        return found

    def _run(self, native: Tensor, then: str, scale: float, zero: int, dtype: torch.dtype) -> Tensor:
        found: Tensor = torch.ops.onednn.qlinear_pointwise(
            native, self._scale, self._zero, self._weight, self._weight_scale, self._weight_zero, self._bias,
            scale, zero, dtype, then, [], "none",
        )  # fmt: skip
        return found
