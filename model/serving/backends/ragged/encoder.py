"""A BERT encoder over texts laid end to end: no padding, so nothing unused is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from squall.model.checkpoint import Checkpoint, NetworkConfig
from squall.model.serving.backends.ragged.linear import Linear

Observe = Callable[[Tensor], None]
_SHORT = 20
"""Up to this length softmax is faster over the other axis: torch's kernel for the last one wants more than a register full."""


class Group(NamedTuple):
    """Neighbouring rows of one length: tokens `start` to `stop` of the laid out batch."""

    start: int
    stop: int
    length: int


@dataclass(frozen=True)
class Layout:
    """Rows laid end to end.

    Args:
        ids: (tokens,) int64; a few spare tokens at the end that belong to no row.
        positions: (tokens,) int64, from 0 in each row.
        groups: runs of rows of equal length.
    """

    ids: Tensor
    positions: Tensor
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Layout:
        """Lay `rows` end to end.

        oneDNN generates a kernel for each number of tokens it meets (milliseconds), and keeps about a thousand of them: so the
        number is rounded up to one of 32 sizes per power of two, at most 3% more work (or a multiple of 8 where that is coarser).
        """
        groups, start = [], 0
        for length, run in groupby(map(len, rows)):
            stop = start + length * sum(1 for _ in run)
            groups.append(Group(start, stop, length))
            start = stop
        ids = np.zeros(computed_tokens(start), dtype=np.int64)
        ids[:start] = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=start)
        positions = np.zeros(len(ids), dtype=np.int64)
        for group in groups:
            positions[group.start : group.stop].reshape(-1, group.length)[:] = np.arange(group.length)
        return cls(torch.from_numpy(ids), torch.from_numpy(positions), tuple(groups))

    @property
    def real(self) -> int:
        """Tokens that belong to a row."""
        return self.groups[-1].stop


