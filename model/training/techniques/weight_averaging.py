"""Averages of weights: an exponential moving average over the steps, and a mix with the weights a run began with (WiSE-FT)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


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
        """Add the weights after an optimiser step."""
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
