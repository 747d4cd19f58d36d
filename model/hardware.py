"""What the processor computes natively: bf16 and int8 products."""

from __future__ import annotations

import torch


def has_bf16(device: torch.device) -> bool:
    """Whether `device` multiplies bf16 natively; emulated, it is slower than fp32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def has_vnni() -> bool:
    """Whether this CPU multiplies int8 natively; without it int8 saves no time."""
    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    return bool(supported and supported())
