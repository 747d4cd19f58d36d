"""What commands that train, export or compare networks ask first: PyTorch, which scoring does without."""

from __future__ import annotations

from squall.core.errors import ConfigurationError
from squall.model.hardware import has_torch


def require_torch(work: str, extra: str) -> None:
    """Refuse `work`, such as "training", where PyTorch is not installed; `extra` is what brings it.

    Raises:
        ConfigurationError: it is not installed.
    """
    if not has_torch():
        raise ConfigurationError(f"{work} needs PyTorch, which is not installed", f"pip install 'squall[{extra}]'")
