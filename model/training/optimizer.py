"""How weights move: parameter groups, the schedule, an average of the weights, and a way back towards the base."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

_LAYER = re.compile(r"encoder\.(?:.*\.)?layers?\.(\d+)\.")


def parameter_groups(
    named: Iterable[tuple[str, nn.Parameter]], *, rate: float, decay: float, head_rate: float | None = None, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """Return AdamW's parameter groups: biases and norms don't decay, heads learn at their own rate, deep layers faster than shallow ones.

    Args:
        named: names and parameters; those of the encoder start with `encoder.`.
        rate: learning rate of the encoder's last layer.
        decay: weight decay of matrices.
        head_rate: learning rate of everything outside the encoder; default `rate`.
        layer_decay: factor from each layer to the one below, the embeddings being the lowest (Howard and Ruder 2018).
    """
    parameters = [(name, p) for name, p in named if p.requires_grad]
    depth = 1 + max((_layer(name) for name, _ in parameters), default=-1)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in parameters:
        inside = name.startswith("encoder.")
        own = rate * layer_decay ** (depth - 1 - _layer(name)) if inside else rate if head_rate is None else head_rate
        groups.setdefault((own, decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [{"params": members, "lr": own, "weight_decay": weight_decay} for (own, weight_decay), members in groups.items()]


def _layer(name: str) -> int:
    """Number of the encoder's layer, -1 for the embeddings and what has no number."""
    found = _LAYER.search(name)
    return int(found.group(1)) if found else -1


def warmup_decay(steps: int, warmup_share: float) -> Callable[[int], float]:
    """Return the factor on the learning rate by step: linear up over `warmup_share`, then linear down to 0."""
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        return min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))

    return factor


class WeightAverage:
    """Exponential moving average of a network's weights (Polyak and Juditsky 1992).

    Args:
        network: whose weights are followed.
        decay: share of the old average kept at each step; early steps keep less, so that the start is forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.average: dict[str, Tensor] = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the weights after an optimiser step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        current = dict(network.named_parameters())
        kept = list(self.average)
        torch._foreach_lerp_([self.average[k] for k in kept], [current[k].detach() for k in kept], 1 - decay)

    @torch.no_grad()
    def swap(self, network: nn.Module) -> None:
        """Exchange the network's weights with the average; call again to undo."""
        for name, parameter in network.named_parameters():
            if name in self.average:
                held = parameter.detach().clone()
                parameter.copy_(self.average[name])
                self.average[name] = held


class BaseMix:
    """Weights between those a run began with and those it came to: WiSE-FT (Wortsman et al. 2022, Robust fine-tuning of zero-shot models).

    Args:
        network: as it is before training.
        share: of these first weights in the mix, from 0 to 1.
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        self.share = share
        self.first: dict[str, Tensor] = {name: p.detach().clone() for name, p in network.named_parameters()}

    @contextmanager
    def mixed(self, network: nn.Module) -> Iterator[None]:
        """Give the network the mixed weights for the time of the context."""
        own = {name: p.detach().clone() for name, p in network.named_parameters()}
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.lerp_(self.first[name], self.share)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, parameter in network.named_parameters():
                    parameter.copy_(own[name])
