"""What the machine has: bf16 and int8 products, a GPU; found without importing torch, which takes 470 MB, unless a GPU is there."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_CPUINFO = Path("/proc/cpuinfo")
_VNNI = {"avx512_vnni", "avx_vnni"}


def has_bf16(device: torch.device) -> bool:
    """Whether `device` multiplies bf16 natively; emulated, it is slower than fp32."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def has_vnni(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether this CPU multiplies int8 natively, as the system's `cpuinfo` tells; without it int8 saves no time."""
    return bool(_flags(cpuinfo) & _VNNI)


@lru_cache(maxsize=8)
def _flags(cpuinfo: Path) -> frozenset[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return frozenset()
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return find_spec("torch") is not None


def has_cuda() -> bool:
    """Whether PyTorch can use a GPU here. It is asked only where NVIDIA's driver says that there is one."""
    if not has_gpu() or not has_torch():
        return False
    import torch

    return torch.cuda.is_available()


@lru_cache(maxsize=1)
def has_gpu() -> bool:
    """Whether NVIDIA's driver knows a GPU."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
