"""The memory of this process that nothing uses."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back_memory() -> None:
    """Return the memory that the C library keeps for later to the system. Takes milliseconds; does nothing with another library than glibc.

    For after work that takes much and is done for now: a checkpoint that was laid out (200 MB), a run of the detector (50 to 100 MB).
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
