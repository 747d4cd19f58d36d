"""A branch of the network: copies of the encoder's last layers that only some heads read, so that the other heads stay as they were."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from squall.core.errors import ConfigurationError


@dataclass(frozen=True)
class BranchConfig:
    """Which heads read a branch, and how deep it is.

    Args:
        layers: how many of the encoder's last layers it has copies of.
        tasks: names of the heads that read it alone.
        both: names of the heads that read the vectors of the encoder and of the branch beside each other; all others read the encoder.

    Raises:
        ConfigurationError: no layers, or a head in both sets.
    """

    layers: int
    tasks: frozenset[str]
    both: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise ConfigurationError(f"a branch of {self.layers} layers", "give it one or more")
        if twice := sorted(self.tasks & self.both):
            raise ConfigurationError(f"{', '.join(twice)} reads the branch alone, and the encoder too", "leave it in one of the two")

    def read_by(self, task: str, of_encoder: Tensor, of_branch: Tensor) -> Tensor:
        """Return what the head of `task` reads, of two tensors of vectors of equal shape (…, width): (…, width) or (…, 2 × width)."""
        if task in self.both:
            return torch.cat([of_encoder, of_branch], -1)
        return of_branch if task in self.tasks else of_encoder

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint's configuration says of it."""
        return {"layers": self.layers, "tasks": sorted(self.tasks), "both": sorted(self.both)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any] | None) -> BranchConfig | None:
        """Return what `body` says; None for None. Raises KeyError, TypeError, ValueError or ConfigurationError for another form."""
        if body is None:
            return None
        return cls(int(body["layers"]), frozenset(map(str, body["tasks"])), frozenset(map(str, body.get("both", ()))))


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
