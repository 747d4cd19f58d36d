"""The parameter groups of AdamW: which weights decay, and at which rate each layer learns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from torch import nn

_LAYER = re.compile(r"encoder\.(?:.*\.)?layers?\.(\d+)\.")


def parameter_groups(
    named: Iterable[tuple[str, nn.Parameter]], *, rate: float, decay: float, head_rate: float | None = None, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """Return AdamW's parameter groups: biases and norms don't decay, heads learn at their own rate, deep layers faster than shallow ones.

    Args:
        named: names and parameters; those of the encoder start with `encoder.`, those of a branch with `branch.`.
        rate: learning rate of the encoder's last layer, and of a branch.
        decay: weight decay of matrices.
        head_rate: learning rate of everything outside the encoder; default `rate`.
        layer_decay: factor from each layer to the one below, the embeddings being the lowest (Howard and Ruder 2018).
    """
    parameters = [(name, p) for name, p in named if p.requires_grad]
    depth = 1 + max((_layer(name) for name, _ in parameters), default=-1)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in parameters:
        if name.startswith("encoder."):
            own = rate * layer_decay ** (depth - 1 - _layer(name))
        else:
            own = rate if head_rate is None or name.startswith("branch.") else head_rate
        groups.setdefault((own, decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [{"params": members, "lr": own, "weight_decay": weight_decay} for (own, weight_decay), members in groups.items()]


def _layer(name: str) -> int:
    """Number of the encoder's layer, -1 for the embeddings and what has no number."""
    found = _LAYER.search(name)
    return int(found.group(1)) if found else -1