def computed_tokens(tokens: int) -> int:
    """Return how many tokens a pass over `tokens` real ones computes."""
    step = max(8, 1 << max(0, (tokens - 1).bit_length() - 6))
    return -(-tokens // step) * step


class Weights(NamedTuple):
    """A linear layer's fp32 weight (outputs, inputs) and bias (outputs,)."""

    weight: Tensor
    bias: Tensor


class LayerWeights(NamedTuple):
    """The linear layers of one encoder layer; query, key and value are one, the query already divided by the root of its width."""

    attend: Weights
    mix: Weights
    widen: Weights
    narrow: Weights


class LayerLinears(NamedTuple):
    """The same, ready to run."""

    attend: Linear
    mix: Linear
    widen: Linear
    narrow: Linear


def layers_of(checkpoint: Checkpoint) -> list[str]:
    """Return how the names of each layer's weights begin: of the encoder's layers, then of the branch's, if any."""
    branch = checkpoint.config.branch
    return [
        *(f"encoder.encoder.layer.{number}" for number in range(depth_of(checkpoint.config))),
        *(f"branch.layers.{number}" for number in range(branch.layers if branch else 0)),
    ]


def depth_of(config: NetworkConfig) -> int:
    """Return how many layers the encoder has."""
    return int(config.encoder.get("num_hidden_layers", 12))  # like the defaults below, BERT's own


def heads_of_attention(config: NetworkConfig) -> int:
    """Return into how many parts attention splits a vector."""
    return int(config.encoder.get("num_attention_heads", 12))


def layer_weights(checkpoint: Checkpoint) -> Iterator[LayerWeights]:
    """Read the linear layers of `layers_of`, one after another."""
    for layer in layers_of(checkpoint):
        query, key, value = (weights_of(checkpoint, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        root = math.sqrt(len(query.bias) // heads_of_attention(checkpoint.config))
        attend = Weights(torch.cat([query.weight / root, key.weight, value.weight]), torch.cat([query.bias / root, key.bias, value.bias]))
        rest = ("attention.output.dense", "intermediate.dense", "output.dense")
        yield LayerWeights(attend, *(weights_of(checkpoint, f"{layer}.{part}") for part in rest))


def weights_of(checkpoint: Checkpoint, name: str) -> Weights:
    """Return weight and bias of the module `name` of a network."""
    return Weights(_float(checkpoint.state[f"{name}.weight"]), _float(checkpoint.state[f"{name}.bias"]))


def _float(stored: Tensor) -> Tensor:
    """Return an fp32 tensor of its own: the file behind a stored one may be replaced."""
    return stored.detach().to(torch.float32, copy=True)


class Hidden(NamedTuple):
    """The last hidden states, fp32 of shape (tokens, width): of the encoder, and of the branch, if any."""

    encoder: Tensor
    branch: Tensor | None


@dataclass(frozen=True)
class WordVectors:
    """What a token id means, before positions.

    Args:
        words: shape (ids, width), fp32 or as they are stored.
        cases: of each `squall.model.case.Case`, fp32, shape (cases, width); None where ids carry no case.
        in_branch: whether the case is added where the branch begins, instead of to the words.
    """

    words: Tensor
    cases: Tensor | None = None
    in_branch: bool = False

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> WordVectors:
        """Take them from a network around a `BertModel`."""
        words = checkpoint.state["encoder.embeddings.word_embeddings.weight"].detach().clone()
        cases = _float(checkpoint.state["case.weight"]) if checkpoint.config.case else None
        return cls(words, cases, checkpoint.config.branch is not None)

    def __call__(self, ids: Tensor) -> Tensor:
        """Return new fp32 vectors, shape (tokens, width), of ids, shape (tokens,)."""
        if self.cases is None:
            return self.words[ids].float()
        found = self.words[ids % len(self.words)].float()
        return found if self.in_branch else found.add_(self.cases[ids // len(self.words)])

    def at_branch(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """Return a new tensor: what the branch begins with, of the hidden state there, both of shape (tokens, width)."""
        return hidden.clone() if self.cases is None else hidden + self.cases[ids // len(self.words)]


class RaggedEncoder:
    """A `MultiTaskNetwork`'s encoder, and its branch, over a `Layout`; embeddings, attention, norms and residuals are fp32.

    Args:
        checkpoint: of a network around a `BertModel` with absolute positions and GELU.
        embeddings: the vectors of its words.
        linears: the linear layers, one set per layer of `layers_of`.
    """

    def __init__(self, checkpoint: Checkpoint, embeddings: WordVectors, linears: Sequence[LayerLinears]) -> None:
        config, state = checkpoint.config, checkpoint.state
        self._heads = heads_of_attention(config)
        self._width = embeddings.words.shape[1]
        self._epsilon = float(config.encoder.get("layer_norm_eps", 1e-12))
        self._embeddings = embeddings
        places, kinds = (_float(state[f"encoder.embeddings.{name}_embeddings.weight"]) for name in ("position", "token_type"))
        self._places = places.add_(kinds[0])
        self._first = weights_of(checkpoint, "encoder.embeddings.LayerNorm")
        norms = [
            (weights_of(checkpoint, f"{layer}.attention.output.LayerNorm"), weights_of(checkpoint, f"{layer}.output.LayerNorm"))
            for layer in layers_of(checkpoint)
        ]
        layers = list(zip(linears, norms, strict=True))
        depth = depth_of(config)
        self._layers, self._own = layers[:depth], layers[depth:]

    def hidden(self, layout: Layout, observe: Observe | None = None) -> Hidden:
        """Return the last hidden states.

        Args:
            layout: the rows.
            observe: receives the input of every linear layer, in order, four per layer; the tensors are reused afterwards.
        """
        record_input = observe or _nothing
        found = self._normed(self._embeddings(layout.ids).add_(self._places[layout.positions]), self._first)
        begin = len(self._layers) - len(self._own)
        for layer in self._layers[:begin]:
            found = self._after(found, *layer, layout, record_input)
        own = self._embeddings.at_branch(found, layout.ids) if self._own else None
        for layer in self._layers[begin:]:
            found = self._after(found, *layer, layout, record_input)
        for layer in self._own:
            assert own is not None
            own = self._after(own, *layer, layout, record_input)
        return Hidden(found, own)

    def _after(self, found: Tensor, linears: LayerLinears, norms: tuple[Weights, Weights], layout: Layout, record_input: Observe) -> Tensor:
        """Return the output of a layer, shape (tokens, width), in the memory of its input."""
        after_attention, after_narrow = norms
        record_input(found)
        context = self._attention(linears.attend(linears.attend.take(found)), layout)
        record_input(context)
        found = self._normed(linears.mix.plus(linears.mix.take(context), found), after_attention)
        record_input(found)
        inner = linears.widen.gelu(linears.widen.take(found))
        record_input(inner)
        return self._normed(linears.narrow.plus(inner, found), after_narrow)

    def _normed(self, vectors: Tensor, norm: Weights) -> Tensor:
        return layer_norm(vectors, (self._width,), norm.weight, norm.bias, self._epsilon)

    def _attention(self, attend: Tensor, layout: Layout) -> Tensor:
        """Return the mixed values, (tokens, width), from queries, keys and values beside each other, (tokens, 3 × width)."""
        mixed = torch.empty(len(attend), self._width)
        mixed[layout.real :] = 0
        size = self._width // self._heads
        for start, stop, length in layout.groups:
            rows = (stop - start) // length
            parts = attend[start:stop].view(rows, length, 3, self._heads, size).permute(2, 0, 3, 1, 4).contiguous()
            query, key, value = parts.view(3, rows * self._heads, length, size)
            if length <= _SHORT:
                shares = torch.bmm(key, query.transpose(1, 2)).softmax(1).transpose(1, 2)
            else:
                shares = torch.bmm(query, key.transpose(1, 2)).softmax(2)
            found = torch.bmm(shares, value).view(rows, self._heads, length, size)
            mixed[start:stop].view(rows, length, self._heads, size).copy_(found.transpose(1, 2))
        return mixed


def _nothing(_: Tensor) -> None:
    return None
