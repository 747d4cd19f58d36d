"""A branch of the network: copies of the encoder's last layers that only some heads read, so that the other heads stay as they were."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from squall.core.errors import ConfigurationError


class Branch(nn.Module):
    """The copies, which start as the encoder's layers.

    Args:
        encoder: a Hugging Face `BertModel`.
        layers: how many of its last layers are copied.

    Raises:
        ConfigurationError: an encoder of another kind, or with fewer layers.
    """

    def __init__(self, encoder: nn.Module, layers: int) -> None:
        super().__init__()
        config = cast(Any, encoder).config
        if config.model_type != "bert" or config.num_hidden_layers < layers:
            raise ConfigurationError(
                f"no branch of {layers} layers beside {config.num_hidden_layers} layers of {config.model_type}",
                "only BERT encoders have branches, of at most their own number of layers",
            )
        own = cast(Any, encoder).encoder.layer[-layers:]
        shared = {id(config): config}  # what is set on the encoder, such as its kind of attention, counts here too
        self.layers = nn.ModuleList(copy.deepcopy(layer, shared) for layer in own)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the last hidden state, (rows, tokens, width), of the output of the layer before the first, and the mask (rows, tokens)."""
        blocked = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * torch.finfo(hidden.dtype).min
        for layer in self.layers:
            found = layer(hidden, attention_mask=blocked)
            hidden = found[0] if isinstance(found, tuple) else found
        return hidden


class Vectors(NamedTuple):
    """What the heads read: of the encoder, and of the branch, if any.

    Args:
        texts: shape (rows, width).
        tokens: shape (rows, tokens, width).
        branch_texts: shape (rows, width).
        branch_tokens: shape (rows, tokens, width).
    """

    texts: Tensor
    tokens: Tensor
    branch_texts: Tensor | None = None
    branch_tokens: Tensor | None = None
