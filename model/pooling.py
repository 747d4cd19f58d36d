"""How the vectors of a text's tokens become the vector of the text."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """Mean over real tokens: (rows, tokens, width) and mask (rows, tokens) → (rows, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the mean vector per row."""
        real = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * real).sum(1) / real.sum(1).clamp(min=1)


class ClsPooling(MeanPooling):
    """The first token's vector, as BERT's own classifier takes it."""

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002 - one interface
        """Return the first vector per row."""
        return hidden[:, 0]


class AttentionPooling(MeanPooling):
    """A learned weight per token, softmax over the real ones; starts as the mean."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.weight = nn.Linear(width, 1)
        nn.init.zeros_(self.weight.weight)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the weighted mean vector per row."""
        scores = self.weight(hidden).squeeze(-1)  # in bf16 under autocast, where `hidden` is fp32
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        pooled: Tensor = (scores.softmax(-1).unsqueeze(-1) * hidden).sum(1)
        return pooled


POOLINGS: dict[str, type[MeanPooling]] = {"mean": MeanPooling, "cls": ClsPooling, "attention": AttentionPooling}
