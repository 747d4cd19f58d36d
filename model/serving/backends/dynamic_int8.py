"""Int8 linear layers whose activation scales are computed per token, so that a text's score doesn't depend on its neighbours.

`torch.ao.quantization.quantize_dynamic` takes one activation scale per batch: the same text then scores differently in another batch.
Here every row of the activations has a scale of its own, and weights have one per output channel. The onnx backend calibrates fixed
scales instead: see `squall.model.serving.backends.onnx.int8`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from squall.model.hardware import has_vnni

_INT8_MAX = 127.0


class DynamicInt8Linear(nn.Module):
    """`nn.Linear` with int8 weights (symmetric, per output channel) and int8 activations (symmetric, per row)."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(1).clamp(min=1e-12) / _INT8_MAX
        quantised = torch.round(weight / scale[:, None]).to(torch.int8).t().contiguous()
        self.register_buffer("weight", quantised)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", linear.bias.detach().float() if linear.bias is not None else torch.zeros(len(scale)))
        self.native = has_vnni()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return shape (..., outputs) float32 from shape (..., inputs) float32."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        row_scale = rows.abs().amax(1, keepdim=True).clamp_(min=1e-12).div_(_INT8_MAX)  # vector_norm(inf) takes ten times as long
        quantised = rows.div(row_scale).round_()
        summed = self._product(quantised)
        outputs = torch.addcmul(self.bias, summed.mul_(self.scale), row_scale)
        return outputs.reshape(*inputs.shape[:-1], -1)

    def _product(self, quantised: Tensor) -> Tensor:
        if self.native:
            return torch._int_mm(quantised.to(torch.int8), self.weight).float()
        return quantised @ self.weight.float()  # the same sums (exact below 2^24), at fp32's speed


def quantise(module: nn.Module) -> nn.Module:
    """Replace every `nn.Linear` inside `module` by an `DynamicInt8Linear`, in place, and return `module`."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, DynamicInt8Linear(child))
        else:
            quantise(child)
    return module
